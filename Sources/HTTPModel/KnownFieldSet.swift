/// A set of known fields, to ask of a section with two bit operations whether any of them is there.
package struct KnownFieldSet: Hashable, Sendable {
  package private(set) var low: UInt64 = 0
  package private(set) var high: UInt64 = 0

  package init(_ fields: [KnownField]) {
    for field in fields {
      if field.rawValue < 64 {
        low |= 1 << UInt64(field.rawValue)
      } else {
        high |= 1 << UInt64(field.rawValue - 64)
      }
    }
  }

  package func contains(_ field: KnownField) -> Bool {
    field.rawValue < 64
      ? low >> UInt64(field.rawValue) & 1 == 1
      : high >> UInt64(field.rawValue - 64) & 1 == 1
  }
}

extension FieldSection {
  /// Whether at least one line has one of these names.
  package func containsAny(of set: KnownFieldSet) -> Bool {
    presence.low & set.low != 0 || presence.high & set.high != 0
  }
}

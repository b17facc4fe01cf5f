internal import Primitives

/// A value fit for a log, nothing secret: directives, ages, names of hops.
package enum PublicValue: Hashable, Sendable {
  /// At most 256 bytes are kept; made by `published`.
  case shown([UInt8])
  case number(Int64)

  static let maximumShownBytes = 256

  /// A public value of a field.
  package static func published(_ value: some Collection<UInt8>) -> PublicValue {
    .shown(Array(value.prefix(maximumShownBytes)))
  }

  package static func published(_ value: StaticString) -> PublicValue {
    .shown([UInt8](ascii: value))
  }

  /// Appends the JSON of the value: a string or a number.
  func append(to line: inout [UInt8]) {
    switch self {
    case .shown(let bytes): line.append(jsonString: bytes)
    case .number(let number):
      if number < 0 { line.append(0x2D) }
      line.append(decimal: number.magnitude)
    }
  }
}

internal import Primitives

/// What kind of value is hidden; values of different kinds get different labels.
package enum RedactionKind: UInt8, Hashable, Sendable, CaseIterable {
  case consumer, credential, subject, token, other
}

/// How values are shown in findings. Secrets never are.
///
/// The label comes from outside, since a keyed digest is no business of the pure floors; it is
/// asked for only when a finding is made.
package struct Redaction: Sendable {
  /// Whether user names are shown as they are, rather than as a label.
  package let showsSubjects: Bool
  private let label: @Sendable (RedactionKind, [UInt8]) -> [UInt8]

  /// `label` gives short printable text, the same for the same kind and value.
  package init(
    showsSubjects: Bool = false, label: @escaping @Sendable (RedactionKind, [UInt8]) -> [UInt8]
  ) {
    self.showsSubjects = showsSubjects
    self.label = label
  }

  /// A secret: its length and its label.
  package func secret(_ value: some Collection<UInt8>, as kind: RedactionKind) -> RedactedValue {
    let bytes = Array(value)
    return .hidden(length: bytes.count, label: label(kind, bytes))
  }

  /// A user name: shown or hidden, as the operator chose.
  package func subject(_ value: some Collection<UInt8>) -> RedactedValue {
    showsSubjects ? .shown(RedactedValue.shortened(value)) : secret(value, as: .subject)
  }
}

/// A value fit for a log. Made of a public value, or by a `Redaction`.
package enum RedactedValue: Hashable, Sendable {
  /// Nothing secret: directives, ages, names of hops. At most 256 bytes are kept.
  case shown([UInt8])
  case number(Int64)
  case hidden(length: Int, label: [UInt8])

  static let maximumShownBytes = 256

  /// A public value of a field.
  package static func published(_ value: some Collection<UInt8>) -> RedactedValue {
    .shown(shortened(value))
  }

  package static func published(_ value: StaticString) -> RedactedValue {
    .shown([UInt8](ascii: value))
  }

  fileprivate static func shortened(_ value: some Collection<UInt8>) -> [UInt8] {
    Array(value.prefix(maximumShownBytes))
  }

  /// Appends the JSON of the value: a string, a number, or `{"length":…,"label":…}`.
  func append(to line: inout [UInt8]) {
    switch self {
    case .shown(let bytes): line.append(jsonString: bytes)
    case .number(let number):
      if number < 0 { line.append(0x2D) }
      line.append(decimal: number.magnitude)
    case .hidden(let length, let label):
      line.append(ascii: "{\"length\":")
      line.append(decimal: UInt64(max(length, 0)))
      line.append(ascii: ",\"label\":")
      line.append(jsonString: label)
      line.append(ascii: "}")
    }
  }
}

/// Turns what a finding must not show into a label that is the same for the same value.
///
/// A label lets a reader see that two findings speak of one consumer or one credential, and nothing
/// else: it is a keyed digest, so that a guessed password cannot be tried against it without the
/// key. The key is random and lives as long as the process, unless the operator gives one so that
/// labels agree between processes and restarts.
package struct RedactionKey: Sendable {
  /// What kind of value is hidden. Values of different kinds have different labels even when equal.
  package enum Kind: UInt8, Sendable {
    case consumer = 1
    case credential = 2
    case subject = 3
    case token = 4
    case other = 5
  }

  /// Hexadecimal digits in a label: 64 bits, enough to tell values apart in a log.
  package static let labelLength = 16

  private static let version: UInt8 = 1

  private let key: HMACSHA256Key

  /// A random key.
  package init() throws(CryptographyError) { key = try HMACSHA256Key() }

  /// The operator's key, of at least 32 random bytes.
  package init(secret: [UInt8]) throws(CryptographyError) { key = try HMACSHA256Key(secret) }

  /// The label of `value`: 16 lower-case hexadecimal digits.
  package func label(_ kind: Kind, of value: [UInt8]) throws(CryptographyError) -> [UInt8] {
    // The kind has a fixed length and the value comes last, so no two inputs read alike.
    try key.code(of: [Self.version, kind.rawValue], value)
      .hexadecimal(prefix: Self.labelLength / 2)
  }
}

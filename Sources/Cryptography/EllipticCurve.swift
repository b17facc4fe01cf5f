internal import Primitives

/// The curves of ECDSA keys (FIPS 186-5, SP 800-186 §3.2.1).
package enum EllipticCurve: UInt8, Hashable, Sendable, CaseIterable {
  case p256, p384

  /// Bytes in a coordinate, and in each half of a signature.
  package var fieldBytes: Int {
    switch self {
    case .p256: 32
    case .p384: 48
    }
  }

  /// The value of `crv` in a JWK (RFC 7518 §6.2.1.1).
  package var joseName: StaticString {
    switch self {
    case .p256: "P-256"
    case .p384: "P-384"
    }
  }

  /// The curve with this value of `crv`.
  package init?(joseName name: some Collection<UInt8>) {
    let bytes = Array(name)
    guard let found = Self.allCases.first(where: { bytes.equals($0.joseName) }) else { return nil }
    self = found
  }

  package var algorithm: SignatureAlgorithm {
    switch self {
    case .p256: .ecdsaP256SHA256
    case .p384: .ecdsaP384SHA384
    }
  }

  /// OpenSSL's name of the group.
  var libraryName: String {
    switch self {
    case .p256: "prime256v1"
    case .p384: "secp384r1"
    }
  }

  /// The order of the group, big-endian.
  var order: [UInt8] {
    switch self {
    case .p256: Self.orderP256
    case .p384: Self.orderP384
    }
  }

  private static let orderP256: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
  ]

  private static let orderP384: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF,
    0x58, 0x1A, 0x0D, 0xB2, 0x48, 0xB0, 0xA7, 0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73,
  ]

  /// Whether the big-endian number is one of 1 to n - 1, n being the order. For public numbers: the
  /// time depends on them.
  func holdsScalar(_ number: Span<UInt8>) -> Bool {
    guard number.count == fieldBytes else { return false }
    var isZero = true
    for index in number.indices where number[index] != 0 { isZero = false }
    if isZero { return false }
    let order = order
    for index in number.indices where number[index] != order[index] {
      return number[index] < order[index]
    }
    return false
  }
}

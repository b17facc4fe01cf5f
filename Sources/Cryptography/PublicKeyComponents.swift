internal import COpenSSL
internal import Primitives

/// The public numbers of a key, as a JWK has them: big-endian, each in its only spelling.
package enum PublicKeyComponents: Hashable, Sendable {
  /// Modulus and exponent, without leading zero bytes (RFC 7518 §6.3.1).
  case rsa(modulus: [UInt8], exponent: [UInt8])
  /// A point, each coordinate as long as the curve's field (RFC 7518 §6.2.1).
  case elliptic(EllipticCurve, x: [UInt8], y: [UInt8])
  /// 32 bytes (RFC 8037 §2).
  case ed25519([UInt8])

  /// Bits of an RSA modulus; of the field, for a curve.
  package var bits: Int {
    switch self {
    case .rsa(let modulus, _):
      modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
    case .elliptic(let curve, _, _): curve.fieldBytes * 8
    case .ed25519: 256
    }
  }

  var signatureBytes: Int {
    switch self {
    case .rsa(let modulus, _): modulus.count
    case .elliptic(let curve, _, _): curve.fieldBytes * 2
    case .ed25519: 64
    }
  }

  /// What the key signs with: what is wanted, where that is possible; else the one thing it can.
  func algorithm(wanted: SignatureAlgorithm?) throws(KeyError) -> SignatureAlgorithm {
    let only: SignatureAlgorithm
    switch self {
    case .rsa:
      guard let wanted else { throw KeyError(.algorithmNeeded) }
      guard wanted.isRSA else { throw KeyError(.wrongAlgorithm) }
      return wanted
    case .elliptic(let curve, _, _): only = curve.algorithm
    case .ed25519: only = .ed25519
    }
    guard wanted == nil || wanted == only else { throw KeyError(.wrongAlgorithm) }
    return only
  }

  // MARK: Checking

  /// - Throws: what is wrong with the numbers by themselves.
  package func check() throws(KeyError) {
    switch self {
    case .rsa(let modulus, let exponent):
      try Self.check(modulus: modulus)
      try Self.check(exponent: exponent)
    case .elliptic(let curve, let x, let y):
      guard x.count == curve.fieldBytes, y.count == curve.fieldBytes else {
        throw KeyError(.wrongLength)
      }
    case .ed25519(let point):
      guard point.count == 32 else { throw KeyError(.wrongLength) }
      guard !EdwardsPoint.isWeak(point) else { throw KeyError(.weakPoint) }
    }
  }

  private static func check(modulus: [UInt8]) throws(KeyError) {
    guard let first = modulus.first, let last = modulus.last, first != 0, last & 1 == 1 else {
      throw KeyError(.badModulus)
    }
    let bits = modulus.count * 8 - first.leadingZeroBitCount
    guard bits >= KeyLimits.minimumModulusBits else { throw KeyError(.shortModulus) }
    guard bits <= KeyLimits.maximumModulusBits else { throw KeyError(.longModulus) }
  }

  private static func check(exponent: [UInt8]) throws(KeyError) {
    guard let first = exponent.first, let last = exponent.last, first != 0, last & 1 == 1,
      exponent.count <= KeyLimits.maximumExponentBytes, exponent != [1]
    else { throw KeyError(.badExponent) }
  }

  // MARK: OpenSSL's keys

  /// Reads and checks the public numbers of a key.
  init(of key: OpaquePointer) throws(KeyError) {
    OpenSSLErrors.clear()
    if unsafe EVP_PKEY_is_a(key, "ED25519") == 1 {
      self = .ed25519(try unsafe Self.rawPoint(of: key))
    } else if unsafe EVP_PKEY_is_a(key, "EC") == 1 {
      self = try unsafe Self.elliptic(key)
    } else if unsafe EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1 {
      self = .rsa(
        modulus: try unsafe Self.number(OSSL_PKEY_PARAM_RSA_N, of: key),
        exponent: try unsafe Self.number(OSSL_PKEY_PARAM_RSA_E, of: key))
    } else {
      throw KeyError(.unsupportedType)
    }
    try check()
  }

  private static func rawPoint(of key: OpaquePointer) throws(KeyError) -> [UInt8] {
    var point = [UInt8](repeating: 0, count: 32)
    var count = point.count
    let isRead = unsafe point.withUnsafeMutableBufferPointer { buffer in
      unsafe EVP_PKEY_get_raw_public_key(key, buffer.baseAddress, &count) == 1
    }
    guard isRead, count == 32 else { throw KeyError(.library, cause: .take()) }
    return point
  }

  private static func elliptic(_ key: OpaquePointer) throws(KeyError) -> PublicKeyComponents {
    var isExplicit: Int32 = 0
    let isKnown = unsafe EVP_PKEY_get_int_param(
      key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &isExplicit)
    guard isKnown == 1, isExplicit == 0 else { throw KeyError(.explicitCurve) }
    var name = [CChar](repeating: 0, count: 64)
    var count = 0
    let isNamed = unsafe name.withUnsafeMutableBufferPointer { buffer in
      unsafe EVP_PKEY_get_group_name(key, buffer.baseAddress, buffer.count, &count) == 1
    }
    guard isNamed, count > 0, count < name.count else { throw KeyError(.unsupportedCurve) }
    let group = name.prefix(count).map { UInt8(bitPattern: $0) }
    guard let curve = EllipticCurve.allCases.first(where: { Array($0.libraryName.utf8) == group })
    else { throw KeyError(.unsupportedCurve) }
    guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else {
      throw KeyError(.library, cause: .take())
    }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    guard unsafe EVP_PKEY_public_check(context) == 1 else {
      throw KeyError(.notOnCurve, cause: .take())
    }
    let x = try unsafe number(OSSL_PKEY_PARAM_EC_PUB_X, of: key)
    let y = try unsafe number(OSSL_PKEY_PARAM_EC_PUB_Y, of: key)
    return .elliptic(
      curve, x: x.padded(to: curve.fieldBytes), y: y.padded(to: curve.fieldBytes))
  }

  private static func number(
    _ name: String, of key: OpaquePointer
  ) throws(KeyError) -> [UInt8] {
    var number: OpaquePointer?
    guard unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1, let number = unsafe number else {
      throw KeyError(.library, cause: .take())
    }
    defer { unsafe BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: Int(unsafe BN_num_bits(number) + 7) / 8)
    unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      _ = unsafe BN_bn2bin(number, buffer.baseAddress)
    }
    return bytes
  }
}

extension [UInt8] {
  /// The big-endian number with zero bytes before it.
  fileprivate func padded(to count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: Swift.max(count - self.count, 0)) + self
  }
}

/// Points of edwards25519 by their encoding (RFC 8032 §5.1.2).
enum EdwardsPoint {
  /// The y coordinates of the eight points whose order divides 8, least byte first. Under such a
  /// key one signature holds for many messages.
  private static let smallOrder: [[UInt8]] = [
    [UInt8](repeating: 0, count: 32),
    [1] + [UInt8](repeating: 0, count: 31),
    [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
    [
      0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98,
      0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53,
      0xFC, 0x05,
    ],
    [
      0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67,
      0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC,
      0x03, 0x7A,
    ],
  ]

  /// Whether the point has a small order, or its y is not reduced modulo 2^255 - 19.
  static func isWeak(_ encoding: [UInt8]) -> Bool {
    guard encoding.count == 32 else { return true }
    var y = encoding
    y[31] &= 0x7F
    let isReduced = !(y[31] == 0x7F && y[1...30].allSatisfy { $0 == 0xFF } && y[0] >= 0xED)
    return !isReduced || smallOrder.contains(y)
  }
}

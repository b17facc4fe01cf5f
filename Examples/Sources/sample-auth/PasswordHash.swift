internal import COpenSSL
internal import Foundation

/// A password as it is kept: scrypt (RFC 7914) with the cost and the salt beside the result.
///
/// Written as `$scrypt$ln=15,r=8,p=3$salt$key`, both parts base64, so that the cost can be raised
/// later without asking anybody for a new password.
struct PasswordHash: Equatable {
  private let logarithmicCost: Int
  private let blockSize: Int
  private let parallelism: Int
  private let salt: [UInt8]
  private let key: [UInt8]

  /// What a hash is to cost whoever computes it.
  struct Cost {
    let logarithmicCost: Int
    let parallelism: Int

    /// Today's: 32 MiB, three passes.
    static let customary = Cost(logarithmicCost: 15, parallelism: 3)
    /// Next to nothing, for tests that log in hundreds of times.
    static let light = Cost(logarithmicCost: 10, parallelism: 1)
  }

  /// Hashes a new password with a fresh salt.
  init(hashing password: String, cost: Cost = .customary) throws {
    logarithmicCost = cost.logarithmicCost
    blockSize = 8
    parallelism = cost.parallelism
    salt = try Randomness.bytes(16)
    key = try Self.scrypt(
      password, salt: salt, cost: 1 << logarithmicCost, blockSize: blockSize,
      parallelism: parallelism)
  }

  /// Reads what `text` wrote; nil when it is something else.
  init?(text: String) {
    let parts = text.split(separator: "$")
    guard parts.count == 4, parts[0] == "scrypt",
      let salt = Data(base64Encoded: String(parts[2])),
      let key = Data(base64Encoded: String(parts[3])), !key.isEmpty
    else { return nil }
    var numbers: [Substring: Int] = [:]
    for pair in parts[1].split(separator: ",") {
      let halves = pair.split(separator: "=")
      guard halves.count == 2, let number = Int(halves[1]) else { return nil }
      numbers[halves[0]] = number
    }
    guard let cost = numbers["ln"], (10...20).contains(cost),
      let blockSize = numbers["r"], (1...16).contains(blockSize),
      let parallelism = numbers["p"], (1...16).contains(parallelism)
    else { return nil }
    logarithmicCost = cost
    self.blockSize = blockSize
    self.parallelism = parallelism
    self.salt = Array(salt)
    self.key = Array(key)
  }

  var text: String {
    let salt = Data(salt).base64EncodedString()
    let key = Data(key).base64EncodedString()
    return "$scrypt$ln=\(logarithmicCost),r=\(blockSize),p=\(parallelism)$\(salt)$\(key)"
  }

  /// Whether this is the hash of `password`; takes the same time whichever byte differs.
  func matches(_ password: String) throws -> Bool {
    let candidate = try Self.scrypt(
      password, salt: salt, cost: 1 << logarithmicCost, blockSize: blockSize,
      parallelism: parallelism)
    return candidate.count == key.count && CRYPTO_memcmp(candidate, key, key.count) == 0
  }

  private static func scrypt(
    _ password: String, salt: [UInt8], cost: Int, blockSize: Int, parallelism: Int
  ) throws -> [UInt8] {
    var password = password
    var key = [UInt8](repeating: 0, count: 32)
    let memory = UInt64(128 * cost * blockSize + 128 * blockSize * parallelism + (1 << 20))
    let succeeded = password.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        EVP_PBE_scrypt(
          characters.baseAddress, characters.count, salt, salt.count, UInt64(cost),
          UInt64(blockSize), UInt64(parallelism), memory, &key, key.count)
      }
    }
    guard succeeded == 1 else { throw OpenSSLFailure(operation: "scrypt") }
    return key
  }
}

/// Random bytes from OpenSSL's generator.
enum Randomness {
  static func bytes(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, Int32(count)) == 1 else {
      throw OpenSSLFailure(operation: "RAND_bytes")
    }
    return bytes
  }
}

/// An OpenSSL call that did not succeed.
struct OpenSSLFailure: Error, CustomStringConvertible {
  let operation: String
  var description: String { "OpenSSL failed in \(operation)" }
}

package import HTTPModel
internal import Platform
internal import Primitives
package import Proxy

/// The word that whoever uses the admin listener over TCP must know (RFC 6750 §2.1).
package struct BearerToken: Sendable {
  /// The shortest token that is taken, in bytes: 96 bits in Base64.
  package static let minimumBytes = 16
  /// The longest, in bytes.
  package static let maximumBytes = 1024

  private let secret: [UInt8]

  /// What a request shows.
  package enum Showing: Equatable, Sendable {
    case right
    case nothing
    case wrong
  }

  /// Reads the token from a file; white space around it is no part of it.
  ///
  /// - Throws: when the file cannot be read, when others may read or write it, or when what it
  ///   holds is no token. The sentence never quotes it.
  package init(file path: String) throws(StartError) {
    let file: SecretFile
    do throws(SystemError) {
      file = try SecretFile(path: path, limit: Self.maximumBytes + 64)
    } catch {
      throw StartError(
        .configuration, "the token file \(path) of the admin listener cannot be read: \(error)")
    }
    guard !file.isOpenToOthers else {
      throw StartError(
        .configuration,
        "the token file \(path) of the admin listener is open to every user of this machine: "
          + "chmod 600 it, and write a new token")
    }
    secret = Self.trimmed(file.bytes)
    guard !secret.isEmpty else {
      throw StartError(
        .configuration, "the token file \(path) of the admin listener is empty")
    }
    guard secret.count >= Self.minimumBytes, secret.count <= Self.maximumBytes,
      Self.isToken(secret)
    else {
      throw StartError(
        .configuration,
        "the token file \(path) of the admin listener must hold one token of \(Self.minimumBytes) "
          + "to \(Self.maximumBytes) letters, digits and -._~+/ (RFC 6750 §2.1)")
    }
  }

  /// Whether a request shows this token, and no other. The time it takes does not tell how much of
  /// a wrong one was right.
  package func showing(in fields: FieldSection) -> Showing {
    guard fields.contains(.authorization) else { return .nothing }
    guard let value = fields.only(.authorization) else { return .wrong }
    guard let space = value.firstIndex(of: ASCII.space),
      value[..<space].equalsIgnoringASCIICase("bearer")
    else { return .wrong }
    let shown = value[space...].trimmingOptionalWhitespace()
    return equalsInConstantTime(shown, secret) ? .right : .wrong
  }

  private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    func isSpace(_ byte: UInt8) -> Bool { byte == ASCII.space || (0x09...0x0D).contains(byte) }
    var rest = bytes.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return Array(rest)
  }

  /// RFC 6750 §2.1: `b64token`.
  private static func isToken(_ bytes: [UInt8]) -> Bool {
    let end = bytes.lastIndex { $0 != ASCII.equals } ?? -1
    return end >= 0
      && bytes[...end].allSatisfy {
        ASCII.isAlpha($0) || ASCII.isDigit($0) || [UInt8](ascii: "-._~+/").contains($0)
      }
  }
}

internal import COpenSSL
internal import Primitives

/// The one key in a text of PEM blocks (RFC 7468).
///
/// Exactly one block of a key, or the first certificate's where there is none: which of several is
/// meant must not be guessed.
enum PEMKey {
  private enum Kind {
    case privateKey, publicKey, certificate
  }

  private struct Block {
    let kind: Kind
    let range: Range<Int>
  }

  private static let begin = Array("-----BEGIN ".utf8)
  private static let end = Array("-----END ".utf8)
  private static let dashes = Array("-----".utf8)

  /// Reads the key; the caller owns what comes back.
  static func read(_ text: [UInt8]) throws(KeyError) -> OpaquePointer {
    let block = try keyBlock(in: text)
    OpenSSLErrors.clear()
    var askedForPassword = false
    let key: OpaquePointer? = unsafe text.withUnsafeBytes { text in
      // Reads in place: no copy of a private key is made.
      guard let count = Int32(exactly: block.range.count),
        let start = unsafe text.baseAddress?.advanced(by: block.range.lowerBound),
        let bio = unsafe BIO_new_mem_buf(start, count)
      else { return nil }
      defer { unsafe BIO_free_all(bio) }
      switch block.kind {
      case .privateKey:
        return unsafe withUnsafeMutablePointer(to: &askedForPassword) { asked in
          unsafe PEM_read_bio_PrivateKey(
            bio, nil,
            { _, _, _, asked in
              unsafe asked?.assumingMemoryBound(to: Bool.self).pointee = true
              return -1
            }, asked)
        }
      case .publicKey: return unsafe PEM_read_bio_PUBKEY(bio, nil, nil, nil)
      case .certificate:
        guard let certificate = unsafe PEM_read_bio_X509(bio, nil, nil, nil) else { return nil }
        defer { unsafe X509_free(certificate) }
        return unsafe X509_get_pubkey(certificate)
      }
    }
    if let key = unsafe key { return unsafe key }
    let cause = OpenSSLErrors.take()
    throw askedForPassword ? KeyError(.encrypted) : KeyError(.malformed, cause: cause)
  }

  /// Whether the text holds a private key.
  static func isPrivate(_ text: [UInt8]) -> Bool {
    guard let block = try? keyBlock(in: text) else { return false }
    return block.kind == .privateKey
  }

  private static func keyBlock(in text: [UInt8]) throws(KeyError) -> Block {
    guard text.count <= KeyLimits.maximumPEMBytes else { throw KeyError(.tooLarge) }
    let blocks = blocks(in: text)
    let keys = blocks.filter { $0.kind != .certificate }
    guard keys.count <= 1 else { throw KeyError(.severalKeys) }
    guard let found = keys.first ?? blocks.first else { throw KeyError(.noKey) }
    return found
  }

  /// The blocks whose label we know, each from its first line to the next block's or the end.
  private static func blocks(in text: [UInt8]) -> [Block] {
    var found: [Block] = []
    var kind: Kind?
    var start = 0
    var position = 0
    while position < text.count {
      let line = text[position...].prefix { $0 != ASCII.lineFeed }
      let next = min(line.endIndex + 1, text.count)
      if line.starts(with: begin) {
        start = position
        kind = kindOfBlock(label(of: line))
      } else if line.starts(with: end), let known = kind {
        found.append(Block(kind: known, range: start..<next))
        kind = nil
      }
      position = next
    }
    return found
  }

  private static func label(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var label = line.dropFirst(begin.count)
    while let last = label.last, last <= ASCII.space { label.removeLast() }
    return label.reversed().starts(with: dashes) ? label.dropLast(dashes.count) : label
  }

  private static func kindOfBlock(_ label: ArraySlice<UInt8>) -> Kind? {
    if label.equals("CERTIFICATE") { return .certificate }
    if label.reversed().starts(with: Array("PUBLIC KEY".utf8).reversed()) { return .publicKey }
    if label.reversed().starts(with: Array("PRIVATE KEY".utf8).reversed()) { return .privateKey }
    return nil
  }
}

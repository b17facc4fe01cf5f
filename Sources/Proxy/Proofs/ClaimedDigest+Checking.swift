internal import Cryptography
internal import MessageSignatures

extension ClaimedDigest {
  /// Whether this is the digest of the content. Where OpenSSL cannot say, it is not.
  func isRight(for content: [UInt8]) -> Bool {
    let computed =
      switch algorithm {
      case .sha256: try? DigestAlgorithm.sha256.digest(of: content)
      case .sha512: try? DigestAlgorithm.sha512.digest(of: content)
      }
    return computed == bytes
  }
}

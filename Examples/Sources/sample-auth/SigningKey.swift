internal import COpenSSL
internal import Foundation

/// An Ed25519 key made at start. Its public half is given to other systems as a JWK (RFC 8037).
///
/// `@unchecked Sendable`: the key pair is never changed, and OpenSSL only reads it to sign.
final class SigningKey: @unchecked Sendable {
  /// The JWK thumbprint (RFC 7638), which names the key in the key set.
  let identifier: String
  private let publicKey: String
  private let pair: OpaquePointer

  /// Makes a new key pair.
  init() throws {
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil) else {
      throw OpenSSLFailure(operation: "EVP_PKEY_CTX_new_id")
    }
    defer { EVP_PKEY_CTX_free(context) }
    var pair: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_keygen(context, &pair) == 1, let pair else {
      throw OpenSSLFailure(operation: "EVP_PKEY_keygen")
    }
    self.pair = pair
    var bytes = [UInt8](repeating: 0, count: 32)
    var count = bytes.count
    guard EVP_PKEY_get_raw_public_key(pair, &bytes, &count) == 1 else {
      throw OpenSSLFailure(operation: "EVP_PKEY_get_raw_public_key")
    }
    publicKey = Data(bytes.prefix(count)).base64URLEncodedString
    identifier =
      Digest.sha256(
        Array(#"{"crv":"Ed25519","kty":"OKP","x":"\#(publicKey)"}"#.utf8)
      ).base64URLEncodedString
  }

  deinit { EVP_PKEY_free(pair) }

  /// The signature over these bytes, all 64 of it.
  func sign(_ bytes: [UInt8]) throws -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw OpenSSLFailure(operation: "EVP_MD_CTX_new") }
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 64)
    var count = signature.count
    guard EVP_DigestSignInit(context, nil, nil, nil, pair) == 1,
      EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1, count == 64
    else { throw OpenSSLFailure(operation: "EVP_DigestSign") }
    return signature
  }

  /// The key set document (RFC 7517 §5) that holds this one key.
  var keySet: String {
    #"{"keys":[{"alg":"EdDSA","crv":"Ed25519","kid":"\#(identifier)","kty":"OKP","use":"sig","#
      + #""x":"\#(publicKey)"}]}"#
  }
}

enum Digest {
  static func sha256(_ bytes: [UInt8]) -> Data {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256(bytes, bytes.count, &digest)
    return Data(digest)
  }
}

extension Data {
  /// Base64 with the URL-safe alphabet and no padding (RFC 4648 §5).
  var base64URLEncodedString: String {
    base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
}

internal import Configuration
internal import Cryptography
internal import JOSE
internal import Platform
internal import Primitives

/// Why keys cannot be loaded: the file, and a sentence without a full stop.
struct KeyProblem: Error, Equatable {
  let path: String
  let message: String
}

/// Reads keys from files. May block: not for a loop.
enum KeyLoading {
  /// The keys of a set that stands in files; nil for one that is fetched.
  static func keys(of settings: KeySetSettings) throws(KeyProblem) -> KeySet? {
    switch settings.source {
    case .published: return nil
    case .jwks(let path): return try set(in: path, rsa: settings.rsaAlgorithm)
    case .pem(let paths):
      var entries: [KeySet.Entry] = []
      for path in paths {
        let key = try publicKey(in: path, rsa: settings.rsaAlgorithm)
        entries.append(KeySet.Entry(identifier: try identifier(of: key, in: path), key: key))
        // The only key serves whatever a token calls it.
        if paths.count == 1 { entries.append(KeySet.Entry(identifier: nil, key: key)) }
      }
      return KeySet(entries)
    case .secret(let path):
      var secret = try bytes(of: path, limit: KeyLimits.maximumSecretBytes + 1)
      if secret.last == ASCII.lineFeed { secret.removeLast() }
      do throws(KeyError) {
        return KeySet(pinned: try VerificationKey(hmacSecret: secret))
      } catch {
        throw KeyProblem(path: path, message: "it is no secret to sign with: \(error)")
      }
    }
  }

  /// A private key to sign with.
  static func signingKey(in path: String) throws(KeyProblem) -> SigningKey {
    let text = try bytes(of: path, limit: KeyLimits.maximumPEMBytes)
    do throws(KeyError) {
      return try SigningKey(pem: text)
    } catch {
      throw KeyProblem(path: path, message: "it holds no private key to sign with: \(error)")
    }
  }

  /// The name of a key that everybody finds who has it (RFC 7638).
  static func identifier(
    of key: VerificationKey, in path: String
  ) throws(KeyProblem) -> [UInt8] {
    guard let components = key.components else {
      throw KeyProblem(path: path, message: "it holds no public key")
    }
    do throws(CryptographyError) {
      return try JWK.thumbprint(of: components)
    } catch {
      throw KeyProblem(path: path, message: "its key cannot be digested: \(error)")
    }
  }

  private static func set(
    in path: String, rsa: RSAAlgorithm
  ) throws(KeyProblem) -> KeySet {
    let text = try bytes(of: path, limit: JOSELimits.maximumKeySetBytes + 1)
    let set: JWKSet
    do throws(JWKSetRefusal) {
      set = try JWKSet(parsing: text.span, from: .pinned, rsaAlgorithm: rsa.algorithm)
    } catch {
      throw KeyProblem(path: path, message: "it is no key set (\(error.rawValue))")
    }
    guard !set.keys.isEmpty else {
      throw KeyProblem(path: path, message: "none of its keys can verify anything")
    }
    return set.keys
  }

  private static func publicKey(
    in path: String, rsa: RSAAlgorithm
  ) throws(KeyProblem) -> VerificationKey {
    let text = try bytes(of: path, limit: KeyLimits.maximumPEMBytes)
    do throws(KeyError) {
      let key = try VerificationKey(pem: text)
      guard key.algorithm == .rsaPKCS1SHA256, rsa == .ps256 else { return key }
      return try VerificationKey(pem: text, algorithm: .rsaPSSSHA256)
    } catch {
      throw KeyProblem(path: path, message: "it holds no public key to verify with: \(error)")
    }
  }

  private static func bytes(of path: String, limit: Int) throws(KeyProblem) -> [UInt8] {
    do throws(SystemError) {
      return try SecretFile(path: path, limit: limit).bytes
    } catch {
      throw KeyProblem(path: path, message: error.description)
    }
  }
}

extension RSAAlgorithm {
  var algorithm: SignatureAlgorithm {
    switch self {
    case .rs256: .rsaPKCS1SHA256
    case .ps256: .rsaPSSSHA256
    }
  }
}

package import Cryptography
internal import Primitives

/// Keys as operators keep them in files: PEM, a JWK, or a JWK Set. Told apart by their first byte.
package enum KeyText {
  /// Why a file's content is no key, as a clause that continues "the key …", without the full
  /// stop.
  package enum Refusal: Error, Equatable, Sendable {
    case pem(KeyError)
    case set(JWKSetRefusal)
    case key(JWKRefusal)
    /// A set without a single key that may be used.
    case noUsableKey

    /// The stable name.
    package var code: String {
      switch self {
      case .pem(let error): error.code.rawValue
      case .set(let refusal): refusal.rawValue
      case .key(let refusal): refusal.code
      case .noUsableKey: "jwks-no-usable-key"
      }
    }

    package var explanation: String {
      switch self {
      case .pem(let error): error.description
      case .set(let refusal): refusal.explanation
      case .key(.key(let code)): KeyError(code).description
      case .key(let refusal): "is no JWK that can be used (\(refusal.code))"
      case .noUsableKey: "is none: the set holds no key that can be used"
      }
    }
  }

  /// The keys that verify: of a set all that can be used, else the one key. A key in PEM form, or a
  /// JWK without `kid`, serves whatever a token calls it.
  ///
  /// - Parameters:
  ///   - origin: Whether a shared secret may be in it.
  ///   - rsaAlgorithm: What RSA keys sign with that do not say it.
  package static func keys(
    in text: [UInt8], from origin: JWKSet.Origin, rsaAlgorithm: SignatureAlgorithm
  ) throws(Refusal) -> JWKSet {
    guard isJSON(text) else {
      let key = try pem(text, rsaAlgorithm)
      return JWKSet(keys: KeySet(pinned: key), notes: [])
    }
    let set: JWKSet
    do throws(JWKSetRefusal) {
      set = try JWKSet(parsing: text.span, from: origin, rsaAlgorithm: rsaAlgorithm)
    } catch {
      guard error == .noKeys else { throw .set(error) }
      return try single(text, from: origin, rsaAlgorithm)
    }
    guard !set.keys.isEmpty else { throw .noUsableKey }
    return set
  }

  /// The key that signs: PEM, or a JWK with its private half.
  package static func signingKey(
    in text: [UInt8], rsaAlgorithm: SignatureAlgorithm
  ) throws(Refusal) -> SigningKey {
    if isJSON(text) {
      do throws(JWKRefusal) {
        return try JWK.signingKey(parsing: text.span)
      } catch {
        throw .key(error)
      }
    }
    do throws(KeyError) {
      return try SigningKey(pem: text)
    } catch {
      guard error.code == .algorithmNeeded else { throw .pem(error) }
    }
    do throws(KeyError) {
      return try SigningKey(pem: text, algorithm: rsaAlgorithm)
    } catch {
      throw .pem(error)
    }
  }

  private static func isJSON(_ text: [UInt8]) -> Bool { text.first { $0 > ASCII.space } == 0x7B }

  private static func pem(
    _ text: [UInt8], _ rsaAlgorithm: SignatureAlgorithm
  ) throws(Refusal) -> VerificationKey {
    do throws(KeyError) {
      return try VerificationKey(pem: text)
    } catch {
      guard error.code == .algorithmNeeded else { throw .pem(error) }
    }
    do throws(KeyError) {
      return try VerificationKey(pem: text, algorithm: rsaAlgorithm)
    } catch {
      throw .pem(error)
    }
  }

  /// One JWK, read as a set of its own.
  private static func single(
    _ text: [UInt8], from origin: JWKSet.Origin, _ rsaAlgorithm: SignatureAlgorithm
  ) throws(Refusal) -> JWKSet {
    let wrapped = [UInt8](ascii: "{\"keys\":[") + text + [UInt8](ascii: "]}")
    let set: JWKSet
    do throws(JWKSetRefusal) {
      set = try JWKSet(parsing: wrapped.span, from: origin, rsaAlgorithm: rsaAlgorithm)
    } catch {
      throw .set(error)
    }
    if let note = set.notes.first { throw .key(note.refusal) }
    return set
  }
}

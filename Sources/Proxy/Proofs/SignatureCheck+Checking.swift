internal import Cryptography
internal import JOSE
internal import MessageSignatures
internal import Primitives
internal import Verdict

extension SignatureCheck {
  /// Checks the signature with the one key that it can mean, then every digest it vouches for.
  func run(by keys: KeySet, content: [UInt8]) -> CheckedProof {
    switch key(among: keys) {
    case .none(let reason): return .failed(reason)
    case .one(let key):
      // What OpenSSL cannot check does not hold.
      guard (try? key.isValid(signature, over: base)) == true else {
        return .failed(.signatureInvalid)
      }
      guard digests.allSatisfy({ $0.isRight(for: content) }) else {
        return .failed(.responseDigestMismatch)
      }
      return .messageSignature(times)
    }
  }

  private enum KeyChoice {
    case one(VerificationKey)
    case none(RefusalReason)
  }

  /// With a `keyid`: the keys of that name, and where none has it, those without a name. Without:
  /// all of them. Of these exactly one must be able to sign messages, by the algorithm that the
  /// signature names if it names one: its words can agree with a key, and never choose how a key
  /// is used (RFC 9421 §7.3.6).
  private func key(among keys: KeySet) -> KeyChoice {
    guard !keys.isEmpty else { return .none(.keysUnavailable) }
    var candidates = keys.entries
    if let keyID {
      candidates = keys.entries.filter { $0.identifier == keyID }
      if candidates.isEmpty { candidates = keys.entries.filter { $0.identifier == nil } }
    }
    guard !candidates.isEmpty else { return .none(.keyUnknown) }
    let able = candidates.filter { entry in
      guard let name = entry.key.algorithm.httpSignatureName else { return false }
      return algorithm.map { $0.equals(name) } ?? true
    }
    guard let first = able.first else { return .none(.algorithmRefused) }
    return able.count == 1 ? .one(first.key) : .none(.keyUnknown)
  }
}

internal import Cryptography
internal import JOSE
internal import Primitives
internal import Verdict

/// Everything that checking one signed text takes: a value, to be carried to another thread.
struct ProofCheck: Sendable {
  let text: [UInt8]
  /// What `typ` must be, so that nothing else signed with the same key passes.
  let type: [UInt8]
  /// The bearer token of the request; nil without one.
  let accessToken: [UInt8]?
  /// The request's content; nil where it has none, or was not held.
  let asked: [UInt8]?
  /// The response's content.
  let answered: [UInt8]

  func run(by keys: KeySet) -> CheckedProof {
    do throws(JWSRefusal) {
      let verified = try VerifiedJWS(text.span, by: keys, type: .required(type))
      return .claims(
        SignedClaims(
          payload: verified.payload, type: verified.header.type, digests: try digests()))
    } catch {
      return .failed(RefusalReason(error))
    }
  }

  private func digests() throws(JWSRefusal) -> ExchangeDigests {
    do throws(CryptographyError) {
      return ExchangeDigests(
        credentials: try accessToken.map(ContentDigests.token),
        request: try asked.map(ContentDigests.content),
        response: try ContentDigests.content(answered))
    } catch {
      throw .libraryFailed
    }
  }
}

/// The digests that signed verdicts carry.
enum ContentDigests {
  /// `ath` (RFC 9449 §4.2).
  static func token(_ token: [UInt8]) throws(CryptographyError) -> [UInt8] {
    Base64URL.encode(try SHA256.digest(of: token).bytes)
  }

  /// As `Content-Digest` says it (RFC 9530 §2).
  static func content(_ content: [UInt8]) throws(CryptographyError) -> [UInt8] {
    [UInt8](ascii: "sha-256=:") + Base64.encode(try SHA256.digest(of: content).bytes)
      + [ASCII.colon]
  }
}

extension RefusalReason {
  /// The reason for which a text that is refused so proves nothing.
  init(_ refusal: JWSRefusal) {
    self =
      switch refusal {
      case .typeMissing, .typeMalformed, .typeMismatch: .proofTypeWrong
      case .algorithmMissing, .algorithmMalformed, .algorithmNone, .algorithmUnsupported,
        .algorithmMismatch:
        .algorithmRefused
      case .critical, .unencodedPayload: .headerNotUnderstood
      case .noKeys: .keysUnavailable
      case .keyUnknown, .keyAmbiguous: .keyUnknown
      case .signatureLength, .signatureInvalid, .libraryFailed: .signatureInvalid
      case .tooLong, .headerTooLong, .keyIdentifierTooLong: .proofTooLong
      default: .proofMalformed
      }
  }
}

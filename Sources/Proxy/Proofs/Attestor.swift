internal import Configuration
internal import Cryptography
internal import HTTPModel
internal import JOSE
internal import Primitives
internal import Verdict

/// Signs verdicts that were verified, and says with which keys.
final class Attestor: Sendable {
  /// How long the published keys may be kept: a rotation publishes the new key for longer than
  /// that before it signs.
  static let publishedFor = Seconds(300)

  let settings: AttestationSettings
  /// The public keys as a JWK set.
  let published: [UInt8]
  private let signer: JWSSigner

  init(_ settings: AttestationSettings) throws(KeyProblem) {
    self.settings = settings
    var signers: [JWSSigner] = []
    var published: [(identifier: [UInt8], key: VerificationKey)] = []
    for path in settings.keys {
      let key = try KeyLoading.signingKey(in: path)
      let identifier = try KeyLoading.identifier(of: key.verificationKey, in: path)
      signers.append(JWSSigner(key: key, type: "verdict+jwt", keyIdentifier: identifier))
      published.append((identifier, key.verificationKey))
    }
    guard let first = signers.first else {
      throw KeyProblem(path: "", message: "there is no key to sign with")
    }
    signer = first
    self.published = JWK.setText(of: published)
  }

  /// The signed verdict; nil where OpenSSL cannot do the work. Takes as long as a signature: not
  /// for a loop.
  func sign(
    _ attestation: Attestation, accessToken: [UInt8]?, asked: [UInt8]?, answered: [UInt8]
  ) -> [UInt8]? {
    do throws(CryptographyError) {
      let digests = ExchangeDigests(
        credentials: try accessToken.map(ContentDigests.token),
        request: try asked.map(ContentDigests.content),
        response: try ContentDigests.content(answered))
      let payload = attestation.payload(
        digests: digests, identifier: Base64URL.encode(try randomBytes(16)),
        issuer: settings.issuer, audience: settings.audience, lifetime: settings.lifetime)
      return try signer.sign(payload)
    } catch {
      return nil
    }
  }

  /// Whether the request asks for the public keys.
  func publishes(_ head: RequestHead) -> Bool {
    (head.method == .get || head.method == .head) && head.path.elementsEqual(settings.path)
  }

  /// The public keys, for whoever asks: cacheable, since they are no decision.
  var answer: LocalAnswer {
    var fields = FieldSection()
    fields.append(.contentType, "application/jwk-set+json")
    var control = [UInt8](ascii: "public, max-age=")
    control.append(decimal: UInt64(Self.publishedFor.count))
    fields.append(.cacheControl, control)
    return LocalAnswer(head: ResponseHead(status: .ok, fields: fields), content: published)
  }
}

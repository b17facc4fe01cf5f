import Cryptography
import HTTPModel
import MessageSignatures
import Primitives
import Testing
import Verdict

let signedNonce = "dGhlIG5vbmNl"

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func digestField(_ content: String) throws -> [UInt8] {
  DigestFields.fieldValue(
    ClaimedDigest(
      algorithm: .sha256, bytes: try DigestAlgorithm.sha256.digest(of: bytes(content))))
}

/// Keys of every kind, made once.
enum SignerKeys {
  static let all: [SigningKey] = {
    let kinds = SigningKey.Kind.allCases.compactMap { try? SigningKey.generate($0) }
    return kinds + [try? SigningKey(hmacSecret: [UInt8](repeating: 7, count: 32))].compactMap { $0 }
  }()
}

/// A login and its signed answer, some of it otherwise than it ought to be.
struct SignedAnswer: Sendable, CustomTestStringConvertible {
  static let coverage =
    #""@status" "content-digest" "@method";req "@target-uri";req "content-digest";req"#
  static let usual = #";created=1700000000;keyid="k";nonce="dGhlIG5vbmNl";tag="verdict""#

  var name: String
  var components = coverage
  var parameters = usual
  var label = "verdict"
  /// What the service answers.
  var status: UInt16 = 200
  var content = #"{"authorized":true}"#
  var lines: [(String, String)] = []
  /// The content whose digest it claims, where it is another.
  var claimed: String?
  var digest: String?
  /// What the service believes it was asked.
  var asked: (Method, String, String) = (.post, "/login?x=1", #"{"username":"ann"}"#)
  /// What becomes of the answer on its way.
  var change: @Sendable (inout ResponseHead, inout String) -> Void = { _, _ in }
  var expected: VerdictExpectation

  var testDescription: String { name }

  init(
    _ name: String, is expected: VerdictExpectation,
    _ make: (inout SignedAnswer) -> Void = { _ in }
  ) {
    self.name = name
    self.expected = expected
    make(&self)
  }

  static let rule = DecisionRule(binding: .httpSignature(HTTPSignatureRule(keys: "k")))

  /// What the proxy sends, and notes of it.
  static func sent(
    _ method: Method = .post, _ target: String = "/login?x=1",
    _ content: String = #"{"username":"ann"}"#, nonce own: String = signedNonce,
    rule: DecisionRule = rule
  ) throws -> (RequestHead, RequestFacts) {
    var head = requestHead(method, target, [("Host", "auth.example")])
    var facts = RequestFacts(of: head, under: rule)
    prepareDecisionRequest(&head, token: bytes(own), facts: &facts, under: rule)
    prepareSignedRequest(
      &head, token: bytes(own), digest: try DigestAlgorithm.sha256.digest(of: bytes(content)),
      facts: &facts, under: rule)
    facts.noteSent(head, scheme: .https, under: rule)
    return (head, facts)
  }

  /// The answer as the service signs it.
  func signed(by key: SigningKey) throws -> ResponseHead {
    var head = responseHead(status, [("Content-Type", "application/json")] + lines)
    if let digest {
      head.fields.append(.contentDigest, bytes(digest))
    } else {
      head.fields.append(.contentDigest, try digestField(claimed ?? content))
    }
    var (request, _) = try Self.sent(asked.0, asked.1, asked.2)
    request.authority = bytes("auth.example")
    var reading = FieldSection()
    reading.append(.signatureInput, bytes("x=(\(components))\(parameters)"))
    reading.append(.signature, bytes("x=:AAAA:"))
    let message = SignedMessage(request: request, scheme: .https, response: head)
    var signature = [UInt8](repeating: 9, count: 64)
    // What cannot be signed rightly is sent with a signature over nothing.
    if let read = try? MessageSignature.all(in: reading).first,
      let base = try? message.signatureBase(read.parameters)
    {
      signature = try key.sign(base)
    }
    head.fields.append(.signatureInput, bytes("\(label)=(\(components))\(parameters)"))
    head.fields.append(.signature, bytes("\(label)=:") + Base64.encode(signature) + bytes(":"))
    return head
  }

  func outcome(by key: SigningKey) throws -> VerificationOutcome {
    var head = try signed(by: key)
    var content = content
    change(&head, &content)
    let (_, facts) = try Self.sent()
    return try Self.judge(head, content, facts, key)
  }

  static func judge(
    _ head: ResponseHead, _ content: String, _ facts: RequestFacts, _ key: SigningKey,
    rule: DecisionRule = rule
  ) throws -> VerificationOutcome {
    let body = bytes(content)
    let proof: CheckedProof
    switch proofDemand(of: head, body: body.span, state: .whole, to: facts, under: rule) {
    case .none, .jws: proof = .none
    case .refused(let reason): proof = .failed(reason)
    case .messageSignature(let check):
      let holds = try key.verificationKey.isValid(check.signature, over: check.base)
      let matches = try check.digests.allSatisfy {
        let algorithm = $0.algorithm == .sha256 ? DigestAlgorithm.sha256 : .sha512
        return try algorithm.digest(of: body) == $0.bytes
      }
      proof =
        !holds
        ? .failed(.signatureInvalid)
        : matches ? .messageSignature(check.times) : .failed(.responseDigestMismatch)
    }
    return verify(
      head, body: body.span, state: .whole, proof: proof, to: facts, under: rule, at: times
    ).outcome { _ in .full }
  }
}

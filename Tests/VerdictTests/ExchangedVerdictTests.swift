import HTTPModel
import Primitives
import Testing
import Verdict

/// Of any two exchanges, no mutation or exchange of their responses passes verification.
///
/// Signatures stand in here as what they are: a signed text is taken as it is or not at all, so a
/// mutation is one of what is *not* signed, or the exchange of one signed text for another's.
@Suite struct ExchangedVerdictTests {
  /// One exchange with its own token, user and genuine answer.
  private struct Side {
    let rule: DecisionRule
    let facts: RequestFacts
    let head: ResponseHead
    let body: [UInt8]
    let proof: CheckedProof

    func judged(_ head: ResponseHead, _ body: [UInt8], _ proof: CheckedProof) -> Judgement {
      verify(
        head, body: body.span, state: .whole, proof: proof, to: facts, under: rule, at: times)
    }
  }

  private enum Mode: CaseIterable {
    case echoInField, echoInBody, jwt, introspection
  }

  private static let user = FieldName("X-User".utf8) ?? FieldName(.from)

  private func side(_ mode: Mode, user: String, token: String, digest: String) -> Side {
    let rule = self.rule(mode)
    var head = requestHead(.post, "/login", [("Host", "auth"), ("X-User", user)])
    var facts = RequestFacts(of: head, under: rule)
    prepareDecisionRequest(&head, token: Array(token.utf8), facts: &facts, under: rule)
    let body = #"{"authorized":true,"user":{"name":"\#(user)"},"txn":"\#(token)"}"#
    var lines = [("Content-Type", "application/json")]
    var proof = CheckedProof.none
    switch mode {
    case .echoInField: lines.append(("Transaction-Token", token))
    case .echoInBody: break
    case .jwt:
      let claims = verdictClaims([
        "nonce": "\"\(token)\"", "preferred_username": "\"\(user)\"", "rsd": "\"\(digest)\"",
        "jti": "\"\(token)-\(user)\"",
      ])
      proof = .claims(signed(claims, "verdict+jwt", digest))
    case .introspection:
      let claims =
        #"{"aud":"us","iat":1700000001,"token_introspection":"#
        + #"{"active":true,"username":"\#(user)"}}"#
      proof = .claims(signed(claims, "token-introspection+jwt", digest))
    }
    return Side(
      rule: rule, facts: facts, head: responseHead(200, lines), body: Array(body.utf8),
      proof: proof)
  }

  private func signed(_ claims: String, _ type: String, _ digest: String) -> SignedClaims {
    SignedClaims(
      payload: Array(claims.utf8), type: Array(type.utf8),
      digests: ExchangeDigests(response: Array(digest.utf8)))
  }

  private func rule(_ mode: Mode) -> DecisionRule {
    let inBody = VerdictSource.json(pointer("/user/name"))
    let allow = AllowRule(source: .json(pointer("/authorized")), test: .equals(.boolean(true)))
    func subject(_ source: VerdictSource) -> SubjectRule {
      SubjectRule(request: .field(Self.user), verdict: source)
    }
    return switch mode {
    case .echoInField:
      DecisionRule(binding: .echo(EchoRule()), subject: subject(inBody), allow: allow)
    case .echoInBody:
      DecisionRule(
        binding: .echo(EchoRule(proof: .json(pointer("/txn")))), subject: subject(inBody),
        allow: allow)
    case .jwt:
      DecisionRule(
        binding: .jwt(
          JWTRule(keys: "k", demanded: [.method, .identifier, .responseDigest])),
        subject: subject(.claim(pointer("/preferred_username"))), allow: allow)
    case .introspection:
      DecisionRule(
        binding: .introspectionJWT(IntrospectionRule(keys: "k", audience: Array("us".utf8))),
        subject: subject(.claim(pointer("/token_introspection/username"))))
    }
  }

  private func isProven(_ judgement: Judgement) -> Bool {
    if case .proven = judgement { true } else { false }
  }

  @Test func `no part of one exchange's answer makes a yes in another exchange`() {
    var generator = SystemRandomNumberGenerator()
    for mode in Mode.allCases {
      for _ in 0..<50 {
        let tokens = (0..<2).map { _ in "t\(UInt64.random(in: .min ... .max, using: &generator))" }
        let one = side(mode, user: "ann", token: tokens[0], digest: "da")
        let other = side(mode, user: "bob", token: tokens[1], digest: "db")
        #expect(isProven(one.judged(one.head, one.body, one.proof)))
        #expect(isProven(other.judged(other.head, other.body, other.proof)))
        // Every mixture of the two answers that takes what proves or what is said from the other.
        // What is signed whole has no other part.
        var mixtures = [(other.head, other.body, other.proof)]
        if mode == .echoInField {
          mixtures += [(other.head, one.body, one.proof), (one.head, other.body, one.proof)]
        } else {
          mixtures += [(one.head, one.body, other.proof)]
        }
        if mode == .echoInBody { mixtures = [(one.head, other.body, one.proof)] }
        for (head, body, proof) in mixtures where mode != .echoInBody || body != one.body {
          #expect(!isProven(one.judged(head, body, proof)), "\(mode)")
        }
        // The same user twice, the answers exchanged: only the token tells them apart, and of an
        // answer of introspection, which has none, nothing but time does.
        guard mode != .introspection else { continue }
        let again = side(mode, user: "ann", token: tokens[1], digest: "dc")
        #expect(!isProven(again.judged(one.head, one.body, one.proof)), "\(mode)")
      }
    }
  }

  @Test func `no changed byte of what is compared makes a yes, and none makes it another's`() {
    for mode in [Mode.echoInField, .echoInBody] {
      let one = side(mode, user: "ann", token: "t0123456789", digest: "d")
      for index in one.body.indices {
        for bit in 0..<8 {
          var body = one.body
          body[index] ^= 1 << UInt8(bit)
          let judgement = one.judged(one.head, body, one.proof)
          guard case .proven(let verdict) = judgement else { continue }
          // It still answers this request, with a yes to this user.
          #expect(verdict.subject == Array("ann".utf8))
          #expect(contains(body, "\"authorized\":true"))
          if mode == .echoInBody { #expect(contains(body, "t0123456789")) }
        }
      }
    }
  }

  @Test func `a signed yes does not pass over content that was changed after it was signed`() {
    let one = side(.jwt, user: "ann", token: "t", digest: "da")
    guard case .claims(let claims) = one.proof else { return }
    // The digest is made of what came: of other content it is another one.
    let changed = SignedClaims(
      payload: claims.payload, type: claims.type,
      digests: ExchangeDigests(response: Array("other".utf8)))
    #expect(
      one.judged(one.head, one.body, .claims(changed)) == .refused(.responseDigestMismatch))
  }

  @Test func `no changed byte of signed claims is read as a yes to another`() {
    // Even if a signature did not notice.
    let one = side(.jwt, user: "ann", token: "t0123456789", digest: "da")
    guard case .claims(let claims) = one.proof else { return }
    for index in claims.payload.indices {
      for bit in 0..<8 {
        var payload = claims.payload
        payload[index] ^= 1 << UInt8(bit)
        let proof = CheckedProof.claims(
          SignedClaims(payload: payload, type: claims.type, digests: claims.digests))
        guard case .proven(let verdict) = one.judged(one.head, one.body, proof) else { continue }
        #expect(verdict.subject == Array("ann".utf8))
        #expect(contains(payload, "t0123456789"))
        #expect(contains(payload, "\"decision\":true"))
      }
    }
  }

  private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    String(decoding: bytes, as: UTF8.self).contains(text)
  }
}

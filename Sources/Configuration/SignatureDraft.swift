internal import HTTPModel
internal import MessageSignatures
internal import Primitives
internal import Verdict

/// What a decision rule says about signatures, as it is written.
struct SignatureDraft {
  var keys: String?
  var issuer: [UInt8]?
  var audience: [UInt8]?
  var lifetime = JWTRule.maximumLifetime
  var demanded = VerdictClaims.standard
  var compared: [ComparedClaim] = []
  var comparesPathOnly = false
  var tag = HTTPSignatureRule.standardTag
  var covered: [ComponentIdentifier] = []
  var scheme: TargetScheme?

  init() {}

  init(_ rule: JWTRule) {
    keys = rule.keys
    issuer = rule.issuer
    audience = rule.audience
    lifetime = rule.lifetime
    demanded = rule.demanded
    compared = rule.compared
    comparesPathOnly = rule.comparesPathOnly
  }

  init(_ rule: IntrospectionRule) {
    keys = rule.keys
    issuer = rule.issuer
    audience = rule.audience
  }

  init(_ rule: HTTPSignatureRule) {
    keys = rule.keys
    tag = rule.tag
    covered = rule.components.filter { !HTTPSignatureRule.standardComponents.contains($0) }
    scheme = rule.scheme
  }

  var message: HTTPSignatureRule {
    HTTPSignatureRule(keys: keys ?? "", tag: tag, more: covered, scheme: scheme)
  }

  func jwt(requestField: FieldName, proof: ProofPlace) -> JWTRule {
    JWTRule(
      requestField: requestField, proof: proof, keys: keys ?? "", issuer: issuer,
      audience: audience, lifetime: lifetime, demanded: demanded, compared: compared,
      comparesPathOnly: comparesPathOnly)
  }

  var introspection: IntrospectionRule {
    IntrospectionRule(keys: keys ?? "", issuer: issuer, audience: audience ?? [])
  }
}

extension Form<[UInt8]> {
  /// The tag of a signature: a structured string (RFC 9651 §3.3.3).
  static var signatureTag: Form<[UInt8]> {
    .parsed("a tag", example: "verdict") { text in
      let tag = Array(text.utf8)
      let isPlain = tag.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
      return isPlain && (1...64).contains(tag.count)
        ? .value(tag) : .flaw("a tag has 1 to 64 plain characters of ASCII")
    } write: {
      $0.displayText
    }
  }
}

extension Form<ComponentIdentifier> {
  /// A component of RFC 9421, whose name may stand without quotes: `x-tenant;req`.
  static var component: Form<ComponentIdentifier> {
    .parsed("a covered component", example: "x-tenant;req") { text in
      let name = text.prefix { $0 != ";" }
      let quoted = text.hasPrefix("\"") ? text : "\"\(name)\"\(text.dropFirst(name.count))"
      do throws(SignatureFault) {
        let component = try ComponentIdentifier(parsing: Array(quoted.utf8))
        guard component.isOfAnswers else {
          return .flaw("'\(text)' is of the request", help: "write '\(text);req'")
        }
        return .value(component)
      } catch {
        return .flaw("'\(text)' cannot be covered: \(error.explanation)")
      }
    } write: {
      // The name without its quotes.
      let text = $0.text.displayText.dropFirst()
      let name = text.prefix { $0 != "\"" }
      return "\(name)\(text.dropFirst(name.count + 1))"
    }
  }
}

extension Form<VerdictClaims> {
  /// The names of claims.
  static var claims: Form<VerdictClaims> {
    let names = VerdictClaims.names.map { ("\($0.0)", $0.1) }
    return .mapped(
      .list(.choice(names)), to: { VerdictClaims($0) },
      from: { claims in names.map(\.1).filter(claims.contains) })
  }
}

private struct ComparedClaimDraft {
  var claim: JSONPointer?
  var request: RequestSource?
}

extension Section<ComparedClaimDraft> {
  fileprivate static var comparedClaim: Section<ComparedClaimDraft> {
    Section(
      name: "routes.decision.compare",
      about: "A claim that must say what the request says.",
      keys: [
        Key(
          optional: "claim", \.claim, .claimPointer, isRequired: true,
          "Where it stands in what is signed: /scope, /resource/id."),
        Key(
          optional: "request", \.request, .requestSource, isRequired: true,
          "Where the request says the same: as for 'subject'."),
      ],
      blank: { ComparedClaimDraft() })
  }
}

extension Form<JSONPointer> {
  fileprivate static var claimPointer: Form<JSONPointer> {
    .parsed("a JSON Pointer", example: "/scope") { text in
      do throws(JSONPointerError) {
        return .value(try JSONPointer(parsing: text.utf8))
      } catch {
        return .flaw("'\(text)' is no JSON Pointer", help: "\(error.explanation)")
      }
    } write: {
      $0.text.displayText
    }
  }
}

extension Form<ComparedClaim> {
  static var comparedClaim: Form<ComparedClaim> {
    let section = Section<ComparedClaimDraft>.comparedClaim.form
    return Form(shape: section.shape) { tree, reading in
      guard let draft = section.read(tree, &reading), let claim = draft.claim,
        let request = draft.request
      else { return nil }
      return ComparedClaim(claim: claim, request: request)
    } write: { rule in
      section.write(ComparedClaimDraft(claim: rule.claim, request: rule.request))
    }
  }
}

package import HTTPModel
package import Primitives

/// What happens where a check fails.
package enum EnforcementMode: UInt8, Hashable, Sendable, CaseIterable {
  /// Observe: nothing is buffered, changed or refused; findings are written.
  case audit
  /// Bind, verify and harden, deliver all the same, and say in `Proxy-Status` what failed.
  case warn
  /// Deliver nothing that is not verified.
  case enforce

  /// As written in settings.
  package var name: StaticString {
    switch self {
    case .audit: "audit"
    case .warn: "warn"
    case .enforce: "enforce"
    }
  }
}

/// The user in the verdict must be the user in the request.
package struct SubjectRule: Hashable, Sendable {
  package let request: RequestSource
  package let verdict: VerdictSource
  package let normalisation: SubjectNormalisation

  package init(
    request: RequestSource, verdict: VerdictSource, normalisation: SubjectNormalisation = .none
  ) {
    self.request = request
    self.verdict = verdict
    self.normalisation = normalisation
  }
}

/// A value a verdict is compared with.
package enum ExpectedValue: Hashable, Sendable {
  /// A JSON string, or the bytes of a field, cookie, form field, `Location` or status.
  case text([UInt8])
  /// A JSON `true` or `false`; outside JSON the words.
  case boolean(Bool)
  /// A JSON number by its text: `1` and `1.0` differ.
  case number([UInt8])
  /// A JSON `null`.
  case null
}

/// What makes a verdict an allow.
package enum AllowTest: Hashable, Sendable {
  case equals(ExpectedValue)
  /// The status is one of these. Only with the source `status`.
  case statusIn([Status])
  /// The value is there, whatever it is; a JSON `null`, `false` and empty text are not there.
  case exists
  /// The value begins with these bytes: for `Location`.
  case startsWith([UInt8])
}

/// What an allow looks like. A verdict that does not meet it is a denial.
package struct AllowRule: Hashable, Sendable {
  package let source: VerdictSource
  package let test: AllowTest

  package init(source: VerdictSource, test: AllowTest) {
    self.source = source
    self.test = test
  }
}

/// What happens to a denial that carries no proof.
package enum DenyPolicy: UInt8, Hashable, Sendable, CaseIterable {
  /// It is delivered hardened, with a finding: a no that is wrong lets nobody in.
  case deliver
  /// It is refused like an allow without proof.
  case verify

  /// As written in settings.
  package var name: StaticString {
    switch self {
    case .deliver: "deliver"
    case .verify: "verify"
    }
  }
}

/// The form in which this route's consumer reads *no*.
package enum RefusalForm: Hashable, Sendable {
  /// The status is the verdict, with a problem document (RFC 9457).
  ///
  /// The default is 403. nginx `auth_request` reads 401 and 403 as no and anything else as its own
  /// error; Traefik and Caddy relay every status but 2xx; Envoy's `ext_authz` takes 5xx for an
  /// error of the service and lets the request pass under `failure_mode_allow`. 403 reads as no
  /// with all of them, and unlike 401 needs no challenge (RFC 9110 §15.5.2).
  case status(Status)
  /// 200 with `response.allowed: false` and the request's `uid` (Kubernetes AdmissionReview v1):
  /// under `failurePolicy: Ignore` any other answer admits. Without a readable `uid` it is the
  /// status 403.
  case admissionReview
  /// 200 with `decision: false` (AuthZEN Authorization API 1.0).
  case authZEN
  /// 200 with `active: false` (RFC 7662 §2.2).
  case introspection

  /// 403, for the reasons given at `status`.
  package static let standard = RefusalForm.status(.forbidden)
}

/// What kind of service stands behind a route.
package enum ServiceKind: UInt8, Hashable, Sendable, CaseIterable {
  /// What no rule declares and no shape explains is a decision.
  case auth
  /// Only declared routes and named protocol shapes are decisions.
  case plain

  /// As written in settings.
  package var name: StaticString {
    switch self {
    case .auth: "auth"
    case .plain: "plain"
    }
  }
}

/// What happens to a decision that no rule declared (`on_decision`). It is never stored in either
/// case.
package enum UndeclaredDecisionPolicy: UInt8, Hashable, Sendable, CaseIterable {
  /// Hardened, delivered, reported.
  case deliver
  case refuse

  /// As written in settings.
  package var name: StaticString {
    switch self {
    case .deliver: "deliver"
    case .refuse: "refuse"
    }
  }
}

/// Where on the way between a consumer and a service a route stands.
package enum DecisionRole: UInt8, Hashable, Sendable, CaseIterable {
  /// Before the service.
  case origin
  /// Beside the consumer: what comes was attested by an `origin`.
  case edge

  /// As written in settings.
  package var name: StaticString {
    switch self {
    case .origin: "origin"
    case .edge: "edge"
    }
  }
}

/// Everything a route says about its decisions; made once, when settings are read.
package struct DecisionRule: Sendable, Equatable {
  /// How much of a verdict is held for verification unless the route says otherwise.
  package static let standardMaximumBodyBytes = 256 * 1024
  /// How much of a request is held to read the subject or an identifier from it.
  package static let standardMaximumRequestBodyBytes = 256 * 1024

  package let mode: EnforcementMode
  package let binding: BindingRule
  /// Whose identifier a verdict must answer.
  package let token: TokenSource
  package let subject: SubjectRule?
  /// Without it, success and redirection count as allow unless the body says no in a member known
  /// from a protocol (`decision`, `allowed`, `active`, …); so they need proof.
  package let allow: AllowRule?
  package let deny: DenyPolicy
  package let refusal: RefusalForm
  /// Whether `ETag` stays on delivered decisions. Preconditions of GET and HEAD are removed either
  /// way.
  package let keepETag: Bool
  package let maximumBodyBytes: Int
  package let maximumRequestBodyBytes: Int
  /// Whether the proof stays in the delivered header. A proof in the body always stays: removing it
  /// would change bytes that the service may have signed.
  package let deliverProof: Bool
  /// In mode `audit`: whether the token is sent all the same, so that the binding can be tested.
  package let sendTokenInAudit: Bool
  /// By how much the clocks of the service and of this machine may differ.
  package let clockSkew: Seconds
  /// What is demanded beside the proof; nil where nothing is.
  package let demands: VerdictDemands?
  package let role: DecisionRole
  /// Whether verified verdicts are signed for whoever asked.
  package let attests: Bool

  /// The places in the body that verification reads, found in one pass over it.
  let pointers: RulePointers

  package init(
    mode: EnforcementMode = .enforce, binding: BindingRule, token: TokenSource = .minted,
    subject: SubjectRule? = nil, allow: AllowRule? = nil, deny: DenyPolicy = .deliver,
    refusal: RefusalForm = .standard,
    keepETag: Bool = false, maximumBodyBytes: Int = standardMaximumBodyBytes,
    maximumRequestBodyBytes: Int = standardMaximumRequestBodyBytes, deliverProof: Bool = false,
    sendTokenInAudit: Bool = false, clockSkew: Seconds = Seconds(5),
    demands: VerdictDemands? = nil, role: DecisionRole = .origin, attests: Bool = false
  ) {
    self.mode = mode
    self.binding = binding
    self.token = binding.answersRequests ? token : .minted
    self.subject = subject
    self.allow = allow
    self.deny = deny
    self.refusal = refusal
    self.keepETag = keepETag
    self.maximumBodyBytes = max(maximumBodyBytes, 0)
    self.maximumRequestBodyBytes = max(maximumRequestBodyBytes, 0)
    self.deliverProof = deliverProof
    self.sendTokenInAudit = sendTokenInAudit
    self.clockSkew = clockSkew
    self.demands = demands
    self.role = role
    self.attests = attests
    pointers = RulePointers(
      binding: binding, subject: subject, allow: allow, isAuthZEN: refusal == .authZEN)
  }

  /// Whether a token of this program's own goes to the service: always, except in `audit` without
  /// `sendTokenInAudit`, where the binding needs none, and where the token is the consumer's own.
  package var sendsToken: Bool {
    token == .minted && binding.sendsToken && (mode != .audit || sendTokenInAudit)
  }

  /// How long what serves once is remembered.
  package var replayLifetime: Seconds { demands?.lifetime ?? VerdictDemands.standardLifetime }

  /// Whether something of its verdicts must be remembered.
  package var remembers: Bool {
    if case .request = token { return true }
    return (demands?.remembers ?? false) || binding.isLegacy
  }

  /// Whether the request's body must be held whole (up to `maximumRequestBodyBytes`) before it is
  /// sent.
  package var needsRequestBody: Bool {
    if let subject, subject.request.needsBody { return true }
    if case .jwt(let rule) = binding, rule.needsRequestBody { return true }
    if case .httpSignature = binding { return true }
    if let demands, demands.needsRequestBody { return true }
    if case .request(let source) = token, source.needsBody { return true }
    if attests, mode != .audit { return true }
    return refusal == .admissionReview || refusal == .authZEN
  }
}

/// The JSON Pointers of a rule, and which of them is which.
struct RulePointers: Sendable, Equatable {
  private(set) var all: [JSONPointer] = []
  private(set) var proof: Int?
  private(set) var subject: Int?
  private(set) var allow: Int?
  /// What is read of signed claims beside the standard ones: at `user` or `active`, then `subject`,
  /// then from `firstCompared` on what the rule compares. Empty where nothing is signed.
  private(set) var claims: [JSONPointer] = []

  static let user = 0
  static let active = 0
  static let subjectClaim = 1
  static let firstCompared = 2

  /// The decisions of a batch, where the consumer speaks AuthZEN.
  private(set) var evaluations: Int?
  /// The members that say yes or no in known protocols; empty where the rule itself names the
  /// member.
  private(set) var customary: Range<Int> = 0..<0

  init(binding: BindingRule, subject: SubjectRule?, allow: AllowRule?, isAuthZEN: Bool) {
    if case .json(let pointer) = binding.proof, !binding.looksIntoContainer {
      proof = all.count
      all.append(pointer)
    }
    claims = Self.claims(binding, subject)
    if case .json(let pointer) = subject?.verdict {
      self.subject = all.count
      all.append(pointer)
    }
    if case .json(let pointer) = allow?.source {
      self.allow = all.count
      all.append(pointer)
    } else if !(allow?.source.isForm ?? false) {
      customary = all.count..<all.count + CustomaryDecision.pointers.count
      all += CustomaryDecision.pointers
    }
    if isAuthZEN {
      evaluations = all.count
      all.append(evaluationsPointer)
    }
  }

  private static func claims(_ binding: BindingRule, _ subject: SubjectRule?) -> [JSONPointer] {
    var claims: [JSONPointer]
    switch binding {
    case .jwt: claims = [JSONPointer(tokens: ["user"])]
    case .introspectionJWT: claims = [JSONPointer(tokens: ["token_introspection", "active"])]
    case .none, .echo, .httpSignature, .legacy: return []
    }
    if case .claim(let pointer) = subject?.verdict {
      claims.append(pointer)
    } else {
      claims.append(JSONPointer(tokens: ["sub"]))
    }
    return claims + binding.compared.map(\.claim)
  }

  /// Whether verification cannot do without the JSON in the body.
  var areDemanded: Bool { proof != nil || subject != nil || allow != nil }
}

/// Members that decide in known protocols: AuthZEN and OPA, RFC 7662, Kubernetes reviews, plain
/// logins.
enum CustomaryDecision {
  static let pointers: [JSONPointer] = [
    JSONPointer(tokens: ["decision"]), JSONPointer(tokens: ["allowed"]),
    JSONPointer(tokens: ["active"]), JSONPointer(tokens: ["authorized"]),
    JSONPointer(tokens: ["authenticated"]), JSONPointer(tokens: ["result"]),
    JSONPointer(tokens: ["result", "allow"]), JSONPointer(tokens: ["response", "allowed"]),
    JSONPointer(tokens: ["status", "allowed"]), JSONPointer(tokens: ["status", "authenticated"]),
  ]
}

extension VerdictSource {
  var isForm: Bool { if case .form = self { true } else { false } }
}

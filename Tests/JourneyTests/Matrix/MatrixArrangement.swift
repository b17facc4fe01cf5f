import JourneySupport
import Testing

/// Where the careless cache stands, and what protects the path.
///
/// A column of the table in `docs/careless-caches.md`. A new role is a new `Placement`, a new
/// binding or mode a new `Protection`; nothing else has to change.
struct MatrixArrangement: Sendable, CustomTestStringConvertible {
  enum Placement: Sendable {
    /// consumer → cache → service: without Countersign, to see that the fault is one.
    case control
    /// consumer → cache → Countersign → service.
    case inFront
    /// consumer → Countersign → cache → service.
    case behind
  }

  /// The head of its column.
  let title: String
  let placement: Placement
  let protection: MatrixProtection
  /// Run only when the whole matrix is asked for.
  let isLong: Bool

  init(
    _ title: String, _ placement: Placement, _ protection: MatrixProtection = .echo,
    isLong: Bool = false
  ) {
    self.title = title
    self.placement = placement
    self.protection = protection
    self.isLong = isLong
  }

  var testDescription: String { title }

  static let control = MatrixArrangement("no Countersign", .control)

  /// Every column with a Countersign in it.
  static let protected = [
    MatrixArrangement("in front, echo", .inFront),
    MatrixArrangement("behind, echo in a field", .behind),
    MatrixArrangement("behind, echo in the body", .behind, .echoInBody),
    MatrixArrangement("behind, echo in a field, warn", .behind, .warning(.echo)),
    MatrixArrangement("behind, echo in a field, audit", .behind, .auditing(.echo), isLong: true),
    MatrixArrangement(
      "behind, echo in the body, warn", .behind, .warning(.echoInBody), isLong: true),
    MatrixArrangement("in front, echo in the body", .inFront, .echoInBody, isLong: true),
  ]

  static let all = [control] + protected
}

/// How the decisions of the sample service are bound, and what its service is started with for it.
struct MatrixProtection: Sendable {
  /// `enforce`, `warn` or `audit`.
  var mode = "enforce"
  /// The lines of `routes.decision` that say how a verdict proves itself.
  var binding: [String]
  /// More switches of `sample-auth`.
  var service: [String] = []

  /// The token comes back in the field Transaction-Token.
  static let echo = MatrixProtection(binding: ["binding: echo"])
  /// The token comes back in the JSON of the answer.
  static let echoInBody = MatrixProtection(binding: ["binding: echo", "proof: json:/transaction"])

  /// The same, but nothing is refused.
  static func warning(_ protection: MatrixProtection) -> MatrixProtection {
    var warning = protection
    warning.mode = "warn"
    return warning
  }

  /// The same, but answers pass as they are; the token is sent, so that something can be found.
  static func auditing(_ protection: MatrixProtection) -> MatrixProtection {
    var auditing = protection
    auditing.mode = "audit"
    auditing.binding.append("send_token: true")
    return auditing
  }

  /// The routes of a Countersign that protects all that the journeys ask.
  var routes: String {
    [
      route(
        "{ method: POST, path: /login }",
        [
          #"subject: { request: "json:/username", verdict: "json:/user/name" }"#,
          #"allow: { verdict: "json:/authorized", equals: true }"#,
        ]),
      route(
        "{ method: GET, path: /verify }",
        ["subject: none", #"allow: { verdict: "json:/allowed", equals: true }"#]),
      route(
        "{ method: GET, path: /session }",
        ["subject: none", #"allow: { verdict: "json:/authenticated", equals: true }"#]),
    ].joined(separator: "\n")
  }

  private func route(_ match: String, _ rules: [String]) -> String {
    let decision = (["mode: \(mode)"] + binding + rules).map { "      \($0)" }
    return """
        - match: \(match)
          service: auth
          decision:
      \(decision.joined(separator: "\n"))
      """
  }
}

/// The processes of one cell, all started cold.
struct MatrixPath: Sendable {
  let service: SampleAuth
  let hop: MatrixHop.RunningHop
  let countersign: Countersign?
  /// Where the consumer asks.
  let entrance: Endpoint

  init(_ hop: MatrixHop, _ arrangement: MatrixArrangement) throws {
    service = try SampleAuth(
      switches: ["--light-hashes", "--crowd", "\(MatrixPeople.count)"]
        + arrangement.protection.service + (hop.needsInvitation ? ["--careless"] : []))
    let routes = arrangement.protection.routes
    switch arrangement.placement {
    case .control:
      self.hop = try hop.start(before: service.endpoint)
      countersign = nil
      entrance = self.hop.endpoint
    case .inFront:
      let proxy = try Countersign(before: service.endpoint, routes: routes)
      self.hop = try hop.start(before: proxy.endpoint)
      countersign = proxy
      entrance = self.hop.endpoint
    case .behind:
      self.hop = try hop.start(before: service.endpoint)
      let proxy = try Countersign(before: self.hop.endpoint, routes: routes)
      countersign = proxy
      entrance = proxy.endpoint
    }
  }
}

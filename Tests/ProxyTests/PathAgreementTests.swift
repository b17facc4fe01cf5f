import CachePolicy
import CacheStore
import Configuration
import HTTPModel
import HTTPWire
import Primitives
import TestSupport
import Testing
import Verdict

@testable import Proxy

/// Routing, classification, keys, purges and invalidation read a path alike, whatever it looks
/// like.
@Suite struct PathAgreementTests {
  private static let pieces = [
    "/", "/", "/", "/login", "/LOGIN", "/assets", "/static", "/a", "/..", "/.", "//", ";", ";x",
    "%2f", "%2F", "%5c", "%2e", "%2E%2e", "%61", "%6C", "%6cogin", "%25", "%252f", "%c3%a9",
    "%C3%A9", "%c0%ae", "%3b", "%3f", "%20", "%7e", "~", ".css", "/app.js", "/.well-known",
    "/openid-configuration", "/robots.txt", "%00", "%0a", "%zz", "%", "\\", "x", "é",
  ]

  private static func plan(_ kind: ServiceKind) throws -> Plan {
    var settings = Settings()
    var service = ServiceSettings(
      name: "service",
      origins: [OriginAddress(scheme: .http, endpoint: .host("127.0.0.1", port: 1))])
    service.kind = kind
    settings.services = [service]
    func route(_ path: String, _ lane: RouteLane) throws -> RouteSettings {
      var match = RouteMatch()
      match.paths = [try PathPattern(Array(path.utf8))]
      var route = RouteSettings(name: path, match: match, service: 0)
      route.lane = lane
      return route
    }
    settings.routes = [
      try route("/login", .decision(DecisionRule(binding: .none))),
      try route("/assets/**", .cache(CacheRules(profile: .conformant))),
      try route("/**", .undeclared),
    ]
    return Plan(unconnected: settings)
  }

  private static func head(_ path: some Collection<UInt8>) throws(ProtocolViolation) -> RequestHead
  {
    let text = Array("GET ".utf8) + path + Array(" HTTP/1.1\r\nHost: a.example\r\n\r\n".utf8)
    return try RequestHeadParser.parse(text.span)
  }

  private static func describe(_ course: RequestCourse) -> String {
    switch course {
    case .noRoute: "none"
    case .refused(let failure, let route): "refused \(failure.rawValue) \(route.settings.name)"
    case .decision(let route): "decision \(route.settings.name)"
    case .otherSpelling(let route): "decision \(route.settings.name)"
    case .undeclared(let sign, let route): "undeclared \(sign.code) \(route.settings.name)"
    case .cache(let sign, let route): "cache \(sign.code) \(route.settings.name)"
    }
  }

  private static func key(_ head: RequestHead) -> [UInt8] {
    var key: [UInt8] = []
    CacheKey.write(for: head, scheme: .http, into: &key)
    return key
  }

  private static func invalidated(by head: RequestHead) -> [[UInt8]] {
    var change = head
    change.method = .put
    return invalidationKeys(for: change, scheme: .http, response: ResponseHead(status: .ok))
  }

  @Test(arguments: [ServiceKind.auth, .plain], [1, 2, 3, 4] as [UInt64])
  func `no two readers of a path disagree`(kind: ServiceKind, seed: UInt64) throws {
    let plan = try Self.plan(kind)
    var random = SeededGenerator(seed: seed)
    var counts = (plain: 0, respelled: 0, ambiguous: 0, refused: 0)
    for _ in 0..<4000 {
      let parts = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        Self.pieces.randomElement(using: &random) ?? "/"
      }
      let path = Array(("/" + parts.joined()).utf8.filter { $0 < 0x7F })
      let traits = PathTraits(of: path[...])
      let url = Array("http://a.example".utf8) + path
      guard let head = try? Self.head(path) else {
        #expect(traits.areRefused, "\(path.displayText)")
        #expect(TargetURL(url) == nil)
        counts.refused += 1
        continue
      }
      #expect(!traits.areRefused, "\(path.displayText)")
      // The origin gets what came.
      #expect(MessageSerializer.forwardTarget(of: head).elementsEqual(path))
      #expect(head.spelledPath.elementsEqual(path))
      #expect(NormalPath.of(head.path) == head.path)
      #expect(TargetURL(url)?.request.path == head.path)
      let course = plan.course(of: head, framing: .none, client: nil)
      if ForgivingPath.of(path[...]).elementsEqual("/login".utf8) {
        #expect(Self.describe(course) == "decision /login", "\(path.displayText)")
      }
      if traits.areAmbiguous {
        counts.ambiguous += 1
        try checkAmbiguous(head, course)
      } else {
        if traits.isEmpty { counts.plain += 1 } else { counts.respelled += 1 }
        try checkNormal(head, course, plan)
      }
    }
    #expect(min(counts.plain, counts.respelled, counts.ambiguous, counts.refused) > 50)
  }

  /// Neither looked up nor stored, in no lane that a route declares harmless, and what it may mean
  /// falls with it.
  private func checkAmbiguous(_ head: RequestHead, _ course: RequestCourse) throws {
    let path = head.spelledPath.displayText
    if case .cache(_, let route) = course {
      #expect(route.service.settings.kind == .plain, "\(path)")
      #expect(!route.isDeclaredHarmless, "\(path)")
      let rules = try #require(route.cache)
      guard case .bypass(.ambiguousPath) = route.lookup(of: head, rules: rules) else {
        Issue.record("looked up: \(path)")
        return
      }
    }
    #expect(deceptionRefusal(of: ResponseHead(status: .ok), to: head) != nil, "\(path)")
    let resolved = RequestHead(
      method: .get, target: NormalPath.resolved(head.path), authority: head.authority)
    #expect(Self.invalidated(by: head).contains(Self.key(resolved)), "\(path)")
  }

  /// The same in every respect as its normal form.
  private func checkNormal(_ head: RequestHead, _ course: RequestCourse, _ plan: Plan) throws {
    let path = head.spelledPath.displayText
    let normal = try Self.head(head.path)
    #expect(normal.pathTraits.isEmpty, "\(path)")
    #expect(
      Self.describe(plan.course(of: normal, framing: .none, client: nil)) == Self.describe(course),
      "\(path)")
    #expect(Self.key(normal) == Self.key(head), "\(path)")
    #expect(Self.invalidated(by: normal) == Self.invalidated(by: head), "\(path)")
    let store = CacheStore(limits: CacheStoreLimits())
    func selectors(_ bytes: ArraySlice<UInt8>) -> [PurgeSelector]? {
      plan.selectors(of: .url(Array("http://a.example".utf8) + bytes), in: store)
    }
    #expect(selectors(head.path) == selectors(head.spelledPath), "\(path)")
  }
}

import HTTPModel
import Primitives
import Testing
import Verdict

@testable import Configuration

/// Other spellings of a decision's path, which some server may resolve.
@Suite struct DecisionSpellingsTests {
  private static func route(
    _ path: String, _ method: Method? = nil, isDecision: Bool
  ) throws -> RouteSettings {
    var match = RouteMatch()
    match.paths = [try PathPattern(Array(path.utf8))]
    if let method { match.methods = [method] }
    var route = RouteSettings(name: path, match: match, service: 0)
    if isDecision { route.lane = .decision(DecisionRule(binding: .none)) }
    return route
  }

  private static func head(_ target: String, _ method: Method = .get) -> RequestHead {
    RequestHead(method: method, target: Array(target.utf8))
  }

  @Test(arguments: [
    "/login/", "//login", "/LOGIN", "/login;x", "/./login", "/x/../login", "/login%2f",
    "/%4cogin", "/login/.", "/login//", "/x;y/..;/login", "/%256cogin", "/login%5c", "/login;a/;b",
    "/login%20", "/login%00", "/login%00.css", "/login.", "/login./", "/login%3fa", "/login%23",
    "/login%09", "/login%2e", "/x/..%20/login", "/login%2500",
  ])
  func `another spelling of a decision's path counts as that path`(target: String) throws {
    let spellings = DecisionSpellings([
      try Self.route("/login", isDecision: true), try Self.route("/**", isDecision: false),
    ])
    #expect(spellings.decisionMeant(by: Self.head(target), client: nil) == 0)
  }

  @Test(arguments: [
    "/", "/log", "/logins", "/login/x", "/assets/login.css", "/login.css", "/.login", "/%", "/%6",
    "/..",
  ])
  func `other paths are other paths`(target: String) throws {
    let spellings = DecisionSpellings([
      try Self.route("/login", isDecision: true), try Self.route("/**", isDecision: false),
    ])
    #expect(spellings.decisionMeant(by: Self.head(target), client: nil) == nil)
  }

  @Test func `a route's own capitals and final slash are left aside too`() throws {
    let spellings = DecisionSpellings([try Self.route("/Log/In/", isDecision: true)])
    #expect(spellings.decisionMeant(by: Self.head("/log/in"), client: nil) == 0)
  }

  @Test func `the method still counts, and an earlier route keeps its own path`() throws {
    let byMethod = DecisionSpellings([try Self.route("/login", .post, isDecision: true)])
    #expect(byMethod.decisionMeant(by: Self.head("//login"), client: nil) == nil)
    #expect(byMethod.decisionMeant(by: Self.head("//login", .post), client: nil) == 0)
    let byOrder = DecisionSpellings([
      try Self.route("/login", .get, isDecision: false), try Self.route("/login", isDecision: true),
    ])
    #expect(byOrder.decisionMeant(by: Self.head("/login"), client: nil) == nil)
  }
}

import Configuration
import HTTPModel
import Primitives
import Testing

struct RouteMatchTests {
  private func head(_ method: Method, _ target: String, host: String = "auth.example")
    -> RequestHead
  {
    var fields = FieldSection()
    fields.append(.host, Array(host.utf8))
    fields.append(name: Array("X-Tenant".utf8), value: Array("acme-1".utf8))
    return RequestHead(
      method: method, target: Array(target.utf8), authority: Array(host.utf8), fields: fields)
  }

  @Test func `GET stands for HEAD and for nothing else`() {
    var match = RouteMatch()
    match.methods = [.get]
    #expect(match.matches(head(.head, "/"), client: nil))
    #expect(!match.matches(head(.post, "/"), client: nil))
  }

  @Test(arguments: [
    ("auth.example", "AUTH.example:8443", true), ("auth.example", "auth.example.", true),
    ("*.example", "auth.example", true), ("*.example", "example", false),
    ("*.example", "badexample", false), ("[::1]", "[::1]:80", true), ("::1", "[::1]", false),
  ])
  func `a host is compared without port, case and trailing dot`(
    pattern: String, host: String, taken: Bool
  ) {
    var match = RouteMatch()
    match.hosts = [HostPattern(Array(pattern.utf8))]
    #expect(match.matches(head(.get, "/", host: host), client: nil) == taken)
  }

  @Test func `field conditions must all hold`() throws {
    var match = RouteMatch()
    let name = try #require(FieldName("x-tenant".utf8))
    match.fields = [FieldCondition(name: name, test: .value(Wildcard("acme-*".utf8)))]
    #expect(match.matches(head(.get, "/"), client: nil))
    match.fields.append(FieldCondition(name: name, test: .absent))
    #expect(!match.matches(head(.get, "/"), client: nil))
  }

  @Test func `a certificate condition without a certificate never holds`() {
    var match = RouteMatch()
    var condition = ClientCertificateCondition()
    condition.dnsName = Wildcard("*.internal".utf8)
    match.clientCertificate = condition
    #expect(!match.matches(head(.get, "/"), client: nil))
    let facts = ClientCertificateFacts(
      subject: [], dnsNames: [Array("a.internal".utf8)], uris: [], fingerprint: [])
    #expect(match.matches(head(.get, "/"), client: facts))
  }

  @Test(arguments: [
    ("*", "", true), ("a*", "ab", true), ("*b", "ab", true), ("a*a", "a", false),
    ("a*a", "aa", true),
    ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false), ("abc", "abcd", false),
  ])
  func `a star stands for any run`(pattern: String, text: String, taken: Bool) {
    #expect(Wildcard(pattern.utf8).matches(Array(text.utf8)[...]) == taken)
  }

  @Test func `the first route that matches takes the request`() throws {
    var settings = Settings()
    var narrow = RouteMatch()
    narrow.paths = [try PathPattern("/a".utf8)]
    settings.routes = [
      RouteSettings(name: "a", match: narrow, service: 0),
      RouteSettings(name: "all", match: RouteMatch(), service: 0),
    ]
    #expect(settings.route(for: head(.get, "/a?x=1"), client: nil) == 0)
    #expect(settings.route(for: head(.get, "/b"), client: nil) == 1)
  }
}

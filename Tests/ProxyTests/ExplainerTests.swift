import Configuration
import HTTPModel
import Primitives
import Proxy
import Testing
import Verdict

/// What `explain` says of certificates and of spellings of a path.
@Suite struct ExplainerTests {
  private static var fresh: FieldSection {
    var fields = FieldSection()
    fields.append(.cacheControl, "max-age=60")
    return fields
  }

  @Test(arguments: [
    ("https://a.example/%zz", "the request is refused with 400: broken-escape-in-path"),
    ("https://a.example/%00", "the request is refused with 400: escaped-control-in-path"),
  ])
  func `a path that is refused is explained as that`(url: String, sentence: String) throws {
    let exchange = ExplainedExchange(
      method: .get, url: Array(url.utf8), fields: FieldSection(),
      time: WallTime(secondsSinceEpoch: 0))
    #expect(throws: ExplainError(sentence: sentence)) {
      try Explainer(Self.settings()).explain(exchange)
    }
  }

  @Test func `another spelling is explained by its normal form`() throws {
    let exchange = ExplainedExchange(
      method: .get, url: Array("https://a.example/%61/%c3%a9".utf8), fields: FieldSection(),
      time: WallTime(secondsSinceEpoch: 0))
    let key = try #require(try Explainer(Self.settings()).explain(exchange)["key"])
    #expect(key.value == "the target, its path in the normal form")
    #expect(key.details.contains("target /a/%C3%A9"))
  }

  private static func settings() throws -> Settings {
    var settings = Settings()
    var service = ServiceSettings(
      name: "service",
      origins: [OriginAddress(scheme: .http, endpoint: .host("127.0.0.1", port: 1))])
    service.kind = .plain
    settings.services = [service]
    var condition = ClientCertificateCondition()
    condition.dnsName = Wildcard("*.internal".utf8)
    var match = RouteMatch()
    match.clientCertificate = condition
    settings.routes = [
      RouteSettings(name: "inside", match: match, service: 0),
      RouteSettings(name: "outside", match: RouteMatch(), service: 0),
    ]
    return settings
  }

  @Test(arguments: [("shop.internal", "inside"), ("shop.example", "outside"), (nil, "outside")])
  func `the names in a certificate choose the route`(name: String?, route: String) throws {
    var exchange = ExplainedExchange(
      method: .get, url: Array("https://a.example/a".utf8), fields: FieldSection(),
      time: WallTime(secondsSinceEpoch: 0))
    exchange.certificate = name.map {
      ClientCertificateFacts(subject: [], dnsNames: [Array($0.utf8)], uris: [], fingerprint: [])
    }
    exchange.response = ResponseHead(status: .noContent, fields: Self.fresh)
    let explanation = try Explainer(Self.settings()).explain(exchange)
    #expect(explanation["route"]?.value == route)
    // The next request comes with the same certificate.
    #expect(explanation["then"]?.value == "answered from the store")
  }
}

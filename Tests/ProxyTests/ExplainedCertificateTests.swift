import Configuration
import HTTPModel
import Primitives
import Proxy
import Testing

/// `explain` takes the route that a client's certificate leads to.
@Suite struct ExplainedCertificateTests {
  private static func settings() throws -> Settings {
    var settings = Settings()
    settings.services = [
      ServiceSettings(
        name: "service",
        origins: [OriginAddress(scheme: .http, endpoint: .host("127.0.0.1", port: 1))])
    ]
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
    #expect(try Explainer(Self.settings()).explain(exchange)["route"]?.value == route)
  }
}

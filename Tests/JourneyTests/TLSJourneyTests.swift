import JourneySupport
import TestCertificates
import Testing

/// TLS on both sides of the proxy, with curl at one end.
@Suite struct TLSJourneyTests {
  private static let routes = """
      - match: { path: /** }
        service: auth
        cache: {}
    """

  /// A proxy that speaks TLS to clients, and what it serves under which authority.
  private func secured(
    before origin: Endpoint, _ authority: TestAuthority, for endpoint: Endpoint,
    clients: String = ""
  ) throws -> Countersign {
    let issued = try authority.issue(["localhost"])
    let directory = try JourneySupport.TemporaryDirectory()
    let text = Countersign.configuration(
      at: endpoint, before: "http://\(origin)", in: directory, routes: Self.routes,
      listener: """
            tls:
              certificate: \(issued.chainPath)
              key: \(issued.keyPath)
        \(clients)
        """)
    return try Countersign(configuration: text, endpoint: endpoint, in: directory)
  }

  private func arguments(_ endpoint: Endpoint, trusting authority: TestAuthority) -> [String] {
    [
      "--cacert", authority.bundlePath, "--connect-to", "localhost:443:\(endpoint)",
      "https://localhost/.well-known/jwks.json",
    ]
  }

  @Test(arguments: ["1.2", "1.3"])
  func `a client speaks TLS to the proxy, the proxy to its origin`(version: String) throws {
    let auth = try SampleAuth()
    let authority = try TestAuthority()
    let inner = try secured(before: auth.endpoint, authority, for: try Endpoint.leased())
    let outerEndpoint = try Endpoint.leased()
    let directory = try JourneySupport.TemporaryDirectory()
    let issued = try authority.issue(["localhost"])
    let outer = try Countersign(
      configuration: Countersign.configuration(
        at: outerEndpoint, before: "https://\(inner.endpoint)", in: directory,
        routes: Self.routes,
        service: "    tls: { ca: \(authority.bundlePath), server_name: localhost }",
        listener: """
              tls:
                certificate: \(issued.chainPath)
                key: \(issued.keyPath)
          """), endpoint: outerEndpoint, in: directory)
    let answer = try curl(
      ["--tlsv\(version)", "--tls-max", version]
        + arguments(outer.endpoint, trusting: authority))
    #expect(answer.status == 200)
    #expect(answer.body.contains("OKP"))
  }

  @Test func `an origin whose authority is not trusted is no origin`() throws {
    let auth = try SampleAuth()
    let inner = try secured(before: auth.endpoint, try TestAuthority(), for: try Endpoint.leased())
    let endpoint = try Endpoint.leased()
    let directory = try JourneySupport.TemporaryDirectory()
    let other = try TestAuthority()
    let outer = try Countersign(
      configuration: Countersign.configuration(
        at: endpoint, before: "https://\(inner.endpoint)", in: directory, routes: Self.routes,
        service: "    tls: { ca: \(other.bundlePath), server_name: localhost }"),
      endpoint: endpoint, in: directory)
    let answer = try curl(outer.url("/.well-known/jwks.json"))
    #expect(answer.status == 502)
    #expect(answer["Proxy-Status"]?.contains("tls") == true)
  }

  @Test func `a client without the certificate that is required gets nothing`() throws {
    let auth = try SampleAuth()
    let authority = try TestAuthority()
    let proxy = try secured(
      before: auth.endpoint, authority, for: try Endpoint.leased(),
      clients: "      client_certificates: { mode: required, ca: \(authority.bundlePath) }")
    let request = arguments(proxy.endpoint, trusting: authority)
    #expect(throws: JourneyFailure.self) { try curl(request) }
    let client = try authority.issue(["machine.internal"])
    #expect(
      try curl(["--cert", client.chainPath, "--key", client.keyPath] + request).status == 200)
  }
}

import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Proxy
import TestCertificates
import Testing

/// TLS towards clients (as curl speaks it) and towards origins.
@Suite struct TLSTests {
  private static func answering(_ body: String = "ok") throws -> ScriptedOrigin {
    try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
  }

  private static func files(_ issued: TestAuthority.Issued) -> CertificateFiles {
    CertificateFiles(certificate: issued.chainPath, key: issued.keyPath)
  }

  /// Runs curl against `https://NAME/`, sent to the proxy whatever the name.
  private static func curl(_ proxy: RunningProxy, name: String = "a.example", _ more: [String])
    throws
    -> (status: Int32, text: String)
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [
        "curl", "-sS", "-m", "20", "-i", "--http1.1", "--connect-to",
        "::\(proxy.endpoint.host):\(proxy.endpoint.port)",
      ] + more + ["https://\(name)/"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }

  @Test(arguments: [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]])
  func `both versions are spoken`(options: [String]) throws {
    let authority = try TestAuthority()
    let issued = try authority.issue(["a.example"])
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.listeners[0].tls = TLSServerSettings(certificates: [Self.files(issued)])
    }
    let result = try Self.curl(proxy, ["--cacert", authority.bundlePath] + options)
    #expect(result.status == 0, "\(result.text)")
    #expect(origin.requests.first?["X-Forwarded-Proto"] == "https")
  }

  @Test func `each name gets its certificate, an unknown one the first`() throws {
    let first = try TestAuthority(named: "First")
    let second = try TestAuthority(named: "Second")
    let issued = [try first.issue(["a.example"]), try second.issue(["b.example"])]
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.listeners[0].tls = TLSServerSettings(certificates: issued.map(Self.files))
    }
    // 60 is curl's word for a certificate it does not believe.
    #expect(try Self.curl(proxy, ["--cacert", first.bundlePath]).status == 0)
    #expect(try Self.curl(proxy, ["--cacert", second.bundlePath]).status == 60)
    #expect(try Self.curl(proxy, name: "b.example", ["--cacert", second.bundlePath]).status == 0)
    #expect(try Self.curl(proxy, name: "c.example", ["--cacert", first.bundlePath]).status == 60)
    #expect(origin.requests.count == 2)
  }

  @Test func `a required client certificate is required, an optional one is told to rules`() throws
  {
    let authority = try TestAuthority()
    let server = try authority.issue(["a.example"])
    let client = try authority.issue(["client.example"])
    let stranger = try TestAuthority(named: "Stranger").issue(["client.example"])
    let origin = try Self.answering()
    func proxy(_ mode: ClientCertificateMode) throws -> RunningProxy {
      try RunningProxy(before: origin.endpoint) {
        var tls = TLSServerSettings(certificates: [Self.files(server)])
        tls.clientCertificates = mode
        $0.listeners[0].tls = tls
        var match = RouteMatch()
        var condition = ClientCertificateCondition()
        condition.dnsName = Wildcard("client.example".utf8)
        match.clientCertificate = condition
        var route = RouteSettings(name: "known", match: match, service: 0)
        route.responseFields = [.set(name: FieldName("X-Known".utf8)!, value: Array("yes".utf8))]
        $0.routes.insert(route, at: 0)
      }
    }
    let required = try proxy(.required(authorities: authority.bundlePath))
    let trust = ["--cacert", authority.bundlePath]
    let shown = ["--cert", client.chainPath, "--key", client.keyPath]
    let strange = ["--cert", stranger.chainPath, "--key", stranger.keyPath]
    #expect(try Self.curl(required, trust).status != 0)
    #expect(
      try Self.curl(required, trust + strange).status
        != 0)
    let known = try Self.curl(required, trust + shown)
    #expect(known.status == 0)
    #expect(known.text.contains("X-Known: yes"))
    let optional = try proxy(.optional(authorities: authority.bundlePath))
    let unknown = try Self.curl(optional, trust)
    #expect(unknown.status == 0)
    #expect(!unknown.text.contains("X-Known"))
    #expect(
      try Self.curl(optional, trust + shown).text
        .contains("X-Known: yes"))
    #expect(
      try Self.curl(optional, trust + strange).status
        != 0)
    #expect(origin.requests.count == 3)
  }

  /// A proxy that speaks TLS before `origin`: an origin with TLS for another.
  private static func secureOrigin(
    _ issued: TestAuthority.Issued, before origin: ScriptedOrigin,
    clients: ClientCertificateMode = .off
  ) throws -> RunningProxy {
    try RunningProxy(before: origin.endpoint) {
      var tls = TLSServerSettings(certificates: [Self.files(issued)])
      tls.clientCertificates = clients
      $0.listeners[0].tls = tls
    }
  }

  @Test func `an origin is believed when its certificate is right`() throws {
    let authority = try TestAuthority()
    let origin = try Self.answering("secret")
    let secure = try Self.secureOrigin(try authority.issue(["auth.example"]), before: origin)
    func proxy(_ change: (inout TLSClientSettings) -> Void) throws -> RunningProxy {
      try RunningProxy(before: secure.endpoint) {
        $0.services[0].origins = [OriginAddress(secure.endpoint, scheme: .https)]
        $0.services[0].ejection = nil
        change(&$0.services[0].tls)
      }
    }
    let right = try proxy {
      $0.authorities = authority.bundlePath
      $0.serverName = "auth.example"
    }
    for _ in 0..<3 { #expect(try right.get("/").bodyText == "secret") }
    let wrongName = try proxy {
      $0.authorities = authority.bundlePath
      $0.serverName = "other.example"
    }
    let noName = try proxy { $0.authorities = authority.bundlePath }
    let wrongAuthority = try proxy { $0.serverName = "auth.example" }
    let badName = try proxy {
      $0.authorities = authority.bundlePath
      $0.serverName = "no name"
    }
    for wrong in [wrongName, noName, wrongAuthority, badName] {
      let answer = try wrong.get("/")
      #expect(answer.status == 502)
      #expect(answer.text.contains("origin-tls-failed"), "\(answer.text)")
      #expect(answer["Proxy-Status"]?.contains("error=tls_") == true)
    }
    let blind = try proxy {
      $0.verifies = false
      $0.serverName = "auth.example"
    }
    #expect(try blind.get("/").status == 200)
    #expect(origin.requests.count == 4)
  }

  @Test func `a Unix socket that should be secure and has no name is not used in the clear`() throws
  {
    let directory = try JourneySupport.TemporaryDirectory()
    let path = directory.path("origin.sock")
    let origin = try SocketServer(.unix(path))
    let proxy = try RunningProxy(before: try Endpoint.leased()) {
      $0.services[0].origins = [OriginAddress(scheme: .https, endpoint: .unix(path: path))]
      $0.services[0].tls.verifies = false
    }
    #expect(try proxy.get("/").status == 502)
    #expect(origin.lastRequest.isEmpty)
  }

  @Test func `a client certificate is shown to an origin that asks for it`() throws {
    let authority = try TestAuthority()
    let origin = try Self.answering()
    let secure = try Self.secureOrigin(
      try authority.issue(["auth.example"]), before: origin,
      clients: .required(authorities: authority.bundlePath))
    let shown = try authority.issue(["proxy.example"])
    func ask(_ certificate: CertificateFiles?) throws -> Int {
      try RunningProxy(before: secure.endpoint) {
        $0.services[0].origins = [OriginAddress(secure.endpoint, scheme: .https)]
        $0.services[0].tls.authorities = authority.bundlePath
        $0.services[0].tls.serverName = "auth.example"
        $0.services[0].tls.certificate = certificate
      }.get("/").status
    }
    #expect(try ask(Self.files(shown)) == 200)
    #expect(try ask(nil) == 502)
    #expect(origin.requests.count == 1)
  }

  @Test func `much passes through TLS on both sides, and what is cut off is not whole`() throws {
    let size = 24 << 20
    let authority = try TestAuthority()
    let origin = try RawOrigin { connection, _ in
      let head = try connection.receiveHead()
      let isCut = head?.target == "/cut"
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
      let piece = [UInt8](repeating: 0x61, count: 1 << 20)
      for _ in 0..<(isCut ? 3 : 24) { try connection.send(piece) }
      if !isCut { _ = try connection.receiveMore() }
    }
    let issued = try authority.issue(["auth.example"])
    let secure = try RunningProxy(before: origin.endpoint) {
      $0.listeners[0].tls = TLSServerSettings(certificates: [Self.files(issued)])
    }
    let proxy = try RunningProxy(before: secure.endpoint) {
      $0.services[0].origins = [OriginAddress(secure.endpoint, scheme: .https)]
      $0.services[0].tls.authorities = authority.bundlePath
      $0.services[0].tls.serverName = "auth.example"
    }
    let answer = try proxy.get("/whole")
    #expect(answer.body.count == size)
    let client = try proxy.connect()
    try client.send("GET /cut HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect((try? RawMessage(responseIn: client.receiveAll())) == nil)
  }

  @Test func `a reload changes certificates and leaves open connections alone`() throws {
    let old = try TestAuthority(named: "Old")
    let new = try TestAuthority(named: "New")
    let origin = try Self.answering()
    let secure = try Self.secureOrigin(try old.issue(["auth.example"]), before: origin)
    let proxy = try RunningProxy(before: secure.endpoint) {
      $0.process.loops = 1
      $0.services[0].origins = [OriginAddress(secure.endpoint, scheme: .https)]
      $0.services[0].tls.authorities = old.bundlePath
      $0.services[0].tls.serverName = "auth.example"
    }
    // A kept connection to the TLS listener, made before the reload.
    #expect(try proxy.get("/").status == 200)
    let before = try Self.curl(secure, name: "auth.example", ["--cacert", old.bundlePath])
    #expect(before.status == 0)
    var settings = secure.settings
    settings.listeners[0].tls = TLSServerSettings(certificates: [
      Self.files(try new.issue(["auth.example"]))
    ])
    try secure.server.reload(settings)
    #expect(try Self.curl(secure, name: "auth.example", ["--cacert", new.bundlePath]).status == 0)
    #expect(try Self.curl(secure, name: "auth.example", ["--cacert", old.bundlePath]).status == 60)
    // The old connection is still good; a new one would not be believed.
    #expect(try proxy.get("/").status == 200)
    #expect(origin.requests.count == 4)
  }

  @Test func `a listener whose key cannot be read does not start`() throws {
    let issued = try TestAuthority().issue(["a.example"])
    let origin = try Self.answering()
    #expect(throws: StartError.self) {
      try RunningProxy(before: origin.endpoint) {
        $0.listeners[0].tls = TLSServerSettings(certificates: [
          CertificateFiles(certificate: issued.chainPath, key: "/nowhere.key")
        ])
      }
    }
  }
}

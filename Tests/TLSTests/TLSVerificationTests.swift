import Cryptography
import Primitives
import TLS
import TestCertificates
import Testing

@Suite struct TLSVerificationTests {
  let fixture: Fixture
  let authority: TestAuthority

  init() throws {
    fixture = try Fixture()
    authority = fixture.authority
  }

  // MARK: Of origins

  private func handshake(
    _ files: TLSCertificateFiles, name: String = "localhost",
    _ change: (inout TLSClientSettings) -> Void = { _ in }
  ) throws -> Loopback {
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [files]), at: Fixture.now, dates: .warn)
    let pair = try Loopback(server, fixture.client(change), name: name)
    pair.run()
    return pair
  }

  @Test(arguments: ["localhost", "LOCALHOST.", "127.0.0.1", "::1", "[::1]"])
  func `a certificate for the origin's name or address is accepted`(name: String) throws {
    let pair = try handshake(fixture.files, name: name)
    #expect(pair.client.session.isHandshakeComplete)
    #expect(pair.client.last == .wantsBytes)
  }

  @Test(arguments: ["other.example", "127.0.0.2", "::2", "sub.localhost"])
  func `a certificate for another name is refused`(name: String) throws {
    let pair = try handshake(fixture.files, name: name)
    #expect(pair.client.failureCode == .certificateWrongName)
    #expect(pair.server.failureCode == .alertReceived)
  }

  @Test func `an address is not sent as a server name`() throws {
    #expect(try handshake(fixture.files, name: "127.0.0.1").server.session.serverName == nil)
  }

  @Test func `the common name does not count, nor does a wildcard within a label`() throws {
    let common = TLSCertificateFiles(try authority.issue([], commonName: "common.example"))
    let partial = TLSCertificateFiles(try authority.issue(["w*.example.org"]))
    #expect(
      try handshake(common, name: "common.example").client.failureCode == .certificateWrongName)
    #expect(
      try handshake(partial, name: "www.example.org").client.failureCode == .certificateWrongName)
  }

  @Test func `an unknown authority, and none but the system's, refuse our test certificate`() throws
  {
    let other = try TestAuthority(named: "Other")
    let unknown = try handshake(fixture.files) {
      $0.verification = .authorities(bundle: other.bundlePath)
    }
    #expect(unknown.client.failureCode == .certificateUntrusted)
    #expect(unknown.server.failure?.alert == 48)
    let system = try handshake(fixture.files) { $0.verification = .systemAuthorities }
    #expect(system.client.failureCode == .certificateUntrusted)
  }

  @Test func `a certificate out of its dates is refused`() throws {
    let expired = TLSCertificateFiles(
      try authority.issue(["localhost"], validFrom: -7200, validFor: 3600))
    let early = TLSCertificateFiles(try authority.issue(["localhost"], validFrom: 3600))
    #expect(try handshake(expired).client.failureCode == .certificateExpired)
    #expect(try handshake(early).client.failureCode == .certificateNotYetValid)
    #expect(
      try handshake(expired).client.failure?.description
        == "the peer's certificate is refused: certificate has expired")
  }

  @Test func `intermediate certificates are sent along`() throws {
    let intermediate = try authority.makeIntermediate()
    let pair = try handshake(TLSCertificateFiles(try intermediate.issue(["localhost"])))
    #expect(pair.client.session.isHandshakeComplete)
  }

  @Test func `anything passes where verification is turned off by name`() throws {
    let pair = try handshake(fixture.files, name: "other.example") {
      $0.verification = .dangerouslyAcceptsAnyCertificate
    }
    #expect(pair.client.session.isHandshakeComplete)
  }

  // MARK: Of clients

  private func connect(
    _ policy: TLSClientCertificates, with files: TLSCertificateFiles?,
    version: TLSVersion = .tls13
  ) throws -> Loopback {
    let server = try fixture.server { $0.clientCertificates = policy }
    // A client may load what has expired here, so that the server has something to refuse.
    var settings = TLSClientSettings()
    settings.verification = .authorities(bundle: authority.bundlePath)
    settings.certificate = files
    settings.maximumVersion = version
    let client = try TLSClientContext(settings, at: Fixture.now, dates: .warn)
    let pair = try Loopback(server, client)
    pair.run()
    return pair
  }

  private var authorities: TLSClientAuthorities {
    TLSClientAuthorities(bundle: authority.bundlePath)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a client's certificate says who it is`(version: TLSVersion) throws {
    let files = TLSCertificateFiles(
      try authority.issue(
        ["URI:spiffe://example/customer-service", "email:cs@example.org", "cs.example.org"],
        commonName: "Kundendienst, Zürich", organization: "Example"))
    for policy in [TLSClientCertificates.optional(authorities), .required(authorities)] {
      let pair = try connect(policy, with: files, version: version)
      let identity = try #require(pair.server.session.peerCertificate())
      #expect(
        identity.subject.displayText == "CN=Kundendienst\\, Z\\C3\\BCrich,O=Example")
      #expect(identity.commonName.map(\.displayText) == "Kundendienst, Zürich")
      #expect(identity.uris.map(\.displayText) == ["spiffe://example/customer-service"])
      #expect(identity.emailAddresses.map(\.displayText) == ["cs@example.org"])
      #expect(identity.dnsNames.map(\.displayText) == ["cs.example.org"])
      #expect(identity.fingerprint.hexadecimal.count == 64)
    }
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `without a certificate, optional lets in and required does not`(version: TLSVersion) throws {
    let optional = try connect(.optional(authorities), with: nil, version: version)
    #expect(optional.server.session.isHandshakeComplete)
    #expect(optional.server.session.peerCertificate() == nil)
    let required = try connect(.required(authorities), with: nil, version: version)
    #expect(required.server.failureCode == .certificateMissing)
    #expect(required.client.failureCode == .alertReceived)
  }

  @Test func `where no certificate is asked for, none is shown`() throws {
    let pair = try connect(.none, with: TLSCertificateFiles(try authority.issue(["a.example"])))
    #expect(pair.server.session.isHandshakeComplete)
    #expect(pair.server.session.peerCertificate() == nil)
  }

  @Test func `a bad client certificate is refused, also where it is optional`() throws {
    let other = try TestAuthority(named: "Other")
    let stranger = TLSCertificateFiles(try other.issue(["a.example"]))
    let expired = TLSCertificateFiles(
      try authority.issue(["a.example"], validFrom: -7200, validFor: 3600))
    for policy in [TLSClientCertificates.optional(authorities), .required(authorities)] {
      #expect(try connect(policy, with: expired).server.failureCode == .certificateExpired)
      #expect(try connect(policy, with: stranger).server.failureCode == .certificateUntrusted)
    }
    withExtendedLifetime(other) {}
  }

  @Test func `a chain longer than the depth is refused`() throws {
    let files = TLSCertificateFiles(
      try authority.makeIntermediate().makeIntermediate(named: "Second").issue(["a.example"]))
    let short = TLSClientAuthorities(bundle: authority.bundlePath, depth: 0)
    let pair = try connect(.required(short), with: files)
    #expect(pair.server.failureCode == .certificateUntrusted)
  }
}

@Suite struct TLSPeerNameTests {
  @Test(arguments: [
    ("Auth.Example", "auth.example"), ("auth.example.", "auth.example"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("10.0.0.7", "10.0.0.7"), ("_dmarc.a-b.example", "_dmarc.a-b.example"),
  ])
  func `names are kept in one spelling`(text: String, expected: String) {
    #expect(TLSPeerName(text)?.text == expected)
  }

  @Test(arguments: [
    "", ".", "a..b", "a b", "a/b", "bücher.example", "*.example", "a\u{0}.example",
    String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "aa", "[::1", "a:80",
  ])
  func `what is no name is refused`(text: String) {
    #expect(TLSPeerName(text) == nil)
  }
}

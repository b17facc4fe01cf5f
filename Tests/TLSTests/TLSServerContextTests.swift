import Primitives
import TLS
import TestCertificates
import Testing

@Suite struct TLSServerContextTests {
  let fixture: Fixture
  let authority: TestAuthority

  init() throws {
    fixture = try Fixture()
    authority = fixture.authority
  }

  private func loading(
    _ files: TLSCertificateFiles..., change: (inout TLSServerSettings) -> Void = { _ in }
  ) -> TLSLoadError? {
    var settings = TLSServerSettings(certificates: files)
    change(&settings)
    do throws(TLSLoadError) {
      _ = try TLSServerContext(settings, at: Fixture.now)
      return nil
    } catch {
      return error
    }
  }

  // MARK: Loading

  @Test func `a file that is not there is named with the system's reason`() {
    let error = loading(TLSCertificateFiles(chain: "/nowhere/a.pem", key: fixture.files.key))
    #expect(error?.code == .unreadableFile)
    #expect(error?.path == "/nowhere/a.pem")
    #expect(
      error?.message == "cannot read the certificate /nowhere/a.pem: No such file or directory")
    let key = loading(TLSCertificateFiles(chain: fixture.files.chain, key: "/nowhere/a.key"))
    #expect(key?.message == "cannot read the key /nowhere/a.key: No such file or directory")
  }

  @Test func `a key that belongs to another certificate is told with both paths`() throws {
    let other = try authority.issue(["other.example"])
    let error = loading(TLSCertificateFiles(chain: fixture.files.chain, key: other.keyPath))
    #expect(error?.code == .keyMismatch)
    #expect(
      error?.message
        == "the key \(other.keyPath) does not belong to the certificate \(fixture.files.chain)")
  }

  @Test func `an encrypted key is refused without asking for its password`() throws {
    let error = loading(TLSCertificateFiles(try authority.issue(["a.example"], password: "secret")))
    #expect(error?.code == .encryptedKey)
    #expect(error?.message.contains("is encrypted") == true)
  }

  @Test func `files that hold something else are told apart`() throws {
    let text = try authority.directory.write("hello\n", to: "text.pem")
    let broken = try authority.directory.write(
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "broken.pem")
    #expect(loading(.init(chain: text, key: fixture.files.key))?.code == .noCertificate)
    #expect(loading(.init(chain: fixture.files.chain, key: text))?.code == .badKey)
    let malformed = loading(.init(chain: broken, key: fixture.files.key))
    #expect(malformed?.message.contains("certificate 1 in the certificate file") == true)
    // A certificate where the key belongs, and the other way round.
    #expect(
      loading(.init(chain: fixture.files.key, key: fixture.files.key))?.code == .noCertificate)
    #expect(loading(.init(chain: fixture.files.chain, key: fixture.files.chain))?.code == .badKey)
  }

  @Test func `a certificate out of its dates is refused at start and let pass on reload`() throws {
    let expired = TLSCertificateFiles(
      try authority.issue(["old.example"], validFrom: -7200, validFor: 3600))
    let early = TLSCertificateFiles(try authority.issue(["new.example"], validFrom: 3600))
    #expect(loading(expired)?.message == "the certificate \(expired.chain) has expired")
    #expect(loading(early)?.message == "the certificate \(early.chain) is not valid yet")
    let context = try TLSServerContext(
      TLSServerSettings(certificates: [expired, early]), at: Fixture.now, dates: .warn)
    #expect(context.warnings.map(\.code) == [.expired, .notYetValid])
  }

  @Test func `settings that cannot be are refused`() throws {
    #expect(loading()?.code == .noCertificate)
    #expect(
      loading(fixture.files) { $0.ciphers = .custom(tls12: "X", tls13: "Y") }?.code == .badSetting)
    #expect(loading(fixture.files) { $0.applicationProtocols = [[]] }?.code == .badSetting)
    #expect(loading(fixture.files) { $0.ticketsPerHandshake = -1 }?.code == .badSetting)
    let empty = try authority.directory.write("", to: "empty.pem")
    let error = loading(fixture.files) {
      $0.clientCertificates = .required(TLSClientAuthorities(bundle: empty))
    }
    #expect(error?.message == "the CA bundle \(empty) holds no certificate in PEM form")
    #expect(
      loading(fixture.files) {
        $0.clientCertificates = .required(
          TLSClientAuthorities(bundle: authority.bundlePath, depth: 99))
      }?.code == .badSetting)
  }

  @Test func `every problem is found at once`() throws {
    let expired = TLSCertificateFiles(
      try authority.issue(["old.example"], validFrom: -7200, validFor: 3600))
    var settings = TLSServerSettings(certificates: [
      expired, TLSCertificateFiles(chain: "/nowhere/a.pem", key: "/nowhere/a.key"), fixture.files,
    ])
    settings.clientCertificates = .optional(TLSClientAuthorities(bundle: "/nowhere/ca.pem"))
    let problems = TLSServerContext.problems(in: settings, at: Fixture.now)
    #expect(problems.map(\.code) == [.expired, .unreadableFile, .unreadableFile])
    let good = TLSServerSettings(certificates: [fixture.files])
    #expect(TLSServerContext.problems(in: good, at: Fixture.now).isEmpty)
  }

  // MARK: Names

  @Test(arguments: [
    ("a.example", "a.example"), ("A.Example", "a.example"), ("www.b.example", "*.b.example"),
    ("b.example", "localhost"), ("x.y.b.example", "localhost"), ("nobody.example", "localhost"),
    ("special.b.example", "special.b.example"), ("common.example", "common.example"),
  ])
  func `a client gets the certificate for the name that it asks for`(
    name: String, expected: String
  ) throws {
    let issued = try [
      authority.issue(["a.example"]), authority.issue(["*.b.example"]),
      authority.issue(["special.b.example"]), authority.issue([], commonName: "common.example"),
    ]
    let server = try fixture.server { $0.certificates += issued.map(TLSCertificateFiles.init) }
    let client = try fixture.client { $0.verification = .dangerouslyAcceptsAnyCertificate }
    let pair = try Loopback(server, client, name: name)
    pair.run()
    let shown = pair.client.session.peerCertificate()
    #expect((shown?.dnsNames.first ?? shown?.commonName).map(\.displayText) == expected)
    #expect(pair.server.session.serverName.map(\.displayText) == name.lowercased())
  }

  @Test func `one name may have certificates with two types of keys`() throws {
    let names = ["localhost"]
    let files = try [
      TLSCertificateFiles(authority.issue(names, keyType: .rsa)),
      TLSCertificateFiles(authority.issue(names, keyType: .ecdsa)),
    ]
    let server = try fixture.server { $0.certificates = files }
    for type in ["RSA", "ECDSA"] {
      let client = try fixture.client {
        $0.maximumVersion = .tls12
        $0.ciphers = .custom(
          tls12: "ECDHE-\(type)-AES128-GCM-SHA256", tls13: "TLS_AES_128_GCM_SHA256")
      }
      let pair = try Loopback(server, client)
      pair.run()
      #expect(pair.client.session.cipherSuite == "TLS_ECDHE_\(type)_WITH_AES_128_GCM_SHA256")
    }
  }

  // MARK: Protocols

  @Test func `the server's preferred protocol wins and a stranger's is refused`() throws {
    let server = try fixture.server {
      $0.applicationProtocols = [Array("h2".utf8), Array("http/1.1".utf8)]
    }
    let both = try fixture.client {
      $0.applicationProtocols = [Array("http/1.1".utf8), Array("h2".utf8)]
    }
    let agreed = try Loopback(server, both)
    agreed.run()
    #expect(agreed.client.session.applicationProtocol.map(\.displayText) == "h2")

    let none = try Loopback(server, fixture.client { $0.applicationProtocols = [] })
    none.run()
    #expect(none.server.session.isHandshakeComplete)
    #expect(none.server.session.applicationProtocol == nil)

    let stranger = try Loopback(
      server, fixture.client { $0.applicationProtocols = [Array("irc".utf8)] })
    stranger.run()
    #expect(stranger.server.failureCode == .noSharedProtocol)
    #expect(stranger.client.failure?.alert == 120)
  }

  // MARK: Reload

  @Test func `connections begun before a reload go on, those after it see the new certificate`()
    throws
  {
    let reference = TLSServerContextReference(try fixture.server())
    let client = try fixture.client()
    let before = try Loopback(reference.current, client)
    before.run()
    let files = TLSCertificateFiles(try authority.issue(["localhost"], organization: "New"))
    reference.replace(with: try fixture.server { $0.certificates = [files] })
    let after = try Loopback(reference.current, client)
    after.run()
    before.send(Array("still here".utf8), from: before.client, to: before.server)
    #expect(before.server.plaintext.displayText == "still here")
    #expect(after.client.session.peerCertificate()?.subject.displayText == "CN=localhost,O=New")
  }
}

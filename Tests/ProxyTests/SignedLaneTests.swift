import Configuration
import Cryptography
import Foundation
import HTTPModel
import JOSE
import JourneySupport
import Primitives
import Proxy
import Synchronization
import Testing
import Verdict

import enum TestCertificates.TestKeys

/// A service that signs its verdicts, and what an operator is given of its keys.
final class SigningService: Sendable {
  let files: TemporaryDirectory
  private let signer: Mutex<JWSSigner>

  init() throws {
    files = try TemporaryDirectory()
    signer = Mutex(try Self.signer(try SigningKey.generate(.ed25519), "one"))
  }

  static func signer(_ key: SigningKey, _ name: String) throws -> JWSSigner {
    JWSSigner(key: key, type: "verdict+jwt", keyIdentifier: Array(name.utf8))
  }

  /// Signs with this key from now on; gives the published set with it.
  func use(_ key: SigningKey, _ name: String) throws -> String {
    let next = try Self.signer(key, name)
    signer.withLock { $0 = next }
    return Self.keySet([(name, key)])
  }

  static func keySet(_ keys: [(String, SigningKey)]) -> String {
    let text = JWK.setText(
      of: keys.map { (identifier: Array($0.0.utf8), key: $0.1.verificationKey) })
    return String(decoding: text, as: UTF8.self)
  }

  /// The signed verdict on a request, its claims put otherwise where that is asked for.
  func verdict(on request: RawMessage, _ changes: [String: String] = [:]) -> String {
    let now = Int(Date().timeIntervalSince1970)
    var claims = [
      "iat": "\(now)", "exp": "\(now + 20)", "decision": "true",
      "htm": "\"\(request.method)\"", "nonce": "\"\(request["Transaction-Token"] ?? "")\"",
    ]
    for (name, value) in changes { claims[name] = value.isEmpty ? nil : value }
    let text = "{" + claims.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    let token = signer.withLock { signer in try? signer.sign(Array(text.utf8)) }
    return String(decoding: token ?? [], as: UTF8.self)
  }
}

/// Signed verdicts over real connections.
@Suite struct SignedLaneTests {
  private static let request =
    "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\n{}"

  static func answer(_ token: String?, body: String = "{}", type: String = "application/json")
    -> String
  {
    "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n"
      + (token.map { "Verdict-Token: \($0)\r\n" } ?? "")
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static func rule(_ change: VerdictClaims = [.method]) -> DecisionRule {
    DecisionRule(binding: .jwt(JWTRule(keys: "service", demanded: change)))
  }

  private func proxy(
    _ keys: KeySetSettings.Source, before origin: ScriptedOrigin, rule: DecisionRule = rule(),
    rsa: RSAAlgorithm = .rs256
  ) throws -> RunningProxy {
    try RunningProxy(before: origin.endpoint) { settings in
      settings.services[0].ejection = nil
      var set = KeySetSettings(name: "service", source: keys)
      set.refresh = Milliseconds(1_000)
      set.rsaAlgorithm = rsa
      settings.keySets = [set]
      try settings.decide("/login", rule)
    }
  }

  @Test func `a signed verdict passes once, and its replay is refused`() throws {
    let service = try SigningService()
    let key = try SigningKey.generate(.ed25519)
    let path = try service.files.write(try service.use(key, "a"), to: "jwks.json")
    let kept = Mutex<String?>(nil)
    let origin = try ScriptedOrigin { request in
      // Like a cache: the first answer to all.
      kept.withLock { kept in
        let answer = kept ?? Self.answer(service.verdict(on: request))
        kept = answer
        return answer
      }
    }
    let proxy = try proxy(.jwks(path: path), before: origin)
    let first = try proxy.ask(Self.request)
    #expect(first.status == 200)
    #expect(first["Verdict-Token"] == nil)
    let second = try proxy.ask(Self.request)
    #expect(second.status == 403)
    #expect(second["Proxy-Status"]?.contains("token-mismatch") == true)
  }

  @Test(arguments: [
    ("no signed verdict", "", "proof-missing"), ("what is no token", "a.b.c", "proof-malformed"),
  ])
  func `what is no signed verdict is refused`(name: String, token: String, reason: String) throws {
    let service = try SigningService()
    let key = try SigningKey.generate(.ed25519)
    let path = try service.files.write(try service.use(key, "a"), to: "jwks.json")
    let origin = try ScriptedOrigin { _ in Self.answer(token.isEmpty ? nil : token) }
    let answer = try proxy(.jwks(path: path), before: origin).ask(Self.request)
    #expect(answer.status == 403)
    #expect(answer["Proxy-Status"]?.contains(reason) == true)
  }

  @Test func `a verdict signed by another, or with another name of a key, is refused`() throws {
    let service = try SigningService()
    let trusted = try SigningKey.generate(.ed25519)
    let path = try service.files.write(
      SigningService.keySet([("a", trusted)]), to: "jwks.json")
    _ = try service.use(try SigningKey.generate(.ed25519), "a")
    let origin = try ScriptedOrigin { Self.answer(service.verdict(on: $0)) }
    let proxy = try proxy(.jwks(path: path), before: origin)
    #expect(try proxy.ask(Self.request)["Proxy-Status"]?.contains("signature-invalid") == true)
    _ = try service.use(trusted, "b")
    #expect(try proxy.ask(Self.request)["Proxy-Status"]?.contains("key-unknown") == true)
    _ = try service.use(trusted, "a")
    #expect(try proxy.ask(Self.request).status == 200)
  }

  @Test func `a shared secret is checked without leaving the loop`() throws {
    let service = try SigningService()
    let secret = String(repeating: "s", count: 40)
    let path = try service.files.write(secret + "\n", to: "secret")
    _ = try service.use(try SigningKey(hmacSecret: Array(secret.utf8)), "any")
    let origin = try ScriptedOrigin { Self.answer(service.verdict(on: $0)) }
    #expect(try proxy(.secret(path: path), before: origin).ask(Self.request).status == 200)
  }

  @Test func `keys are fetched past interim answers, and a new one is looked for`() throws {
    let service = try SigningService()
    let first = try SigningKey.generate(.ed25519)
    let second = try SigningKey.generate(.p256)
    let published = Mutex(try service.use(first, "first"))
    let keys = try ScriptedOrigin { _ in
      let text = published.withLock { $0 }
      return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }
    let origin = try ScriptedOrigin { Self.answer(service.verdict(on: $0)) }
    let proxy = try proxy(
      .published(KeyAddress(origin: OriginAddress(keys.endpoint), target: Array("/jwks".utf8))),
      before: origin)
    try until { proxy.view.faults.isEmpty }
    #expect(try proxy.ask(Self.request).status == 200)
    // The service signs with a key that was not published when the keys were fetched.
    let both = SigningService.keySet([("first", first), ("second", second)])
    published.withLock { $0 = both }
    _ = try service.use(second, "second")
    try until { try proxy.ask(Self.request).status == 200 }
    _ = try service.use(first, "first")
    #expect(try proxy.ask(Self.request).status == 200)
    #expect(keys.requests.first?["User-Agent"] == "countersign-keys")
  }

  @Test(arguments: [(RSAAlgorithm.ps256, 200), (.rs256, 403)])
  func `what a published RSA key signs with is what the settings say`(
    algorithm: RSAAlgorithm, status: Int
  ) throws {
    let service = try SigningService()
    let key = try SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPSSSHA256)
    let text = try service.use(key, "a").replacing(#""alg":"PS256","#, with: "")
    let keys = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }
    let origin = try ScriptedOrigin { Self.answer(service.verdict(on: $0)) }
    let proxy = try proxy(
      .published(KeyAddress(origin: OriginAddress(keys.endpoint), target: Array("/jwks".utf8))),
      before: origin, rsa: algorithm)
    try until { proxy.view.faults.isEmpty }
    #expect(try proxy.ask(Self.request).status == status)
  }

  @Test func `without keys every verdict is refused, and readiness says why`() throws {
    let service = try SigningService()
    let key = try SigningKey.generate(.ed25519)
    let text = try service.use(key, "a")
    let isUp = Mutex(false)
    let keys = try ScriptedOrigin { _ in
      isUp.withLock { $0 }
        ? "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
        : "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    }
    let origin = try ScriptedOrigin { Self.answer(service.verdict(on: $0)) }
    let proxy = try proxy(
      .published(KeyAddress(origin: OriginAddress(keys.endpoint), target: Array("/jwks".utf8))),
      before: origin)
    let refused = try proxy.ask(Self.request)
    #expect(refused.status == 403)
    #expect(refused["Proxy-Status"]?.contains("keys-unavailable") == true)
    #expect(proxy.view.faults == ["keys service: keys-never-fetched"])
    isUp.withLock { $0 = true }
    try until { proxy.view.faults.isEmpty }
    #expect(try proxy.ask(Self.request).status == 200)
  }

  @Test func `a signed answer of introspection reaches its consumer as what it says`() throws {
    let files = try TemporaryDirectory()
    let key = try SigningKey.generate(.p256)
    let path = try files.write(SigningService.keySet([("as", key)]), to: "jwks.json")
    let signer = JWSSigner(
      key: key, type: "token-introspection+jwt", keyIdentifier: Array("as".utf8))
    let age = Mutex(0)
    let origin = try ScriptedOrigin { _ in
      let now = Int(Date().timeIntervalSince1970) - age.withLock { $0 }
      let text =
        #"{"iss":"as","aud":"us","iat":\#(now),"#
        + #""token_introspection":{"active":true,"username":"ann"}}"#
      let token = (try? signer.sign(Array(text.utf8))) ?? []
      return Self.answer(
        nil, body: String(decoding: token, as: UTF8.self),
        type: "application/token-introspection+jwt")
    }
    let proxy = try proxy(
      .jwks(path: path), before: origin,
      rule: DecisionRule(
        binding: .introspectionJWT(
          IntrospectionRule(keys: "service", audience: Array("us".utf8)))))
    let answer = try proxy.ask(Self.request)
    #expect(answer.status == 200)
    #expect(answer["Content-Type"] == "application/json")
    #expect(answer.bodyText == #"{"active":true,"username":"ann"}"#)
    #expect(origin.requests[0]["Accept"] == "application/token-introspection+jwt")
    let signed = try proxy.ask(
      "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n"
        + "Accept: application/token-introspection+jwt\r\n\r\n{}")
    #expect(signed.bodyText.split(separator: ".").count == 3)
    age.withLock { $0 = 60 }
    let old = try proxy.ask(Self.request)
    #expect(old["Proxy-Status"]?.contains("issued-before-request") == true)
  }

  /// An origin that attests what a service echoes, behind an edge that verifies it.
  private func edge(
    before service: Endpoint, between: (Endpoint) throws -> Endpoint = { $0 },
    files: TemporaryDirectory, key: SigningKey
  ) throws -> (edge: RunningProxy, origin: RunningProxy) {
    let pem = try files.write(
      String(decoding: try #require(try key.privatePEM()), as: UTF8.self), to: "attest.pem")
    let origin = try RunningProxy(before: service) { settings in
      var attestation = AttestationSettings()
      attestation.keys = [pem]
      attestation.issuer = Array("origin".utf8)
      settings.attestation = attestation
      settings.services[0].ejection = nil
      try settings.decide("/login", DecisionRule(binding: .echo(EchoRule()), attests: true))
    }
    let address = KeyAddress(
      origin: OriginAddress(origin.endpoint), target: Array(AttestationSettings.standardPath.utf8))
    let edge = try RunningProxy(before: try between(origin.endpoint)) { settings in
      settings.keySets = [KeySetSettings(name: "service", source: .published(address))]
      settings.services[0].ejection = nil
      try settings.decide(
        "/login",
        DecisionRule(
          binding: .jwt(
            JWTRule(keys: "service", issuer: Array("origin".utf8), demanded: .attested)),
          role: .edge))
    }
    try until { edge.view.faults.isEmpty }
    return (edge, origin)
  }

  @Test func `an edge takes what an origin attests for this request, and nothing kept`() throws {
    let service = try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "")\r\n"
        + "Content-Length: 2\r\n\r\n{}"
    }
    let kept = Mutex<[UInt8]?>(nil)
    var cache: ScriptedOrigin?
    let (edge, origin) = try edge(
      before: service.endpoint,
      between: { endpoint in
        let made = try ScriptedOrigin { request, connection in
          // A cache without manners, between the two: the first answer to all.
          if let old = kept.withLock({ $0 }) { return try connection.send(old) }
          let answer = try RawConnection(to: endpoint).exchange(request.text)
          kept.withLock { $0 = answer.bytes }
          try connection.send(answer.bytes)
        }
        cache = made
        return made.endpoint
      }, files: try TemporaryDirectory(), key: try SigningKey.generate(.ed25519))
    let first = try edge.ask(Self.request)
    #expect(first.status == 200)
    #expect(first["Verdict-Token"] == nil)
    let second = try edge.ask(Self.request)
    #expect(second.status == 403)
    #expect(second["Proxy-Status"]?.contains("token-mismatch") == true)
    #expect(cache?.requests.count == 2)
    // The edge's token is not the one that the service sees.
    #expect(service.requests[0]["Transaction-Token"] != cache?.requests[0]["Transaction-Token"])
    let published = try origin.get(AttestationSettings.standardPath)
    #expect(published.status == 200)
    #expect(published["Content-Type"] == "application/jwk-set+json")
    #expect(published.bodyText.contains("Ed25519"))
    #expect(!published.bodyText.contains("\"d\""))
  }

  @Test func `a consumer's own token comes back on a verified verdict only`() throws {
    let isGood = Mutex(true)
    let service = try ScriptedOrigin { request in
      let token = isGood.withLock { $0 } ? request["Transaction-Token"] ?? "" : "other"
      return "HTTP/1.1 200 OK\r\nTransaction-Token: \(token)\r\nContent-Length: 2\r\n\r\n{}"
    }
    let proxy = try RunningProxy(before: service.endpoint) { settings in
      try settings.decide("/login", DecisionRule(binding: .echo(EchoRule())))
    }
    let asked =
      "POST /login HTTP/1.1\r\nHost: a.example\r\nTransaction-Token: mine\r\n"
      + "Content-Length: 2\r\n\r\n{}"
    #expect(try proxy.ask(asked)["Transaction-Token"] == "mine")
    isGood.withLock { $0 = false }
    let refused = try proxy.ask(asked)
    #expect(refused.status == 403)
    #expect(refused["Transaction-Token"] == nil)
  }
}

/// Asks again and again until it is so.
private func until(_ condition: () throws -> Bool) throws {
  _ = try eventually("a condition") { try condition() ? true : nil }
}

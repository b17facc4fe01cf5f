import Admin
import Audit
import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Proxy
import Synchronization
import Testing
import Verdict

@Suite struct AdminResponderTests {
  private func responder(
    _ scene: StagedSource.Scene = StagedSource.Scene(), token: BearerToken? = nil,
    reload: @escaping AdminResponder.Reload = { nil }
  ) -> AdminResponder {
    AdminResponder(StagedSource(scene), token: token, reload: reload)
  }

  // MARK: Methods and paths

  @Test(arguments: AdminEndpoint.allCases)
  func `every endpoint answers its methods and no others`(endpoint: AdminEndpoint) {
    let responder = responder()
    for method in [Method.get, .head, .post, .put, .delete, .options, .other(Array("get".utf8))] {
      let isRight =
        endpoint.isAction ? method == .post : method == .get || method == .head
      let answer = responder.answer(method, endpoint.rawValue, content: "host=example.com")
      #expect(answer.head.status == (isRight ? .ok : Status(405)), "\(method) \(endpoint)")
      #expect(answer.value(.allow) == (isRight ? nil : endpoint.isAction ? "POST" : "GET, HEAD"))
    }
  }

  @Test(arguments: ["/nothing", "/healthz/", "//healthz", "/HEALTHZ", "/healthz%20", "*"])
  func `other paths are not found`(target: String) {
    #expect(responder().answer(.get, target).head.status == .notFound)
  }

  @Test func `a query changes nothing about where a request goes`() {
    #expect(responder().answer(.get, "/healthz?a=b").head.status == .ok)
  }

  @Test func `no answer may be stored`() {
    let responder = responder(reload: { "no" })
    for target in AdminEndpoint.allCases.map(\.rawValue) + ["/nothing"] {
      for method in [Method.get, .post] {
        #expect(responder.answer(method, target).value(.cacheControl) == "no-store")
      }
    }
  }

  @Test func `the index lists every endpoint with its method`() {
    let index = responder().answer(.get, "/").text
    for endpoint in AdminEndpoint.allCases {
      #expect(
        index.contains("\(endpoint.isAction ? "POST" : "GET ") \(endpoint.rawValue)"))
    }
  }

  // MARK: Token

  @Test func `without the token nothing is answered, not even what is not there`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("0123456789abcdef", to: "token")
    #expect(chmod(path, 0o600) == 0)
    let responder = responder(
      token: try BearerToken(file: path),
      reload: {
        Issue.record("a stranger reloads")
        return nil
      })
    for target in AdminEndpoint.allCases.map(\.rawValue) + ["/nothing"] {
      for method in [Method.get, .post] {
        let answer = responder.answer(method, target)
        #expect(answer.head.status == .unauthorized)
        #expect(answer.value(.wwwAuthenticate) == "Bearer realm=\"countersign\"")
        #expect(answer.value(.cacheControl) == "no-store")
      }
    }
    var fields = FieldSection()
    fields.append(.authorization, "Bearer 0123456789abcdeF")
    let refused = responder.answer(.get, "/healthz", fields: fields)
    #expect(refused.head.status == .unauthorized)
    #expect(refused.value(.wwwAuthenticate)?.contains("error=\"invalid_token\"") == true)
    fields.set(.authorization, "Bearer 0123456789abcdef")
    #expect(responder.answer(.get, "/healthz", fields: fields).head.status == .ok)
  }

  @Test(arguments: ["127.0.0.1:9443", "[::1]:9443", "unix:@admin"])
  func `an address without permissions of its own needs a token file`(text: String) throws {
    var settings = Settings()
    settings.admin?.address = try #require(address(text))
    let failure = #expect(throws: StartError.self) {
      _ = try AdminResponder.make(settings) { nil }
    }
    #expect(failure?.description.contains("token_file") == true)
    settings.admin?.address = .unix(path: "/run/admin.sock")
    #expect(try AdminResponder.make(settings) { nil } != nil)
    settings.admin = nil
    #expect(try AdminResponder.make(settings) { nil } == nil)
  }

  private func address(_ text: String) -> ListenAddress? {
    if text.hasPrefix("unix:") { return .unix(path: String(text.dropFirst(5))) }
    let parts = text.split(separator: ":")
    let host = parts.dropLast().joined(separator: ":")
    let literal = text.hasPrefix("[") ? "::1" : host
    return IPAddress(text: Array(literal.utf8)).map { .ip($0, port: 9443) }
  }

  // MARK: Readiness

  @Test func `a proxy that serves and has origins is ready`() {
    let scene = StagedSource.Scene(services: [
      service("auth", origins: ["http://a", "http://b"], down: [0])
    ])
    let answer = responder(scene).answer(.get, "/readyz")
    #expect(answer.head.status == .ok)
    #expect(answer.text == "ready\n")
  }

  @Test func `a proxy of which a service has no origin is not ready, and says which`() {
    let scene = StagedSource.Scene(services: [
      service("auth", origins: ["http://a", "http://b"], down: [0], ejected: [1]),
      service("shop", origins: ["http://c"]),
      service("mail", origins: ["http://d"], down: [0]),
    ])
    let answer = responder(scene).answer(.get, "/readyz")
    #expect(answer.head.status == .serviceUnavailable)
    #expect(
      answer.text
        == "service auth: no origin is in service\nservice mail: no origin is in service\n")
    #expect(responder(scene).answer(.get, "/healthz").head.status == .ok)
  }

  @Test func `a proxy that lacks something itself is not ready, and says what`() {
    let scene = StagedSource.Scene(faults: ["listener 0.0.0.0:443: failed for good"])
    let answer = responder(scene).answer(.get, "/readyz")
    #expect(answer.head.status == .serviceUnavailable)
    #expect(answer.text == "listener 0.0.0.0:443: failed for good\n")
  }

  @Test func `a proxy that starts or stops is healthy and not ready`() {
    for (phase, word) in [(ProxyView.Phase.starting, "starting\n"), (.stopping, "stopping\n")] {
      let responder = responder(StagedSource.Scene(phase: phase))
      #expect(responder.answer(.get, "/readyz").head.status == .serviceUnavailable)
      #expect(responder.answer(.get, "/readyz").text == word)
      #expect(responder.answer(.get, "/healthz").head.status == .ok)
      #expect(responder.answer(.post, "/reload").head.status == .serviceUnavailable)
    }
  }

  // MARK: Documents

  @Test func `the metrics are in the text format of Prometheus`() {
    let answer = responder().answer(.get, "/metrics")
    #expect(answer.value(.contentType) == "text/plain; version=0.0.4; charset=utf-8")
    #expect(answer.text == "up 1\n")
  }

  @Test func `the settings in force are YAML, whole or what was changed`() {
    var settings = Settings()
    settings.name = Array("here".utf8)
    let responder = responder(StagedSource.Scene(settings: settings))
    let whole = responder.answer(.get, "/config")
    #expect(whole.value(.contentType) == "application/yaml")
    #expect(whole.text == settings.yaml())
    #expect(responder.answer(.get, "/config?changes").text == settings.yaml(onlyChanges: true))
    #expect(
      self.responder(StagedSource.Scene(settings: nil)).answer(.get, "/config").head.status
        == .serviceUnavailable)
  }

  private var snakeCaseDecoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  private struct Origins: Decodable {
    struct Service: Decodable {
      let name: String
      let inService: Int
      let origins: [Origin]
    }

    struct Origin: Decodable, Equatable {
      let name: String
      let inService: Bool
      let probes: String
      let probeFailure: String?
      let ejectedForMs: Int?
      let consecutiveFailures: Int
      let lastFault: String?
    }

    let services: [Service]
  }

  @Test func `the origins' health is JSON in the order of the settings`() throws {
    let scene = StagedSource.Scene(services: [
      service("b", origins: ["http://1", "http://2", "http://\"3\""], down: [1], ejected: [2]),
      service("a", origins: []),
    ])
    let answer = responder(scene).answer(.get, "/origins")
    #expect(answer.value(.contentType) == "application/json")
    let origins = try snakeCaseDecoder.decode(Origins.self, from: Data(answer.content))
    #expect(origins.services.map(\.name) == ["b", "a"])
    #expect(origins.services.map(\.inService) == [1, 0])
    #expect(
      origins.services[0].origins == [
        Origins.Origin(
          name: "http://1", inService: true, probes: "unknown", probeFailure: nil,
          ejectedForMs: nil, consecutiveFailures: 0, lastFault: nil),
        Origins.Origin(
          name: "http://2", inService: false, probes: "down", probeFailure: "timeout",
          ejectedForMs: nil, consecutiveFailures: 0, lastFault: nil),
        Origins.Origin(
          name: "http://\"3\"", inService: false, probes: "unknown", probeFailure: nil,
          ejectedForMs: 0, consecutiveFailures: 1, lastFault: "closed-before-response"),
      ])
  }

  private struct Checks: Decodable {
    struct Check: Decodable {
      let id: String
      let severity: String
      let detected: Bool
      let condition: String
      let why: String
      let remedy: String
      let source: String
    }

    let checks: [Check]
  }

  @Test func `the catalogue of checks is JSON, a row each`() throws {
    let answer = responder().answer(.get, "/checks")
    let checks = try snakeCaseDecoder.decode(Checks.self, from: Data(answer.content)).checks
    #expect(checks.map(\.id) == CheckCatalogue.all.map(\.id.rawValue))
    #expect(checks.map(\.detected) == CheckCatalogue.all.map(\.isDetected))
    #expect(checks.allSatisfy { !$0.condition.isEmpty && !$0.why.isEmpty })
  }

  // MARK: Reload

  @Test func `a reload says that it was taken over, or shows the diagnostics`() {
    let calls = Mutex(0)
    let outcome = Mutex<String?>(nil)
    let responder = responder(reload: {
      calls.withLock { $0 += 1 }
      return outcome.withLock { $0 }
    })
    #expect(responder.answer(.get, "/reload").head.status == Status(405))
    #expect(calls.withLock { $0 } == 0)
    #expect(responder.answer(.post, "/reload").head.status == .ok)
    outcome.withLock { $0 = "error[unknown-key]: 'rutes' is no key here" }
    let refused = responder.answer(.post, "/reload")
    #expect(refused.head.status == Status(422))
    #expect(refused.text == "error[unknown-key]: 'rutes' is no key here\n")
    #expect(calls.withLock { $0 } == 2)
  }
}

import Foundation
import JourneySupport
import Synchronization
import Testing

/// Every preset between a consumer and a peer, with nothing but its name in the settings. The peers
/// are imitated, except nginx, which is Debian's: the others are in no Debian package.
@Suite struct PresetJourneyTests {
  /// One preset: what its consumer asks, what a service answers, and how a stored answer is met.
  struct Row: Sendable, CustomTestStringConvertible {
    let preset: String
    /// The request, with `N` where each has a number of its own.
    let request: String
    /// The allow that answers a request.
    let allow: @Sendable (RawMessage) -> String
    /// What the first allow, given again to a later request, comes to; nil where the preset cannot
    /// notice, because nothing in the answer tells.
    let replayed: String?
    /// What the consumer reads as no.
    let refusal: (status: Int, text: String)

    var testDescription: String { preset }
  }

  private static func post(
    _ target: String, _ body: String, form: Bool = false, _ more: String = ""
  )
    -> String
  {
    let type = form ? "application/x-www-form-urlencoded" : "application/json"
    return "POST \(target) HTTP/1.1\r\nHost: a.example\r\nContent-Type: \(type)\r\n\(more)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static func get(_ target: String, _ more: String = "") -> String {
    "GET \(target) HTTP/1.1\r\nHost: a.example\r\n\(more)\r\n"
  }

  private static func ok(_ body: String, _ more: String = "", status: String = "200 OK") -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "GMT")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return "HTTP/1.1 \(status)\r\nDate: \(formatter.string(from: Date()))\r\n"
      + "Content-Type: application/json\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// The text between two others in a message.
  private static func part(_ text: String, after: String, before: String) -> String {
    guard let start = text.range(of: after) else { return "" }
    let rest = text[start.upperBound...]
    return String(rest[..<(rest.range(of: before)?.lowerBound ?? rest.endIndex)])
  }

  private static func idToken(_ nonce: String) -> String {
    let claims = Data(#"{"nonce":"\#(nonce)","sub":"ann"}"#.utf8).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    return "e30.\(claims).c2ln"
  }

  private static let rows: [Row] = [
    Row(
      preset: "kubernetes-admission-review",
      request: post("/validate", #"{"kind":"AdmissionReview","request":{"uid":"u-N"}}"#),
      allow: { request in
        let uid = part(request.bodyText, after: #""uid":""#, before: "\"")
        return ok(#"{"kind":"AdmissionReview","response":{"uid":"\#(uid)","allowed":true}}"#)
      },
      replayed: "token-mismatch", refusal: (200, #""uid":"u-2","allowed":false"#)),
    Row(
      preset: "kubernetes-token-review",
      request: post("/authenticate", #"{"kind":"TokenReview","spec":{"token":"t-N"}}"#),
      allow: { _ in ok(#"{"status":{"authenticated":true,"user":{"username":"ann"}}}"#) },
      replayed: nil, refusal: (403, "")),
    Row(
      preset: "authzen",
      request: post(
        "/access/v1/evaluation", #"{"subject":{"id":"ann"}}"#, "X-Request-ID: r-N\r\n"),
      allow: { ok(#"{"decision":true}"#, "X-Request-ID: \($0["X-Request-ID"] ?? "-")\r\n") },
      replayed: "token-mismatch", refusal: (200, #""decision":false"#)),
    Row(
      preset: "authzen",
      request: post(
        "/access/v1/evaluations", #"{"evaluations":[{"n":"N"},{}]}"#, "X-Request-ID: b-N\r\n"),
      allow: {
        ok(
          #"{"evaluations":[{"decision":false},{"decision":true}]}"#,
          "X-Request-ID: \($0["X-Request-ID"] ?? "-")\r\n")
      },
      replayed: "token-mismatch", refusal: (200, #"{"evaluations":[{"decision":false"#)),
    Row(
      preset: "opa", request: post("/v1/data/app/allow", #"{"input":{"n":"N"}}"#),
      allow: { _ in ok(#"{"result":true,"decision_id":"\#(UUID().uuidString)"}"#) },
      replayed: "identifier-repeated", refusal: (403, "identifier-repeated")),
    Row(
      preset: "oauth-introspection", request: post("/introspect", "token=t-N", form: true),
      allow: { _ in ok(#"{"active":true,"sub":"ann","jti":"the-token-s-own"}"#) },
      replayed: nil, refusal: (200, #"{"active":false}"#)),
    Row(
      preset: "oauth-token",
      request: post("/token", "grant_type=authorization_code&client_id=c&code=c-N", form: true),
      allow: { _ in ok(#"{"access_token":"\#(UUID().uuidString)","token_type":"Bearer"}"#) },
      replayed: "session-shared", refusal: (403, "session-shared")),
    Row(
      preset: "oidc-userinfo", request: get("/userinfo", "Authorization: Bearer t-N\r\n"),
      allow: { _ in ok(#"{"sub":"ann"}"#) }, replayed: nil, refusal: (403, "")),
    Row(
      preset: "oidc-id-token-nonce",
      request: get("/authorize?response_type=id_token&nonce=n-N&client_id=c"),
      allow: { request in
        let nonce = part(request.target, after: "nonce=", before: "&")
        return ok(
          "", "Location: https://c.example/cb#id_token=\(idToken(nonce))&state=s\r\n",
          status: "302 Found")
      },
      replayed: "token-mismatch", refusal: (403, "token-mismatch")),
    Row(
      preset: "nginx-auth-request", request: get("/check", "Authorization: Basic YW5uOnN-N\r\n"),
      allow: { _ in ok("", "Set-Cookie: session=\(UUID().uuidString)\r\n") },
      replayed: "session-shared", refusal: (403, "session-shared")),
    Row(
      preset: "traefik-forward-auth",
      request: get("/auth", "X-Forwarded-Uri: /N\r\nAuthorization: Basic YW5uOnN-N\r\n"),
      allow: { _ in ok("", "Set-Cookie: session=\(UUID().uuidString)\r\n") },
      replayed: "session-shared", refusal: (403, "session-shared")),
    Row(
      preset: "envoy-ext-authz", request: get("/app/N", "Authorization: Bearer t-N\r\n"),
      allow: { _ in ok("", "Set-Cookie: session=\(UUID().uuidString)\r\n") },
      replayed: "session-shared", refusal: (403, "session-shared")),
    Row(
      preset: "oathkeeper", request: get("/decisions/app/N", "Authorization: Bearer t-N\r\n"),
      allow: { _ in ok("", "X-User: ann\r\n") }, replayed: nil, refusal: (403, "")),
    Row(
      preset: "privacyidea", request: post("/validate/check", "user=ann&pass=N", form: true),
      allow: { request in
        let nonce = part(request.target, after: "nonce=", before: "&")
        return ok(#"{"result":{"status":true,"value":true},"nonce":"\#(nonce)","signature":"s"}"#)
      },
      replayed: "token-mismatch", refusal: (403, "token-mismatch")),
    Row(
      preset: "login-json",
      request: post("/login", #"{"username":"ann","password":"N"}"#),
      allow: {
        ok(
          #"{"authorized":true,"user":{"name":"ann"}}"#,
          "Transaction-Token: \($0["Transaction-Token"] ?? "-")\r\n")
      },
      replayed: "token-mismatch", refusal: (403, "token-mismatch")),
  ]

  private static func routes(_ preset: String, _ more: String = "") -> String {
    "  - match: {}\n    service: auth\n    decision: { preset: \(preset)\(more) }"
  }

  @Test(arguments: rows)
  func `an imitated peer that answers right is believed, each time`(row: Row) throws {
    let peer = try ScriptedOrigin(answering: row.allow)
    let proxy = try Countersign(before: peer.endpoint, routes: Self.routes(row.preset))
    for number in ["1", "2"] {
      let connection = try RawConnection(to: proxy.endpoint)
      let answer = try connection.exchange(row.request.replacing("N", with: number))
      #expect(answer.status == 200 || answer.status == 302)
      #expect(answer["Cache-Control"] == "private, no-store")
      #expect(answer["Proxy-Status"] == nil, "\(answer.text)")
    }
  }

  @Test(arguments: rows)
  func `the answer to another request is refused where the protocol can tell`(row: Row) throws {
    let kept = Kept()
    // A cache that keeps the first answer for everybody, and leaves no marks.
    let peer = try ScriptedOrigin { request in kept.first { row.allow(request) } }
    let proxy = try Countersign(before: peer.endpoint, routes: Self.routes(row.preset))
    let first = try RawConnection(to: proxy.endpoint)
      .exchange(row.request.replacing("N", with: "1"))
    #expect(first["Proxy-Status"] == nil)
    let second = try RawConnection(to: proxy.endpoint)
      .exchange(row.request.replacing("N", with: "2"))
    guard let reason = row.replayed else {
      // Within the same seconds nothing tells: that is the limit of grade D. Later its date does.
      #expect(second["Proxy-Status"]?.contains("reply-repeated") ?? true)
      return
    }
    #expect(second.status == row.refusal.status)
    #expect(second.bodyText.contains(row.refusal.text), "\(second.bodyText)")
    #expect(second["Proxy-Status"]?.contains(reason) ?? false)
    _ = try proxy.finding(mentioning: reason)
  }

  @Test(arguments: rows)
  func `an answer with the mark of a cache is refused in the consumer's form`(row: Row) throws {
    let peer = try ScriptedOrigin { request in
      row.allow(request).replacing("Date: ", with: "Age: 5\r\nDate: ")
    }
    let proxy = try Countersign(before: peer.endpoint, routes: Self.routes(row.preset))
    let answer = try RawConnection(to: proxy.endpoint)
      .exchange(row.request.replacing("N", with: "2"))
    #expect(answer.status == row.refusal.status)
    #expect(answer["Proxy-Status"]?.contains("served-from-cache") ?? false)
    #expect(answer["Set-Cookie"] == nil)
  }

  @Test func `the real nginx asks by auth_request, and a stored yes opens nothing`() throws {
    let app = try ScriptedOrigin { _ in Self.ok("the page") }
    let kept = Kept()
    let auth = try ScriptedOrigin { request in
      switch request["Authorization"] {
      case "Basic YW5uOnJpZ2h0": Self.ok("", "X-User: ann\r\n")
      // What a hop kept of an earlier yes, with its mark.
      case "Basic Ym9iOnN0b3JlZA==": kept.first { Self.ok("", "X-Cache: HIT\r\n") }
      default: Self.ok("", status: "401 Unauthorized")
      }
    }
    let proxy = try Countersign(
      before: auth.endpoint, routes: Self.routes("nginx-auth-request"))
    let nginx = try Nginx(
      server: """
        location / { auth_request /_auth; proxy_pass http://\(app.endpoint); }
        location = /_auth {
          internal;
          proxy_pass http://\(proxy.endpoint)/check;
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
        }
        """)
    func ask(_ credentials: String) throws -> Int {
      try curl("--header", "Authorization: Basic \(credentials)", "http://\(nginx.endpoint)/")
        .status
    }
    #expect(try ask("YW5uOnJpZ2h0") == 200)
    #expect(try ask("YW5uOndyb25n") == 401)
    #expect(try ask("Ym9iOnN0b3JlZA==") == 403)
    #expect(try ask("YW5uOnJpZ2h0") == 200)
    _ = try proxy.finding(mentioning: "vendor-mark-hit")
    #expect(app.requests.count == 2)
  }

  @Test func `the real nginx, and a service that returns the token: the next grade`() throws {
    let app = try ScriptedOrigin { _ in Self.ok("the page") }
    let kept = Kept()
    let auth = try ScriptedOrigin { request in
      let token = "Transaction-Token: \(request["Transaction-Token"] ?? "-")\r\n"
      return request["Authorization"] == "Basic YW5uOnJpZ2h0"
        ? kept.first { Self.ok("", token) } : Self.ok("", token, status: "401 Unauthorized")
    }
    let proxy = try Countersign(
      before: auth.endpoint, routes: Self.routes("nginx-auth-request", ", binding: echo"))
    let nginx = try Nginx(
      server: """
        location / { auth_request /_auth; proxy_pass http://\(app.endpoint); }
        location = /_auth { internal; proxy_pass http://\(proxy.endpoint)/check; }
        """)
    func ask() throws -> Int {
      try curl("--header", "Authorization: Basic YW5uOnJpZ2h0", "http://\(nginx.endpoint)/").status
    }
    #expect(try ask() == 200)
    // The same answer again, unmarked and of this very second: the token tells.
    #expect(try ask() == 403)
    _ = try proxy.finding(mentioning: "token-mismatch")
    let grades = try proxy.admin("/grades")
    #expect(grades.body.contains(#""grade":"C""#))
  }
}

/// Keeps the first of what is made.
private final class Kept: Sendable {
  private let text = Mutex<String?>(nil)

  func first(_ make: () -> String) -> String {
    text.withLock { text in
      let kept = text ?? make()
      text = kept
      return kept
    }
  }
}

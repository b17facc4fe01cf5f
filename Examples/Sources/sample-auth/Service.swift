internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

/// The endpoints of the auth service.
struct Service: Sendable {
  /// The largest request body that is read.
  private static let bodyLimit = 16 << 10
  /// The application that may set passwords.
  static let customerService = "customer-service"

  let accounts: Accounts
  let manners: Manners
  let issuer: String
  let key: SigningKey
  let signsMessages: Bool
  let logger: Logger

  /// All routes.
  func router() -> Router<BasicRequestContext> {
    let router = Router()
    if signsMessages { router.add(middleware: MessageSigning(key: key)) }
    router.post("/login") { request, _ in try await login(request) }
    router.post("/jwt/login") { request, _ in try await signedLogin(request) }
    router.post("/password-reset") { request, _ in try await resetPassword(request) }
    router.post("/introspect") { request, _ in try await introspect(request) }
    router.post("/legacy/check") { request, _ in try await legacyCheck(request) }
    addSessions(to: router)
    router.get("/.well-known/jwks.json") { request, _ in
      Response.document(key.keySet, type: "application/jwk-set+json", keptFor: 300, to: request)
    }
    router.get("/.well-known/openid-configuration") { _, _ in try discovery() }
    router.get("/assets/logo.svg") { request, _ in
      Response.document(Self.logo, type: "image/svg+xml", keptFor: 86400, to: request)
    }
    router.get("/healthz") { _, _ in
      Response(
        status: .ok, headers: [.cacheControl: "no-store", .contentType: "text/plain"],
        body: .init(byteBuffer: ByteBuffer(string: "ok\n")))
    }
    return router
  }

  // MARK: Decisions

  private struct LoginRequest: Decodable {
    let username: String
    let password: String
  }

  private func login(_ request: Request) async throws -> Response {
    let token = echoedToken(of: request)
    let credentials = try await json(LoginRequest.self, from: request)
    var fields: HTTPFields = [
      .cacheControl: manners.invitesCaches ? "public, max-age=600" : "no-store"
    ]
    fields[.transactionToken] = token
    guard
      let account = try await accounts.account(
        name: credentials.username, password: credentials.password)
    else {
      note("login", of: credentials.username, allowed: false)
      return try .json(
        LoginAnswer(authorized: false, transaction: token), status: .unauthorized, fields: fields)
    }
    note("login", of: account.name, allowed: true)
    let answer = LoginAnswer(
      authorized: true, transaction: token, user: UserAnswer(account),
      accessToken: try await accounts.issueToken(for: account), tokenType: "Bearer",
      expiresIn: Accounts.tokenLifetime)
    return try .json(answer, fields: fields)
  }

  private struct ResetRequest: Decodable {
    let username: String
    let newPassword: String
  }

  private func resetPassword(_ request: Request) async throws -> Response {
    let token = echoedToken(of: request)
    let fields = decisionFields(token)
    guard let caller = try await application(of: request) else {
      return try challenge(ResetAnswer(reset: false, transaction: token), fields: fields)
    }
    let wish = try await json(ResetRequest.self, from: request)
    guard caller == Self.customerService, !wish.newPassword.isEmpty,
      let account = try await accounts.resetPassword(of: wish.username, to: wish.newPassword)
    else {
      note("password reset", of: wish.username, allowed: false)
      return try .json(
        ResetAnswer(reset: false, transaction: token), status: .forbidden, fields: fields)
    }
    note("password reset", of: account.name, allowed: true)
    return try .json(
      ResetAnswer(reset: true, transaction: token, user: UserAnswer(account)), fields: fields)
  }

  private func introspect(_ request: Request) async throws -> Response {
    let fields = decisionFields(echoedToken(of: request))
    guard try await application(of: request) != nil else {
      return try challenge(IntrospectionAnswer(active: false), fields: fields)
    }
    guard let token = try await form(from: request)["token"] else {
      throw HTTPError(.badRequest, message: "the form member 'token' is missing")
    }
    guard let record = try await accounts.record(of: token) else {
      return try .json(IntrospectionAnswer(active: false), fields: fields)
    }
    let answer = IntrospectionAnswer(
      active: true, sub: String(record.accountID), username: record.name, tokenType: "Bearer",
      iat: record.issuedAt, exp: record.expiresAt)
    return try .json(answer, fields: fields)
  }

  /// The check of the old days: a form goes in, a bare status comes out.
  private func legacyCheck(_ request: Request) async throws -> Response {
    let form = try await form(from: request)
    guard let username = form["username"], let password = form["password"] else {
      throw HTTPError(.badRequest, message: "the form members are 'username' and 'password'")
    }
    let account = try await accounts.account(name: username, password: password)
    note("legacy check", of: username, allowed: account != nil)
    var fields: HTTPFields = [:]
    if manners.echoesTokenInLegacyCheck {
      fields[.transactionToken] = echoedToken(of: request)
    }
    return Response(status: account == nil ? .unauthorized : .ok, headers: fields)
  }

  // MARK: Documents

  private func discovery() throws -> Response {
    let answer = DiscoveryAnswer(
      issuer: issuer, jwksUri: issuer + "/.well-known/jwks.json", tokenEndpoint: issuer + "/login",
      introspectionEndpoint: issuer + "/introspect")
    return try .json(answer, fields: [.cacheControl: "public, max-age=3600"])
  }

  private static let logo = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">
    <path d="M32 4 56 14v18c0 14-10 24-24 28C18 56 8 46 8 32V14z" fill="#2b5d8a"/>
    <path d="m20 32 9 9 16-18" fill="none" stroke="#fff" stroke-width="6"/>
    </svg>

    """

  // MARK: Requests

  /// The token to carry back, or nil when there is none or this service does not know of it.
  func echoedToken(of request: Request) -> String? {
    manners.echoesToken ? request.headers[.transactionToken] : nil
  }

  func decisionFields(_ token: String?) -> HTTPFields {
    var fields: HTTPFields = [.cacheControl: "no-store"]
    fields[.transactionToken] = token
    return fields
  }

  private func challenge(_ answer: some Encodable, fields: HTTPFields) throws -> Response {
    var fields = fields
    fields[.wwwAuthenticate] = "Basic realm=\"applications\""
    return try .json(answer, status: .unauthorized, fields: fields)
  }

  /// The application that this request's Basic credentials (RFC 7617) prove, or nil.
  private func application(of request: Request) async throws -> String? {
    guard let value = request.headers[.authorization], value.lowercased().hasPrefix("basic "),
      let decoded = Data(base64Encoded: String(value.dropFirst(6))),
      let text = String(data: decoded, encoding: .utf8), let colon = text.firstIndex(of: ":")
    else { return nil }
    let name = String(text[..<colon])
    let secret = String(text[text.index(after: colon)...])
    return try await accounts.isApplication(name: name, secret: secret) ? name : nil
  }

  private func json<Value: Decodable>(
    _ type: Value.Type, from request: Request
  ) async throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(type, from: Data(try await body(of: request).utf8))
    } catch is DecodingError {
      throw HTTPError(.badRequest, message: "the body is not the JSON object that was expected")
    }
  }

  private func form(from request: Request) async throws -> [String: String] {
    let text = try await body(of: request)
    do {
      return try URLEncodedFormDecoder().decode([String: String].self, from: text)
    } catch {
      throw HTTPError(.badRequest, message: "the body is not a form")
    }
  }

  private func body(of request: Request) async throws -> String {
    String(buffer: try await request.body.collect(upTo: Self.bodyLimit))
  }

  func note(_ event: Logger.Message, of name: String, allowed: Bool) {
    logger.info(event, metadata: ["user": "\(name)", "allowed": "\(allowed)"])
  }
}

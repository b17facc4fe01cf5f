internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging

extension HTTPField.Name {
  /// What a gateway was asked for, on whose behalf it asks (nginx `auth_request`).
  static let originalURI = HTTPField.Name("X-Original-URI")!
  /// Who it is, for gateways that hand it on.
  static let authUser = HTTPField.Name("X-Auth-User")!
}

private struct GateAnswer: Encodable {
  var allowed: Bool
  var transaction: String?
  var user: UserAnswer?
}

private struct SessionAnswer: Encodable {
  var authenticated: Bool
  var transaction: String?
  var user: UserAnswer?
}

private struct LogoutAnswer: Encodable {
  var ended: Bool
}

// What gateways and browsers ask. A token is carried by `Authorization: Bearer` or by the cookie
// `session`; where both come, the former counts.
extension Service {
  /// The area that nobody may enter by way of a gateway.
  private static let closedArea = "/admin"

  func addSessions(to router: Router<BasicRequestContext>) {
    router.get("/verify") { request, _ in try await verify(request) }
    router.get("/session") { request, _ in try await session(request) }
    router.post("/logout") { request, _ in try await logOut(request) }
  }

  /// Whether the bearer of this token may have what the gateway was asked for.
  private func verify(_ request: Request) async throws -> Response {
    let echo = echoedToken(of: request)
    var fields: HTTPFields = [
      .cacheControl: manners.invitesCaches ? "public, max-age=600" : "no-store"
    ]
    if manners.invitesCaches { fields[.vary] = "Authorization, Cookie, X-Original-URI" }
    fields[.transactionToken] = echo
    guard let token = carriedToken(of: request), let record = try await accounts.record(of: token)
    else {
      note("verify", of: "nobody", allowed: false)
      return try .json(
        GateAnswer(allowed: false, transaction: echo), status: .unauthorized, fields: fields)
    }
    let user = UserAnswer(Account(id: record.accountID, name: record.name))
    let isClosed = request.headers[.originalURI]?.hasPrefix(Self.closedArea) ?? false
    note("verify", of: record.name, allowed: !isClosed)
    guard !isClosed else {
      return try .json(
        GateAnswer(allowed: false, transaction: echo), status: .forbidden, fields: fields)
    }
    fields[.authUser] = record.name
    return try .json(
      GateAnswer(allowed: true, transaction: echo, user: user), fields: fields)
  }

  /// The page of a session. The session rolls: each visit sets a new token as its cookie.
  private func session(_ request: Request) async throws -> Response {
    let echo = echoedToken(of: request)
    var fields = decisionFields(echo)
    guard let token = carriedToken(of: request), let record = try await accounts.record(of: token)
    else {
      return try .json(
        SessionAnswer(authenticated: false, transaction: echo), status: .unauthorized,
        fields: fields)
    }
    let account = Account(id: record.accountID, name: record.name)
    let next = try await accounts.issueToken(for: account)
    fields[.setCookie] = "session=\(next); Path=/; HttpOnly; SameSite=Lax"
    return try .json(
      SessionAnswer(authenticated: true, transaction: echo, user: UserAnswer(account)),
      fields: fields)
  }

  /// Ends the session that this token is.
  private func logOut(_ request: Request) async throws -> Response {
    let ended =
      if let token = carriedToken(of: request) { try await accounts.revoke(token) } else { false }
    return try .json(
      LogoutAnswer(ended: ended), status: ended ? .ok : .unauthorized,
      fields: decisionFields(echoedToken(of: request)))
  }

  private func carriedToken(of request: Request) -> String? {
    if let value = request.headers[.authorization], value.lowercased().hasPrefix("bearer ") {
      return String(value.dropFirst(7))
    }
    let pairs = request.headers[.cookie]?.split(separator: ";") ?? []
    for pair in pairs {
      let halves = pair.split(separator: "=", maxSplits: 1)
      if halves.count == 2, halves[0].trimmingCharacters(in: .whitespaces) == "session" {
        return String(halves[1])
      }
    }
    return nil
  }
}

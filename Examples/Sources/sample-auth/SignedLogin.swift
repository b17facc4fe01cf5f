internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

extension HTTPField.Name {
  /// The field of a signed verdict.
  static let verdictToken = HTTPField.Name("Verdict-Token")!
}

/// The claims of a signed verdict: about this request, this user, this decision, and nothing else.
private struct VerdictClaims: Encodable {
  let iss: String
  let iat: Int64
  let exp: Int64
  let jti: String
  let nonce: String?
  let decision: Bool
  let htm: String
  let rqd: String
  let sub: String?
  let preferredUsername: String?
  let user: UserAnswer?
}

private struct TokenHeader: Encodable {
  let alg = "EdDSA"
  let typ = "verdict+jwt"
  let kid: String
}

private struct SignedLoginRequest: Decodable {
  let username: String
  let password: String
}

// The login whose verdict is signed with the key of the published key set.
extension Service {
  /// For how many seconds a signed verdict is good.
  private static var verdictLifetime: Int64 { 20 }

  func signedLogin(_ request: Request) async throws -> Response {
    var request = request
    let content = try await request.collectBody(upTo: 16 << 10)
    let credentials: SignedLoginRequest
    do {
      credentials = try JSONDecoder().decode(
        SignedLoginRequest.self, from: Data(content.readableBytesView))
    } catch {
      throw HTTPError(.badRequest, message: "the body is no JSON with a name and a password")
    }
    let account = try await accounts.account(
      name: credentials.username, password: credentials.password)
    note("signed login", of: credentials.username, allowed: account != nil)
    let now = Int64(Date().timeIntervalSince1970)
    let claims = VerdictClaims(
      iss: issuer, iat: now, exp: now + Self.verdictLifetime, jti: UUID().uuidString,
      nonce: request.headers[.transactionToken], decision: account != nil,
      htm: request.method.rawValue,
      rqd: "sha-256=:"
        + Digest.sha256(Array(content.readableBytesView)).base64EncodedString() + ":",
      sub: account.map { String($0.id) }, preferredUsername: account?.name,
      user: account.map(UserAnswer.init))
    var fields: HTTPFields = [
      .cacheControl: manners.invitesCaches ? "public, max-age=600" : "no-store"
    ]
    fields[.verdictToken] = try token(of: claims)
    return try .json(
      LoginAnswer(authorized: account != nil, user: account.map(UserAnswer.init)),
      status: account == nil ? .unauthorized : .ok, fields: fields)
  }

  private func token(of claims: VerdictClaims) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let parts = [
      try encoder.encode(TokenHeader(kid: key.identifier)), try encoder.encode(claims),
    ].map(\.base64URLEncodedString)
    let text = parts.joined(separator: ".")
    return text + "." + Data(try key.sign(Array(text.utf8))).base64URLEncodedString
  }
}

internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension HTTPField.Name {
  /// The field in which Countersign sends the transaction token, and wants it back.
  static let transactionToken = HTTPField.Name("Transaction-Token")!
}

/// How this service behaves where services in the field differ.
struct Manners: Sendable {
  /// Answers carry back the transaction token of the request.
  var echoesToken = true
  /// The old password check, which has no body, carries it back in its header too.
  var echoesTokenInLegacyCheck = false
  /// Login answers claim to be good for ten minutes, for everybody: the careless cache's
  /// invitation.
  var invitesCaches = false
}

/// The person, in an answer.
struct UserAnswer: Encodable {
  let id: Int64
  let name: String

  init(_ account: Account) {
    id = account.id
    name = account.name
  }
}

struct LoginAnswer: Encodable {
  var authorized: Bool
  var transaction: String?
  var user: UserAnswer?
  var accessToken: String?
  var tokenType: String?
  var expiresIn: Int64?
}

struct ResetAnswer: Encodable {
  var reset: Bool
  var transaction: String?
  var user: UserAnswer?
}

/// What RFC 7662 §2.2 answers; all but `active` is absent when the token is not good.
struct IntrospectionAnswer: Encodable {
  var active: Bool
  var sub: String?
  var username: String?
  var tokenType: String?
  var iat: Int64?
  var exp: Int64?
}

struct DiscoveryAnswer: Encodable {
  let issuer: String
  let jwksUri: String
  let tokenEndpoint: String
  let introspectionEndpoint: String
  let responseTypesSupported = ["token"]
  let subjectTypesSupported = ["public"]
  let idTokenSigningAlgValuesSupported = ["EdDSA"]
}

extension Response {
  /// An answer in JSON, members in alphabetical order and named in snake case.
  static func json(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]
  ) throws -> Response {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var fields = fields
    fields[.contentType] = "application/json"
    let body = ByteBuffer(bytes: try encoder.encode(value))
    return Response(status: status, headers: fields, body: .init(byteBuffer: body))
  }

  /// A document that anybody may keep for `seconds`, with a validator; 304 to who has it already.
  static func document(
    _ text: String, type: String, keptFor seconds: Int, to request: Request
  ) -> Response {
    let tag = "\"\(Digest.sha256(Array(text.utf8)).base64URLEncodedString.prefix(22))\""
    let fields: HTTPFields = [
      .cacheControl: "public, max-age=\(seconds)", .contentType: type, .eTag: tag,
    ]
    if request.headers[.ifNoneMatch] == tag {
      return Response(status: .notModified, headers: fields)
    }
    return Response(
      status: .ok, headers: fields, body: .init(byteBuffer: ByteBuffer(string: text)))
  }
}

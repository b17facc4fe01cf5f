internal import HTTPModel
internal import Primitives
internal import Proxy

// Answers of the admin listener: none may be stored by anybody (RFC 9111 §5.2.2.5).
extension LocalAnswer {
  static func text(_ content: String) -> LocalAnswer { text(.ok, content) }

  static func text(_ status: Status, _ content: String) -> LocalAnswer {
    make(status, "text/plain; charset=utf-8", Array(content.utf8))
  }

  static func json(_ content: [UInt8]) -> LocalAnswer { make(.ok, "application/json", content) }

  /// RFC 9512.
  static func yaml(_ content: String) -> LocalAnswer {
    make(.ok, "application/yaml", Array(content.utf8))
  }

  /// The Prometheus text format.
  static func metrics(_ content: [UInt8]) -> LocalAnswer {
    make(.ok, "text/plain; version=0.0.4; charset=utf-8", content)
  }

  static func methodNotAllowed(_ allowed: StaticString) -> LocalAnswer {
    var answer = text(Status(405), "This path takes other methods.\n")
    answer.head.fields.append(.allow, allowed)
    return answer
  }

  /// RFC 6750 §3: no error code where no token was shown.
  static func unauthorized(isWrong: Bool) -> LocalAnswer {
    var answer = text(.unauthorized, "The token of the admin listener is needed.\n")
    answer.head.fields.append(
      .wwwAuthenticate,
      isWrong
        ? "Bearer realm=\"countersign\", error=\"invalid_token\"" : "Bearer realm=\"countersign\"")
    return answer
  }

  private static func make(_ status: Status, _ type: StaticString, _ content: [UInt8])
    -> LocalAnswer
  {
    var fields = FieldSection()
    fields.append(.contentType, type)
    fields.append(.cacheControl, "no-store")
    return LocalAnswer(head: ResponseHead(status: status, fields: fields), content: content)
  }
}

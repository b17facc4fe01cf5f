package import HTTPModel
internal import Primitives

/// A response that this program makes itself: head and content.
package struct LocalAnswer: Equatable, Sendable {
  package var head: ResponseHead
  package var content: [UInt8]

  package init(head: ResponseHead, content: [UInt8]) {
    self.head = head
    self.content = content
  }

  /// A failure as a problem document (RFC 9457) with `Proxy-Status` (RFC 9209). Never storable.
  ///
  /// - Parameters: - detail: A reason code more precise than the failure's own, such as that of a
  ///   malformed message. - proxyName: The token this proxy calls itself. - exchange: The id under
  ///   which the logs know the exchange.
  static func failure(
    _ failure: ProxyFailure, status: Status? = nil, detail: String? = nil, proxyName: [UInt8],
    exchange: [UInt8]
  ) -> LocalAnswer {
    let status = status ?? failure.status
    var fields = FieldSection()
    fields.append(.contentType, "application/problem+json")
    fields.append(.cacheControl, "no-store")
    let code = Array((detail ?? failure.rawValue).utf8)
    fields.append(
      .proxyStatus,
      proxyName + [UInt8](ascii: "; error=") + [UInt8](ascii: failure.proxyStatusError)
        + [UInt8](ascii: "; details=\"") + code + [ASCII.quote])
    if status == .serviceUnavailable { fields.append(.retryAfter, "1") }
    if status.code == 405 { fields.append(.allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") }
    var content = [UInt8](ascii: "{\"type\":\"about:blank\",\"title\":\"")
    content.append(ascii: status.reasonPhrase)
    content.append(ascii: "\",\"status\":")
    content.append(decimal: UInt64(status.code))
    content.append(ascii: ",\"detail\":\"")
    content.append(ascii: failure.sentence)
    content.append(ascii: "\",\"code\":\"")
    content.append(contentsOf: code)
    content.append(ascii: "\",\"exchange\":\"")
    content.append(contentsOf: exchange)
    content.append(ascii: "\"}\n")
    return LocalAnswer(head: ResponseHead(status: status, fields: fields), content: content)
  }
}

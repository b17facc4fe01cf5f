/// A response status code, 100 to 999 (RFC 9110 §15).
@usableFromInline package struct Status: Hashable, Sendable, Comparable {
  @usableFromInline package let code: UInt16

  /// The caller has checked the range 100...999.
  @inlinable package init(_ code: UInt16) { self.code = code }

  @inlinable package static func < (left: Status, right: Status) -> Bool { left.code < right.code }

  @inlinable package var isInformational: Bool { code < 200 }
  @inlinable package var isSuccessful: Bool { code / 100 == 2 }
  @inlinable package var isRedirection: Bool { code / 100 == 3 }
  @inlinable package var isClientError: Bool { code / 100 == 4 }
  @inlinable package var isServerError: Bool { code / 100 == 5 }

  @inlinable package static var switchingProtocols: Status { Status(101) }
  @inlinable package static var ok: Status { Status(200) }
  @inlinable package static var noContent: Status { Status(204) }
  @inlinable package static var partialContent: Status { Status(206) }
  @inlinable package static var seeOther: Status { Status(303) }
  @inlinable package static var notModified: Status { Status(304) }
  @inlinable package static var badRequest: Status { Status(400) }
  @inlinable package static var unauthorized: Status { Status(401) }
  @inlinable package static var forbidden: Status { Status(403) }
  @inlinable package static var notFound: Status { Status(404) }
  @inlinable package static var preconditionFailed: Status { Status(412) }
  @inlinable package static var contentTooLarge: Status { Status(413) }
  @inlinable package static var rangeNotSatisfiable: Status { Status(416) }
  @inlinable package static var internalServerError: Status { Status(500) }
  @inlinable package static var badGateway: Status { Status(502) }
  @inlinable package static var serviceUnavailable: Status { Status(503) }
  @inlinable package static var gatewayTimeout: Status { Status(504) }

  /// The customary reason phrase of codes this program itself answers with; empty for others.
  package var reasonPhrase: StaticString {
    switch code {
    case 100: "Continue"
    case 101: "Switching Protocols"
    case 103: "Early Hints"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 203: "Non-Authoritative Information"
    case 204: "No Content"
    case 206: "Partial Content"
    case 300: "Multiple Choices"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}

/// The HTTP version a message was sent in.
@usableFromInline package enum HTTPVersion: Hashable, Sendable {
  case http10, http11
}

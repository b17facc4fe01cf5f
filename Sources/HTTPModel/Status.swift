/// A response status code, 100 to 999 (RFC 9110 §15).
package struct Status: Hashable, Sendable, Comparable {
  package let code: UInt16

  /// The caller has checked the range 100...999.
  package init(_ code: UInt16) { self.code = code }

  package static func < (left: Status, right: Status) -> Bool { left.code < right.code }

  package var isInformational: Bool { code < 200 }
  package var isSuccessful: Bool { code / 100 == 2 }
  package var isRedirection: Bool { code / 100 == 3 }
  package var isClientError: Bool { code / 100 == 4 }
  package var isServerError: Bool { code / 100 == 5 }

  package static let switchingProtocols = Status(101)
  package static let ok = Status(200)
  package static let noContent = Status(204)
  package static let partialContent = Status(206)
  package static let seeOther = Status(303)
  package static let notModified = Status(304)
  package static let badRequest = Status(400)
  package static let unauthorized = Status(401)
  package static let forbidden = Status(403)
  package static let notFound = Status(404)
  package static let preconditionFailed = Status(412)
  package static let contentTooLarge = Status(413)
  package static let rangeNotSatisfiable = Status(416)
  package static let internalServerError = Status(500)
  package static let badGateway = Status(502)
  package static let serviceUnavailable = Status(503)
  package static let gatewayTimeout = Status(504)

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
package enum HTTPVersion: Hashable, Sendable {
  case http10, http11
}

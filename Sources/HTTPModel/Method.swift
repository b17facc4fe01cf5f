internal import Primitives

/// A request method (RFC 9110 §9), compared byte by byte: methods are case-sensitive.
@usableFromInline package enum Method: Hashable, Sendable {
  case get, head, post, put, delete, patch, options, trace, connect
  /// A method this program has no name for. The bytes are a token (RFC 9110 §5.6.2).
  case other([UInt8])

  /// Whether the client asks for no change of state (RFC 9110 §9.2.1). An unknown method is not
  /// safe.
  package var isSafe: Bool {
    switch self {
    case .get, .head, .options, .trace: true
    case .post, .put, .delete, .patch, .connect, .other: false
    }
  }

  /// Whether the same request twice asks for no more than once (RFC 9110 §9.2.2).
  package var isIdempotent: Bool {
    switch self {
    case .get, .head, .options, .trace, .put, .delete: true
    case .post, .patch, .connect, .other: false
    }
  }

  package var bytes: [UInt8] {
    switch self {
    case .get: [UInt8](ascii: "GET")
    case .head: [UInt8](ascii: "HEAD")
    case .post: [UInt8](ascii: "POST")
    case .put: [UInt8](ascii: "PUT")
    case .delete: [UInt8](ascii: "DELETE")
    case .patch: [UInt8](ascii: "PATCH")
    case .options: [UInt8](ascii: "OPTIONS")
    case .trace: [UInt8](ascii: "TRACE")
    case .connect: [UInt8](ascii: "CONNECT")
    case .other(let bytes): bytes
    }
  }

  /// The method these bytes name. The caller has checked that they are a token.
  package init(token bytes: some Collection<UInt8>) {
    self =
      if bytes.equals("GET") {
        .get
      } else if bytes.equals("POST") {
        .post
      } else if bytes.equals("HEAD") {
        .head
      } else if bytes.equals("PUT") {
        .put
      } else if bytes.equals("DELETE") {
        .delete
      } else if bytes.equals("PATCH") {
        .patch
      } else if bytes.equals("OPTIONS") {
        .options
      } else if bytes.equals("TRACE") {
        .trace
      } else if bytes.equals("CONNECT") {
        .connect
      } else {
        .other(Array(bytes))
      }
  }
}

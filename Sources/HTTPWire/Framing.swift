package import HTTPModel
internal import Primitives

// Where a message's content ends (RFC 9112 §6). Two readers that differ on this are how requests
// and responses are smuggled, so every doubt is a refusal, also where RFC 9112 says how to decide
// it.

/// How the content of a request is framed (RFC 9112 §6.3).
///
/// Departure: a request with both Content-Length and Transfer-Encoding may be processed by RFC 9112
/// §6.3; it is refused here. So are identical repeated lengths, a length with leading zeros, and
/// any coding beside `chunked`. TRACE may have no content (RFC 9110 §9.3.8).
package func requestFraming(of head: RequestHead) throws(ProtocolViolation) -> BodyFraming {
  let framing = try FramingFields.framing(version: head.version, fields: head.fields) ?? .none
  if head.method == .trace, framing != .none, framing != .length(0) {
    throw ProtocolViolation(.contentNotAllowed)
  }
  return framing
}

/// How the content of a response to a request of method `method` is framed (RFC 9112 §6.3).
///
/// The framing fields are checked even where they mean nothing (HEAD, 304), because somebody
/// downstream may think they do. `.none` for 1xx, 204 and 304, for HEAD, and for a successful
/// CONNECT, whose connection is a tunnel from then on, as is that of a 101.
///
/// 1xx and 204 that announce content are refused (RFC 9112 §6.1, RFC 9110 §8.6); `Content-Length:
/// 0` is let pass there, since servers send it and it announces nothing.
package func responseFraming(of head: ResponseHead, toMethod method: Method)
  throws(ProtocolViolation) -> BodyFraming
{
  let framing = try FramingFields.framing(version: head.version, fields: head.fields)
  let isTunnel = method == .connect && head.status.isSuccessful
  if head.status.isInformational || head.status == .noContent || isTunnel {
    guard framing == nil || framing == .length(0) else {
      throw ProtocolViolation(.contentNotAllowed)
    }
    return .none
  }
  if head.status == .notModified || method == .head { return .none }
  return framing ?? .untilClose
}

/// Content-Length and Transfer-Encoding read together.
enum FramingFields {
  /// The framing these fields tell, or nil where there are none.
  static func framing(version: HTTPVersion, fields: FieldSection) throws(ProtocolViolation)
    -> BodyFraming?
  {
    let hasLength = fields.contains(.contentLength)
    guard fields.contains(.transferEncoding) else {
      return hasLength ? .length(try contentLength(fields)) : nil
    }
    guard !hasLength else { throw ProtocolViolation(.lengthAndCoding) }
    guard version == .http11 else {
      throw ProtocolViolation(.codingInOldVersion, field: .transferEncoding)
    }
    guard let value = fields.only(.transferEncoding) else {
      throw ProtocolViolation(.repeatedTransferEncoding, field: .transferEncoding)
    }
    guard value.equalsIgnoringASCIICase("chunked") else {
      throw ProtocolViolation(refusal(of: value), field: .transferEncoding)
    }
    return .chunked
  }

  private static func contentLength(_ fields: FieldSection) throws(ProtocolViolation) -> Int64 {
    guard let value = fields.only(.contentLength) else {
      throw ProtocolViolation(.repeatedContentLength, field: .contentLength)
    }
    guard let length = value.decimalValue(), value.first != ASCII.zero || value.count == 1 else {
      throw ProtocolViolation(.invalidContentLength, field: .contentLength)
    }
    return length
  }

  /// A list of tokens that ends in one `chunked` names codings we do not have (501, RFC 9112 §6.1);
  /// of anything else nobody knows where it ends (400, RFC 9112 §6.3).
  private static func refusal(of value: ArraySlice<UInt8>) -> ProtocolViolation.Code {
    let codings = value.split(separator: ASCII.comma, omittingEmptySubsequences: false)
      .map { $0.trimmingOptionalWhitespace() }
    let areTokens = codings.allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isTokenCharacter) }
    let chunked = codings.count { $0.equalsIgnoringASCIICase("chunked") }
    let endsChunked = codings.last?.equalsIgnoringASCIICase("chunked") ?? false
    return areTokens && endsChunked && chunked == 1
      ? .unsupportedTransferCoding : .invalidTransferEncoding
  }
}

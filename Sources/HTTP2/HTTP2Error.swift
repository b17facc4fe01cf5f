internal import CNGHTTP2

/// An error code of RFC 9113 §7.
public struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let noError = HTTP2ErrorCode(rawValue: 0x0)
  package static let protocolError = HTTP2ErrorCode(rawValue: 0x1)
  package static let internalError = HTTP2ErrorCode(rawValue: 0x2)
  package static let flowControlError = HTTP2ErrorCode(rawValue: 0x3)
  package static let refusedStream = HTTP2ErrorCode(rawValue: 0x7)
  package static let cancel = HTTP2ErrorCode(rawValue: 0x8)
  package static let compressionError = HTTP2ErrorCode(rawValue: 0x9)
  package static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 0xB)
  package static let http11Required = HTTP2ErrorCode(rawValue: 0xD)

  private static let names: [String] = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
  ]

  public var description: String {
    rawValue < UInt32(Self.names.count) ? Self.names[Int(rawValue)] : "unknown (\(rawValue))"
  }
}

/// Why a connection cannot go on.
package enum HTTP2Failure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The peer broke RFC 9113 or RFC 7541 in a way that ends the connection. nghttp2 has put the
  /// `GOAWAY` that says so into the output.
  case peer(String)
  /// The peer spent its budget of idle frames.
  case flood
  /// There is no memory, or nghttp2 failed.
  case library(String)

  package var description: String {
    switch self {
    case .peer(let what): "the peer broke HTTP/2: \(what)"
    case .flood: "the peer floods with frames that ask for nothing"
    case .library(let what): "HTTP/2 failed: \(what)"
    }
  }

  /// What a negative result of nghttp2 means.
  init(code: Int) {
    let text = unsafe String(cString: nghttp2_strerror(Int32(truncatingIfNeeded: code)))
    switch Int32(truncatingIfNeeded: code) {
    case NGHTTP2_ERR_NOMEM.rawValue, NGHTTP2_ERR_CALLBACK_FAILURE.rawValue: self = .library(text)
    case NGHTTP2_ERR_FLOODED.rawValue: self = .flood
    default: self = .peer(text)
    }
  }
}

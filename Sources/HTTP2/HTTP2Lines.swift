internal import CNGHTTP2
internal import HTTPModel
internal import Primitives

/// A field section on its way out, as nghttp2 takes it: names in small letters, pseudo-header
/// fields first, nothing that belongs to an HTTP/1.1 connection (RFC 9113 §8.2).
struct HTTP2Lines {
  private struct Line {
    var nameStart: Int
    var nameLength: Int
    var valueLength: Int
    var isSecret: Bool
  }

  private var bytes: [UInt8] = []
  private var lines: [Line] = []

  init(_ head: ResponseHead) {
    reserve(head.fields)
    var digits: [UInt8] = []
    digits.append(decimal: UInt64(head.status.code))
    append(":status", digits[...])
    append(head.fields)
  }

  init(_ head: RequestHead, scheme: StaticString) {
    reserve(head.fields)
    append(":method", head.method.bytes[...])
    if head.method == .connect {
      append(":authority", head.target[...])
    } else {
      append(":scheme", [UInt8](ascii: scheme)[...])
      append(":authority", head.authority[...])
      append(":path", head.target[...])
    }
    append(head.fields)
  }

  init(_ trailers: FieldSection) {
    reserve(trailers)
    append(trailers)
  }

  /// The lines as nghttp2 takes them; it copies what it keeps.
  func withLines<Result>(_ body: (UnsafeBufferPointer<nghttp2_nv>) -> Result) -> Result {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      // The pointers are read only; nghttp2 declares them without saying so.
      let start = unsafe UnsafeMutablePointer(mutating: bytes.baseAddress)
      let lines = unsafe lines.map { line in
        unsafe nghttp2_nv(
          name: start.map { unsafe $0 + line.nameStart },
          value: start.map { unsafe $0 + line.nameStart + line.nameLength },
          namelen: line.nameLength, valuelen: line.valueLength,
          flags: UInt8(
            (line.isSecret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE).rawValue))
      }
      return unsafe lines.withUnsafeBufferPointer(body)
    }
  }

  private mutating func reserve(_ fields: FieldSection) {
    bytes.reserveCapacity(fields.storage.count + 64)
    lines.reserveCapacity(fields.count + 4)
  }

  private mutating func append(_ name: StaticString, _ value: ArraySlice<UInt8>) {
    let start = bytes.count
    bytes.append(ascii: name)
    finish(start, value, isSecret: false)
  }

  private mutating func append(_ fields: FieldSection) {
    for line in fields.lines {
      switch line.known {
      case .connection, .transferEncoding, .upgrade, .keepAlive, .proxyConnection, .host, .te:
        continue
      // What compression remembers can be guessed at (RFC 7541 §7.1).
      case .authorization, .cookie, .setCookie, .transactionToken, .verdictToken, .txnToken,
        .proxyAuthorization:
        append(fields.name(of: line), fields.value(of: line), isSecret: true)
      default: append(fields.name(of: line), fields.value(of: line), isSecret: false)
      }
    }
  }

  private mutating func append(
    _ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, isSecret: Bool
  ) {
    let start = bytes.count
    for byte in name { bytes.append(ASCII.lowercased(byte)) }
    finish(start, value, isSecret: isSecret)
  }

  private mutating func finish(_ start: Int, _ value: ArraySlice<UInt8>, isSecret: Bool) {
    let nameLength = bytes.count - start
    bytes.append(contentsOf: value)
    lines.append(
      Line(
        nameStart: start, nameLength: nameLength, valueLength: value.count, isSecret: isSecret))
  }
}

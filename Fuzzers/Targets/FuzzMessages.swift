import HTTPModel
import HTTPWire
import TestSupport

/// Messages of HTTP/1.1: the same bytes mean the same however they are cut, and what was accepted
/// means the same when it is sent on.
enum FuzzMessages {
  static func request(_ bytes: [UInt8]) -> String? { splits(bytes, .request) }
  static func response(_ bytes: [UInt8]) -> String? { splits(bytes, .response(to: .get)) }

  private static func splits(_ bytes: [UInt8], _ direction: MessageCase.Direction) -> String? {
    let whole = MessageReading.read([bytes[...]], direction)
    // One cut, chosen by the bytes themselves, and every cut of what is short.
    let cut = bytes.reduce(into: 0) { $0 = ($0 &* 31 &+ Int($1)) & 0xFFFF } % max(bytes.count, 1)
    if MessageReading.read([bytes[..<cut], bytes[cut...]], direction) != whole {
      return "a cut at \(cut) changes what the message is"
    }
    if bytes.count <= 300 {
      let single = bytes.indices.map { bytes[$0..<($0 + 1)] }
      if MessageReading.read(single, direction) != whole {
        return "byte by byte it is another message"
      }
    }
    return resent(whole)
  }

  private static func resent(_ reading: MessageReading) -> String? {
    guard reading.outcome == "accepted" else { return nil }
    var sent: [UInt8] = []
    do throws(ProtocolViolation) {
      // An old request without a host is sent on with one, which is not written here.
      if let head = reading.request, head.fields.contains(.host) {
        try MessageSerializer.append(head, to: &sent)
        let again = try RequestHeadParser.parse(sent.span, limits: WireLimits())
        let isSame =
          again.method == head.method && again.path == head.path && again.query == head.query
          && again.authority == head.authority && again.fields == head.fields
        return isSame ? nil : "the request is another after it was sent on"
      }
      if let head = reading.response {
        try MessageSerializer.append(head, to: &sent)
        let again = try ResponseHeadParser.parse(sent.span, limits: WireLimits())
        // The version is each hop's own, and the phrase means nothing (RFC 9112 §2.3, §4).
        let isSame = again.status == head.status && again.fields == head.fields
        return isSame ? nil : "the response is another after it was sent on"
      }
    } catch {
      return "what was accepted cannot be sent on: \(error.code.rawValue)"
    }
    return nil
  }

  static func chunked(_ bytes: [UInt8]) -> String? {
    let head = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    return splits(head + bytes, .response(to: .get))
  }
}

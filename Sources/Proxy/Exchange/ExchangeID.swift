internal import HTTPModel
internal import Primitives

/// The name of one exchange, the same in every log, finding and problem document: 16 hexadecimal
/// digits.
///
/// Six digits tell the loop's random start, ten count: unique in the process, and no secret.
struct ExchangeID: Hashable {
  let number: UInt64

  /// The exchange that is the `count`th of the loop that drew `start`.
  init(start: UInt32, count: UInt64) {
    number = UInt64(start & 0xFF_FFFF) << 40 | count & 0xFF_FFFF_FFFF
  }

  var text: [UInt8] {
    var digits: [UInt8] = []
    digits.append(hexadecimal: number, digits: 16)
    return digits
  }
}

/// A request whose head is complete.
struct IncomingRequest {
  var head: RequestHead
  var framing: BodyFraming
  /// Whether the client waits for a 100 before it sends content (RFC 9110 §10.1.1).
  var expectsContinue: Bool
}

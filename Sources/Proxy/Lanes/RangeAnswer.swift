internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

/// The framing of several ranges in one answer (RFC 9110 §14.6).
///
///     --boundary␍␊ Content-Type ␍␊ Content-Range ␍␊ ␍␊ bytes ␍␊ … --boundary--␍␊
struct MultipartRanges {
  /// What comes before the bytes of each range.
  let delimiters: [[UInt8]]
  let closing: [UInt8]
  let contentType: [UInt8]
  let contentLength: Int64

  /// - Parameters:
  ///   - boundary: Characters of a token that do not occur in the content but by a wild chance.
  ///   - type: The type of the whole; nil where it has none.
  init(
    _ ranges: [ByteRange], of completeLength: Int64?, type: ArraySlice<UInt8>?, boundary: [UInt8]
  ) {
    var delimiters: [[UInt8]] = []
    var length: Int64 = 0
    for range in ranges {
      var lines = [UInt8](ascii: delimiters.isEmpty ? "--" : "\r\n--")
      lines.append(contentsOf: boundary)
      lines.append(ascii: "\r\n")
      if let type {
        lines.append(ascii: "Content-Type: ")
        lines.append(contentsOf: type)
        lines.append(ascii: "\r\n")
      }
      lines.append(ascii: "Content-Range: ")
      lines.append(contentsOf: range.contentRange(of: completeLength))
      lines.append(ascii: "\r\n\r\n")
      length += Int64(lines.count) + range.count
      delimiters.append(lines)
    }
    self.delimiters = delimiters
    closing = [UInt8](ascii: "\r\n--") + boundary + [UInt8](ascii: "--\r\n")
    contentType = [UInt8](ascii: "multipart/byteranges; boundary=") + boundary
    contentLength = length + Int64(closing.count)
  }
}

extension ResponseHead {
  /// Makes the head of a whole that of a 416: it says how long the representation is, and nothing
  /// of what that is (RFC 9110 §15.5.17).
  mutating func makeNotSatisfiable(completeLength: Int64) {
    status = .rangeNotSatisfiable
    var value = [UInt8](ascii: "bytes */")
    value.append(decimal: completeLength.magnitude)
    fields.set(.contentRange, value)
    for field in [KnownField.contentType, .contentEncoding, .etag, .lastModified] {
      fields.removeAll(field)
    }
  }
}

extension ByteRange {
  /// The value of `Content-Range` (RFC 9110 §14.4).
  func contentRange(of completeLength: Int64?) -> [UInt8] {
    var value = [UInt8](ascii: "bytes ")
    value.append(decimal: first.magnitude)
    value.append(ascii: "-")
    value.append(decimal: last.magnitude)
    value.append(ascii: "/")
    if let completeLength {
      value.append(decimal: completeLength.magnitude)
    } else {
      value.append(ascii: "*")
    }
    return value
  }
}

/// What of a stored response is sent, and how.
enum RangeAnswer {
  case part(ByteRange)
  case parts([ByteRange])
  case notSatisfiable(completeLength: Int64)

  var status: Status {
    switch self {
    case .part, .parts: .partialContent
    case .notSatisfiable: .rangeNotSatisfiable
    }
  }
}

/// How a stored response that may be used answers a request.
enum StoredForm {
  /// As it is, or with 304.
  case usual
  case range(RangeAnswer, CacheReason)
  /// What is stored is not enough.
  case fetch(RangeFetch, CacheReason)

  /// Whether what is stored is enough.
  var isAnswer: Bool { if case .fetch = self { false } else { true } }

  /// The form for a request; two bit tests where it has no `Range` and the whole is stored. No
  /// initialiser, to which request and rules would have to be copied.
  static func of(
    _ stored: StoredResponse, for request: RequestHead, now: WallTime, rules: CacheRules
  ) -> StoredForm {
    guard request.fields.contains(.range) || stored.metadata.flags.contains(.partial) else {
      return .usual
    }
    return ranged(stored, for: request, now: now, rules: rules)
  }

  private static func ranged(
    _ stored: StoredResponse, for request: RequestHead, now: WallTime, rules: CacheRules
  ) -> StoredForm {
    // A condition that ends in a 304 comes first (RFC 9110 §13.2.2).
    let condition = conditionDecision(
      for: request, stored: stored.metadata, entityTag: stored.entityTag, now: now)
    if condition == .notModified { return .usual }
    let decision = rangeDecision(
      for: request, stored: stored.metadata, head: stored.head, part: stored.part, now: now,
      rules: rules)
    switch decision {
    case .whole: return .usual
    case .part(let range): return .range(.part(range), decision.reason)
    case .parts(let ranges): return .range(.parts(ranges), decision.reason)
    case .notSatisfiable(let length):
      return .range(.notSatisfiable(completeLength: length), decision.reason)
    case .fetch(let fetch, let reason): return .fetch(fetch, reason)
    }
  }
}

// Answers with parts of what is stored. Rarer than wholes: their heads are made anew.
extension ClientConnection {
  /// Sends part of a stored response, or that there is no such part. Returns how much content was
  /// sent.
  func sendStored(_ answer: StoredAnswer, as range: RangeAnswer, route: RoutePlan) -> Int64 {
    guard !isClosed else { return 0 }
    let held = answer.response.part
    var head = ResponseHead(
      status: range.status, fields: StoredHead.fields(of: answer.response.head))
    head.fields.removeAll(.contentLength)
    var age: [UInt8] = []
    age.append(decimal: UInt64(answer.age.age.count.magnitude))
    head.fields.set(.age, age)
    head.fields.append(.cacheStatus, statusValue(of: answer))
    head.fields.apply(route.settings.responseFields)
    switch range {
    case .part(let bytes):
      head.fields.set(.contentRange, bytes.contentRange(of: held.completeLength))
      sendHead(head, framing: .length(bytes.count))
      send(answer.response.body, bytes, from: held)
    case .parts(let list): return send(list, of: answer.response, head: head)
    case .notSatisfiable(let length):
      sendNotSatisfiable(head, completeLength: length)
      return 0
    }
    _ = sendEnd(trailers: FieldSection())
    if case .part(let bytes) = range { return bytes.count }
    return 0
  }

  private func send(_ ranges: [ByteRange], of stored: StoredResponse, head: ResponseHead) -> Int64 {
    let held = stored.part
    let framing = MultipartRanges(
      ranges, of: held.completeLength, type: head.fields.first(.contentType),
      boundary: worker.nextBoundary())
    var head = head
    head.fields.set(.contentType, framing.contentType)
    sendHead(head, framing: .length(framing.contentLength))
    for (bytes, delimiter) in zip(ranges, framing.delimiters) {
      _ = unsafe delimiter.withUnsafeBytes { unsafe sendContent($0) }
      send(stored.body, bytes, from: held)
    }
    _ = unsafe framing.closing.withUnsafeBytes { unsafe sendContent($0) }
    _ = sendEnd(trailers: FieldSection())
    return framing.contentLength
  }

  /// RFC 9110 §15.5.17: says how long the representation is, and has nothing of it.
  private func sendNotSatisfiable(_ head: ResponseHead, completeLength: Int64) {
    var head = head
    head.makeNotSatisfiable(completeLength: completeLength)
    sendHead(head, framing: .length(0))
    _ = sendEnd(trailers: FieldSection())
  }

  /// Sends a run of stored content from where it is.
  private func send(_ body: [UInt8], _ bytes: ByteRange, from held: StoredPart) {
    let start = Int(clamping: bytes.first - held.first)
    let end = Int(clamping: bytes.last - held.first + 1)
    guard start >= 0, start < end, end <= body.count else { return }
    guard response.content(end - start) == .plain else { return }
    unsafe write(ByteStream.nothing, shared: body, start..<end)
  }
}

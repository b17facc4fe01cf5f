internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

/// An answer from the store: which response, how old, and what is said about it.
struct StoredAnswer {
  let response: StoredResponse
  let age: StoredAge
  var status: CacheStatus

  init(_ response: StoredResponse, age: StoredAge, status: CacheStatus) {
    self.response = response
    self.age = age
    self.status = status
  }
}

extension ClientConnection {
  /// Content up to this length is copied into the send buffer; longer content is sent from where it
  /// is.
  private static let copiedBytes = 8192

  /// Sends a stored response, or the 304 that stands for it. Returns how much content was sent.
  func sendStored(_ answer: StoredAnswer, to request: RequestHead, route: RoutePlan) -> Int64 {
    guard !isClosed else { return 0 }
    let stored = answer.response
    let condition = conditionDecision(
      for: request, stored: stored.metadata, entityTag: stored.entityTagIfAsked(by: request),
      now: worker.loop.wallNow)
    if condition == .notModified {
      let bytes = stored.bytes
      sendNotModified(
        stored.head, age: answer.age, status: answer.status,
        key: bytes.span.extracting(stored.keyRange))
      return 0
    }
    if !route.settings.responseFields.isEmpty {
      return sendRewritten(answer, to: request, route: route)
    }
    let hasContent = request.method != .head && stored.metadata.status != .noContent
    settlePersistence()
    response.sendsStored()
    worker.withHeadBuffer { lines in
      let bytes = stored.bytes
      appendChangingLines(
        age: answer.age, status: answer.status, key: bytes.span.extracting(stored.keyRange),
        to: &lines)
      unsafe lines.withUnsafeBytes { changing in
        unsafe stored.withUnsafeParts { head, body in
          if !hasContent {
            unsafe write(head, changing)
          } else if body.count <= Self.copiedBytes {
            unsafe write(head, changing, body)
          } else {
            unsafe write(head, changing, shared: stored.body, 0..<stored.body.count)
          }
        }
      }
    }
    extendForWriting()
    return hasContent ? Int64(stored.body.count) : 0
  }

  /// Sends a 304 for a stored head.
  func sendNotModified(
    _ head: ArraySlice<UInt8>, age: StoredAge?, status: CacheStatus, key: Span<UInt8>
  ) {
    guard !isClosed else { return }
    settlePersistence()
    response.sendsStored()
    worker.withHeadBuffer { bytes in
      StoredHead.appendNotModified(of: head, to: &bytes)
      appendChangingLines(age: age, status: status, key: key, to: &bytes)
      unsafe bytes.withUnsafeBytes { unsafe write($0) }
    }
    extendForWriting()
  }

  /// The fields that differ from answer to answer, and the end of the head.
  private func appendChangingLines(
    age: StoredAge?, status: CacheStatus, key: Span<UInt8>, to lines: inout [UInt8]
  ) {
    if let age {
      lines.append(ascii: "Age: ")
      lines.append(decimal: UInt64(age.age.count.magnitude))
      lines.append(ascii: "\r\n")
    }
    status.appendLine(to: &lines, as: worker.plan.cacheStatusName, key: key)
    if !response.keepsAlive {
      lines.append(ascii: "Connection: close\r\n")
    } else if response.isOldVersion {
      lines.append(ascii: "Connection: keep-alive\r\n")
    }
    lines.append(ascii: "\r\n")
  }

  /// The slow way, for routes whose rules change fields of responses.
  private func sendRewritten(_ answer: StoredAnswer, to request: RequestHead, route: RoutePlan)
    -> Int64
  {
    let stored = answer.response
    var head = ResponseHead(
      status: stored.metadata.status, fields: StoredHead.fields(of: stored.head))
    var age: [UInt8] = []
    age.append(decimal: UInt64(answer.age.age.count.magnitude))
    head.fields.set(.age, age)
    head.fields.append(.cacheStatus, statusValue(of: answer))
    head.fields.apply(route.settings.responseFields)
    sendWhole(head, content: stored.body)
    return request.method == .head ? 0 : Int64(stored.body.count)
  }
}

extension ClientConnection {
  /// What `Cache-Status` says of an answer whose head is made anew.
  func statusValue(of answer: StoredAnswer) -> [UInt8] {
    var value: [UInt8] = []
    let bytes = answer.response.bytes
    answer.status.append(
      to: &value, as: worker.plan.cacheStatusName,
      key: bytes.span.extracting(answer.response.keyRange))
    return value
  }
}

extension StoredResponse {
  /// The entity tag where the request has a condition on it; empty otherwise.
  fileprivate func entityTagIfAsked(by request: RequestHead) -> ArraySlice<UInt8> {
    request.fields.contains(.ifNoneMatch) ? entityTag : []
  }
}

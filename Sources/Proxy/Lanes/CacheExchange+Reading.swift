internal import CachePolicy
internal import CacheStore
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

// A client that reads from a response while it comes in: another's, or its own fetch's, at a pace
// of its own.
extension CacheExchange {
  /// Has this exchange told that more has come.
  var wake: @Sendable () -> Void {
    let waiter = FetchWaiter(loop: worker.loop.handle, exchange: id.number)
    return { waiter.post { $0.moreArrived() } }
  }

  /// Passes on what there is, as fast as the client takes it.
  func moreArrived() {
    guard !isEnded, reading != nil, let client else { return }
    guard beginsReading(), let reading else { return }
    worker.withFollowBuffer { buffer in
      while !isEnded, self.reading != nil, !client.stream.isSaturated {
        buffer.removeAll(keepingCapacity: true)
        let missing = reading.missing ?? SharedReader.readLimit
        guard missing > 0 else { return readingEnded() }
        switch reading.reader.read(limit: missing, into: &buffer) {
        case .bytes: unsafe buffer.withUnsafeBytes { unsafe deliver(content: $0) }
        case .nothingYet:
          origin?.resume()
          return
        case .ended: return reading.end == nil ? readingEnded() : readingBroke(.failed)
        case .broken(let reason): return readingBroke(reason)
        }
      }
    }
    if client.stream.isSaturated, let writer, !writer.hasReaders { slowDown(writer) }
  }

  /// Sends the head where it has not been sent; false while it cannot be, and where there is
  /// nothing more to be read.
  private func beginsReading() -> Bool {
    guard let reading, let answer = reading.answer else { return true }
    switch answer.form {
    case .whole, .part: break
    case .unmeasured(let range): return measures(range)
    case .notSatisfiable(let length):
      sendNotSatisfiable(answer, completeLength: length)
      return false
    case .elsewhere: return false
    }
    self.reading?.began()
    let framing: BodyFraming =
      reading.end != nil
      ? .length(Int64(reading.missing ?? 0))
      : answer.response.length.map { .length(Int64($0)) } ?? .chunked
    deliver(head(of: answer), framing: framing)
    guard request.method != .head, record.status != .noContent else {
      readingEnded()
      return false
    }
    return true
  }

  /// Whether the content reaches up to the end of a range; what is known at its end counts then.
  private func measures(_ range: ByteRange) -> Bool {
    guard let reading, let answer = reading.answer,
      let end = answer.form.positions(in: answer.response)?.upperBound
    else { return false }
    switch reading.reader.reach(end) {
    case .notYet: return false
    case .reached: self.reading?.settle(.part(range, completeLength: nil))
    case .ended(let count):
      let form = ArrivingForm(
        of: answer.response, count: count, for: request, now: worker.loop.wallNow, rules: rules)
      guard form.isAnswer else {
        readingBroke(.failed)
        return false
      }
      self.reading?.settle(form)
    case .broken:
      readingBroke(.failed)
      return false
    }
    return beginsReading()
  }

  private func head(of answer: ArrivingAnswer) -> ResponseHead {
    let storable = answer.response.storable
    var head = head(of: storable, age: answer.age, status: answer.status)
    if case .part(let range, let completeLength) = answer.form {
      head.status = .partialContent
      head.fields.set(.contentRange, range.contentRange(of: completeLength))
    } else if request.method == .head, let length = answer.response.length {
      var digits: [UInt8] = []
      digits.append(decimal: UInt64(length))
      head.fields.set(.contentLength, digits)
    }
    return head
  }

  private func head(of storable: StorableResponse, age: StoredAge, status: CacheStatus)
    -> ResponseHead
  {
    var head = ResponseHead(
      status: storable.metadata.status, fields: StoredHead.fields(of: storable.head[...]))
    var seconds: [UInt8] = []
    seconds.append(decimal: UInt64(age.age.count.magnitude))
    head.fields.set(.age, seconds)
    append(status, to: &head)
    return head
  }

  /// RFC 9110 §15.5.17: says how long the representation is, and has nothing of it.
  private func sendNotSatisfiable(_ answer: ArrivingAnswer, completeLength: Int64) {
    var head = head(of: answer.response.storable, age: answer.age, status: answer.status)
    head.makeNotSatisfiable(completeLength: completeLength)
    reading?.began()
    deliver(head, framing: .length(0))
    readingEnded()
  }

  /// The client has all it wants.
  private func readingEnded() {
    stopsReading()
    switch course.readToEnd() {
    case .end: deliverEnd(trailers: FieldSection())
    case .storeOn:
      guard client?.sendEnd(trailers: FieldSection()) != false else { return fail(.originClosed) }
      releaseClient()
      origin?.resume()
    case .nothing: break
    }
  }

  /// What the client reads from is gone.
  private func readingBroke(_ reason: SharedBreak) {
    switch course.readingBroke(isBehind: reason == .fellBehind, isStarted: answerIsStarted) {
    case .fetch:
      stopsReading()
      record.isCollapsed = false
      fetch()
    case .fail: fail(.originClosed)
    // The connection tells that its client is gone, as if it had left.
    case .leaveBehind: client?.stream.abort()
    case .nothing: break
    }
  }

  /// The place in the shared content is given up.
  func stopsReading() {
    guard reading != nil else { return }
    reading = nil
    if case .none = flight { worker.leavesSharing(self) }
  }
}

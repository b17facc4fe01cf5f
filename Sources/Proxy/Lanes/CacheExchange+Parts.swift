internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives

/// What is asked of the origin.
enum FetchPlan {
  /// The whole, or whether what is stored is still valid.
  case usual
  /// What the client asks for, its range included.
  case asAsked
  /// What a stored part lacks.
  case completing(StoredResponse, ByteRange)

  init(_ fetch: RangeFetch, of stored: StoredResponse) {
    switch fetch {
    case .missing(let range): self = .completing(stored, range)
    case .asAsked: self = .asAsked
    case .whole: self = .usual
    }
  }
}

/// A stored part that is being completed: what of it comes after what is fetched.
struct Completion {
  let old: StoredResponse
  let suffix: Range<Int>
  /// Whether what has come goes on from what was held: worth keeping if it breaks off.
  let isLonger: Bool
}

extension StoredResponse {
  /// Which bytes of the representation it holds. Where nobody can tell which, none.
  var part: StoredPart {
    guard metadata.flags.contains(.partial) else { return .whole(Int64(body.count)) }
    let bytes = bytes
    return StoredAnnex.part(in: bytes.span.extracting(annexRange))
      ?? StoredPart(first: 0, count: 0, completeLength: nil) ?? .whole(0)
  }

  /// What of the request selected it.
  var vary: VaryKey { VaryKey(entries: Array(bytes[varyRange])) }

  /// It as freshening and combining want it.
  var held: HeldPart {
    HeldPart(metadata: metadata, head: head, vary: vary, part: part)
  }
}

// Parts of responses (RFC 9111 §3.3, §3.4).
extension CacheExchange {
  /// What is stored is not enough: asks the origin for what the plan says.
  func ask(for fetch: RangeFetch, of response: StoredResponse, because reason: CacheReason) {
    fetchPlan = FetchPlan(fetch, of: response)
    stored = nil
    cause = reason
    course.asksAgain()
    startAgain()
  }

  /// A part has come that was to complete a stored one; whether that is dealt with.
  func combines(_ head: ResponseHead, framing: BodyFraming) -> Bool {
    guard case .completing(let old, _) = fetchPlan else { return false }
    if let withheld, head.status == .partialContent {
      askWhole(insteadOf: old, because: CacheReason(withheld))
      return true
    }
    fetchPlan = .usual
    let decision = combineDecision(
      held: old.held, by: head, contentLength: framing.knownLength, to: request,
      requestedAt: sentWall, receivedAt: worker.loop.wallNow, rules: rules)
    switch decision {
    case .replace: return false
    case .combined(let storable, let part, let plan):
      if let reason = complete(old, with: storable, part, plan) {
        askWhole(insteadOf: nil, because: reason)
      }
    case .refuse(let reason): askWhole(insteadOf: old, because: reason)
    }
    return true
  }

  /// A part that was to complete a stored one is a decision; whether that is dealt with. It answers
  /// nobody: the client asked for something else.
  func asksWhole(insteadOf head: ResponseHead) -> Bool {
    guard case .completing(let old, _) = fetchPlan, head.status == .partialContent else {
      return false
    }
    askWhole(insteadOf: old, because: .decision)
    return true
  }

  /// The parts do not fit together: what is stored is of the past.
  private func askWhole(insteadOf old: StoredResponse?, because reason: CacheReason) {
    if let old { worker.shared.store.remove(old) }
    fetchPlan = .asAsked
    cause = reason
    startAgain()
  }

  /// Begins to store old and new as one response, and to answer from it as it comes. Returns why
  /// that cannot be.
  private func complete(
    _ old: StoredResponse, with storable: StorableResponse, _ part: StoredPart,
    _ plan: CombinationPlan
  ) -> CacheReason? {
    guard let length = Int(exactly: part.count), plan.prefix.upperBound <= old.body.count,
      plan.suffix.upperBound <= old.body.count
    else { return .objectTooLarge }
    let opening = worker.shared.store.open(storable, completing: old, length: length)
    guard case .writer(let writer) = opening else { return opening.refusal }
    let answer = arrivingAnswer(writer.shared)
    // Less came than was asked for.
    guard answer.form.isAnswer else { return .partMissing }
    self.writer = writer
    self.storable = storable
    completion = Completion(old: old, suffix: plan.suffix, isLonger: !plan.prefix.isEmpty)
    announcedBytes = part.count
    missingBytes = part.count - Int64(plan.prefix.count) - Int64(plan.suffix.count)
    record.cacheReason = .partCombined
    unsafe old.body.withUnsafeBytes {
      unsafe writer.append(UnsafeRawBufferPointer(rebasing: $0[plan.prefix]))
    }
    open(storable)
    answerCompleting(answer)
    return nil
  }

  private func arrivingAnswer(_ response: SharedResponse) -> ArrivingAnswer {
    let age = StoredAge(of: response.storable.metadata, at: worker.loop.wallNow)
    var status = CacheStatus(forwardedBecause: cause, forwardStatus: .partialContent)
    status.ttl = age.ttl
    status.isStored = true
    status.detail = .partCombined
    return ArrivingAnswer(
      response: response, age: age, status: status,
      form: ArrivingForm(of: response, for: request, now: worker.loop.wallNow, rules: rules))
  }

  /// The client reads from the beginning of what it wants, whatever of that is there.
  private func answerCompleting(_ answer: ArrivingAnswer) {
    let holdsIt = clientHolds(answer.response.storable)
    guard !holdsIt,
      let reader = answer.response.body.reader(isOwn: true, wake: wake)
    else {
      course.began(clientIsAnswered: true)
      if holdsIt { sendNotModified(answer.response.storable) }
      return releaseClient()
    }
    reading = SharedReading(reader, of: answer)
    worker.joinsSharing(self)
    course.trails()
    moreArrived()
  }

  /// The response broke off: what came of it may be worth keeping (RFC 9111 §3.3).
  func keepIncomplete() {
    guard let writer, let storable, let announced = announcedBytes, completion?.isLonger != false
    else { return }
    let decision = incompleteDecision(
      storable, receivedCount: Int64(writer.count), announcedCount: announced, rules: rules)
    guard case .keep(let part) = decision else { return }
    self.writer = nil
    let outcome = writer.keep(as: part)
    record.cacheReason = outcome.reason
    worker.counters.countStore(outcome.reason)
  }
}

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

/// A stored part and what comes to complete it.
struct Completion {
  let old: StoredResponse
  let storable: StorableResponse
  let suffix: Range<Int>
  var content: [UInt8]
  var missing: Int64

  /// Nil where the plan does not fit what is stored, or the new part is longer than the limit.
  init?(
    _ old: StoredResponse, _ storable: StorableResponse, _ part: StoredPart,
    plan: CombinationPlan, limit: Int
  ) {
    guard part.count <= Int64(limit), plan.prefix.upperBound <= old.body.count,
      plan.suffix.upperBound <= old.body.count
    else { return nil }
    self.old = old
    self.storable = storable
    suffix = plan.suffix
    missing = part.count - Int64(plan.prefix.count) - Int64(plan.suffix.count)
    content = []
    content.reserveCapacity(Int(clamping: part.count))
    content.append(contentsOf: old.body[plan.prefix])
  }

  /// Adds what came; false where that is more than was missing.
  mutating func append(_ piece: UnsafeRawBufferPointer) -> Bool {
    missing -= Int64(piece.count)
    guard missing >= 0 else { return false }
    unsafe content.append(contentsOf: piece)
    return true
  }
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
    case .combined(let storable, let part, let combination):
      let limit = worker.shared.store.limits.objectLimit
      if let completion = Completion(old, storable, part, plan: combination, limit: limit) {
        self.completion = completion
        course.combines()
        return true
      }
      askWhole(insteadOf: nil, because: .objectTooLarge)
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

  /// The missing part is complete.
  func answerCombined() {
    guard let completion, completion.missing == 0 else { return fail(.originClosed) }
    self.completion = nil
    let content = completion.content + completion.old.body[completion.suffix]
    let response = worker.shared.store.replace(
      completion.old, with: completion.storable, body: content)
    land(.notShared)
    record.cacheReason = .partCombined
    let age = StoredAge(of: response.metadata, at: worker.loop.wallNow)
    var status = CacheStatus(forwardedBecause: cause, forwardStatus: .partialContent)
    status.ttl = age.ttl
    status.isStored = true
    status.detail = .partCombined
    sendStored(response, age: age, status: status)
  }

  /// The response broke off: what came of it may be worth keeping (RFC 9111 §3.3).
  func keepIncomplete() {
    guard let writer, let storable, let announced = announcedBytes, let missing = missingBytes
    else { return }
    let decision = incompleteDecision(
      storable, receivedCount: announced - missing, announcedCount: announced, rules: rules)
    guard case .keep(let part) = decision else { return }
    self.writer = nil
    let outcome = writer.keep(as: part)
    record.cacheReason = outcome.reason
    worker.counters.countStore(outcome.reason)
  }
}

internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Verdict

// What an exchange does to the store.
extension CacheExchange {
  /// Begins to store a response where that is allowed; nil where it is not, and the record says
  /// why.
  func openStore(for head: ResponseHead, framing: BodyFraming) -> StorableResponse? {
    guard permit != nil, request.method == .get || request.method == .post else { return nil }
    let decision = storageDecision(for: head, framing: framing)
    guard case .store(let storable) = decision else {
      if case .refuse(let reason) = decision { record.cacheReason = reason }
      return nil
    }
    let length: Int64? = if case .length(let count) = framing { count } else { nil }
    let place: StoringPlace
    switch storingPlace(of: storable) {
    case .place(let found): place = found
    case .refused(let reason):
      record.cacheReason = reason
      return nil
    }
    let opening = worker.shared.store.open(
      storable, key: place.key, request: request, length: length, since: place.moment)
    switch opening {
    case .writer(let writer):
      self.writer = writer
      missingBytes = length
      announcedBytes = length
      worker.reportStored(head, of: self)
      return storable
    case .refused(let reason):
      record.cacheReason = reason
      worker.counters.countStore(reason)
      return nil
    }
  }

  /// Under which key a response is stored, and since when nothing may have changed.
  private struct StoringPlace {
    let key: [UInt8]
    let moment: StoreMoment?
  }

  private enum StoringPlaceDecision {
    case place(StoringPlace)
    case refused(CacheReason)
  }

  private func storingPlace(of storable: StorableResponse) -> StoringPlaceDecision {
    // What a POST itself has just made invalid does not count against its own answer.
    guard request.method == .get else { return .place(StoringPlace(key: key, moment: nil)) }
    guard let searchKey = searchKey(of: storable) else {
      return .place(StoringPlace(key: key, moment: moment))
    }
    // A key for many queries is known only now. From now on changes are seen by its moment; those
    // of any query of the path, since the request went out, by the notes that were made of them.
    let store = worker.shared.store
    let now = store.moment(of: searchKey.span)
    let path = worker.pathKey(of: request, scheme: scheme)
    let asked = key
    if store.hasPathChanged(path.span, since: pathChanges) { return .refused(.invalidated) }
    if let moment, store.moment(of: asked.span) != moment { return .refused(.invalidated) }
    return .place(StoringPlace(key: searchKey, moment: now))
  }

  /// The key of a response that says which parts of the query change it; nil for nearly all.
  private func searchKey(of storable: StorableResponse) -> [UInt8]? {
    guard storable.metadata.flags.contains(.variesBySearch), rules.usesNoVarySearch else {
      return nil
    }
    let annex = storable.annex.bytes
    guard let encoded = StoredAnnex.searchRule(in: annex.span) else { return nil }
    return worker.rememberedSearchKey(
      for: request, scheme: scheme, route: route, rules: rules, encoded: encoded)
  }

  /// By which the request came. Its key knows although whoever asked may be gone.
  private var scheme: Scheme {
    let key = key
    return CacheKey.Layout(of: key.span)?.scheme ?? (clientFacts.isSecure ? .https : .http)
  }

  /// Whether the response would be stored if its content says nothing against it. The answer is
  /// kept for `openStore`.
  func isStorable(_ head: ResponseHead, framing: BodyFraming) -> Bool {
    guard permit != nil, request.method == .get || request.method == .post else { return false }
    let decision = decisionByHead(head, framing: framing)
    headDecision = decision
    return decision.reason == .stored
  }

  /// What the content says comes first, then what somebody may want to have stored; then the head.
  private func storageDecision(for head: ResponseHead, framing: BodyFraming) -> StorageDecision {
    if let withheld { return .refuse(CacheReason(withheld)) }
    if let reason = deceptionRefusal(of: head, to: request) { return .refuse(reason) }
    return headDecision.take() ?? decisionByHead(head, framing: framing)
  }

  private func decisionByHead(_ head: ResponseHead, framing: BodyFraming) -> StorageDecision {
    CachePolicy.storageDecision(
      for: head, to: request, exchange: withheld.map { .withheld(CacheReason($0)) } ?? .other,
      requestedAt: sentWall, receivedAt: worker.loop.wallNow, contentLength: framing.knownLength,
      rules: rules)
  }

  /// Adds content. The last piece of a known length completes what is stored before anybody sees
  /// the end of the answer.
  func store(_ piece: UnsafeRawBufferPointer) {
    guard let writer else { return }
    unsafe writer.append(piece)
    guard let missing = missingBytes else { return }
    missingBytes = missing - Int64(piece.count)
    if missingBytes == 0 { finishStoring() }
  }

  /// The content is complete: whoever looks from now on finds it.
  func finishStoring() {
    guard let writer else { return }
    self.writer = nil
    if let completion = completion.take(), missingBytes == 0 {
      unsafe completion.old.body.withUnsafeBytes {
        unsafe writer.append(UnsafeRawBufferPointer(rebasing: $0[completion.suffix]))
      }
    }
    let outcome = writer.finish()
    // That parts were combined says more than that they were stored.
    if record.cacheReason != .partCombined || outcome.reason != .stored {
      record.cacheReason = outcome.reason
    }
    worker.counters.countStore(outcome.reason)
    if writer.displacedVariants > 0, case .stored(let response) = outcome {
      worker.reportDisplaced(by: response, of: self)
    }
    land(outcome.flightOutcome)
  }

  func cancelStoring() {
    guard let writer else { return }
    self.writer = nil
    writer.cancel()
    worker.counters.countStore(.storeCancelled)
  }

  /// The origin confirmed what is stored (RFC 9111 §4.3).
  func validated(_ old: StoredResponse, by head: ResponseHead) {
    let isPart = old.metadata.flags.contains(.partial)
    let decision = freshenDecision(
      stored: old.metadata, head: old.head, part: isPart ? old.part : nil, by: head, to: request,
      requestedAt: sentWall, receivedAt: worker.loop.wallNow, rules: rules)
    switch decision {
    case .freshened(let storable):
      let freshened = worker.shared.store.freshen(old, with: storable)
      freshenOthers(than: old, by: head)
      land(.stored)
      answer(with: freshened, status: head.status)
    case .answerOnly(let storable, _):
      land(.notShared)
      answer(with: worker.shared.store.detached(old, with: storable), status: head.status)
    case .answerAndRemove(let storable, _):
      land(.notShared)
      worker.shared.store.remove(old)
      answer(with: worker.shared.store.detached(old, with: storable), status: head.status)
    case .refuse(let reason):
      // The 304 is about something else: ask again without conditions.
      forget(old, because: reason)
    }
  }

  /// A decision came where something is stored: that goes if it is past its lifetime.
  ///
  /// It was looked at when it came and is no decision. While it is fresh it stays: it takes a
  /// client's own wish to be asked for behind it, and a client that knows how to get a no out of
  /// the origin could empty the store with it.
  func removeOutlived() {
    guard let stored, StoredAge(of: stored.metadata, at: worker.loop.wallNow).ttl <= 0 else {
      return
    }
    worker.shared.store.remove(stored)
  }

  /// Other stored responses of the key that the same 304 is about (RFC 9111 §4.3.4).
  private func freshenOthers(than old: StoredResponse, by head: ResponseHead) {
    let scope = freshenScope(of: head)
    guard let permit, scope != .onlyAsked else { return }
    let key = key
    for other in worker.shared.store.variants(permit, key: key.span) where other !== old {
      guard scope.includes(other.metadata, head: other.head) else { continue }
      let isPart = other.metadata.flags.contains(.partial)
      let decision = freshenDecision(
        stored: other.metadata, head: other.head, part: isPart ? other.part : nil,
        vary: other.vary, by: head, to: request, requestedAt: sentWall,
        receivedAt: worker.loop.wallNow, rules: rules)
      guard case .freshened(let storable) = decision else { continue }
      _ = worker.shared.store.freshen(other, with: storable)
    }
  }

  /// The answer to a HEAD says whether what GET would select is still what the origin has (RFC 9111
  /// §4.3.5).
  func freshen(byHead head: ResponseHead) {
    guard request.method == .head, let stored else { return }
    let decision = headFreshenDecision(
      held: stored.held, by: head, to: request, requestedAt: sentWall,
      receivedAt: worker.loop.wallNow, rules: rules)
    switch decision {
    case .freshened(let storable): _ = worker.shared.store.freshen(stored, with: storable)
    case .remove: worker.shared.store.remove(stored)
    case .keep: break
    }
  }
}

extension CacheReason {
  /// Why content that was looked at stays out of the store.
  init(_ reason: WithholdingReason) {
    self =
      switch reason {
      case .unseen: .contentUnseen
      case .personalPage: .personalPage
      case .unexpectedPage: .unexpectedPage
      case .refusedRequest: .errorOfRequest
      }
  }
}

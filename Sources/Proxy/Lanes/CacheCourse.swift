/// What an exchange of the cache lane does next: a machine without input or output.
///
///     idle ─▶ asking ─┬▶ holding ─┬▶ delivering ─▶ ended
///      │       ▲  ▲   │           │    ▼
///      │       │  │   │           ├▶ trailing ─▶ following   (the client at a pace of its own)
///      │       │  │   │           │    ▼
///      │       │  │   │           ├▶ storing ────▶ ended     (the client has its answer)
///      │       │  │   └───────────┴▶ undeclared ─▶ ended     (a decision: it changed lane)
///      │       │  ▼
///      │       │ asking behind ─▶ ended                      (answered from the disk)
///      ▼       │
///     waiting ─┼▶ following ─▶ ended                         (what another exchange fetches)
///              └▶ ended                                      (answered from the store)
///
/// Every event returns the action that follows. Whether a response is stored, stale or a decision
/// is found out by others and told here; what may happen after what is decided here. So one glance
/// shows that a decision is never stored and that no client is answered twice.
struct CacheCourse: ~Copyable {
  private enum State: Equatable {
    case idle
    /// Another exchange fetches the same; nothing of it is known yet.
    case waiting
    /// What another exchange fetches is passed on as it comes.
    case following
    /// The origin is asked, or about to be; nothing has come.
    case asking
    /// The place behind the memory store is asked, once.
    case askingBehind
    /// Content is kept back: it may make the response a decision.
    case holding
    /// The response goes to the client, and into the store where that was opened.
    case delivering
    /// The response goes into the store, and the client reads from what has come: it lags behind,
    /// or what comes completes a stored part.
    case trailing
    /// The client needs nothing more; the rest is for the store and for followers.
    case storing
    /// The response is a decision.
    case undeclared
    case ended
  }

  /// How many fetches of others an exchange waits for before it asks for itself.
  static let flightLimit = 2

  private var state = State.idle
  private var flights = 0
  /// Whether nobody but the store waits for the response.
  private let isBackground: Bool
  /// Whether the request forbids to ask the origin.
  private let isLocalOnly: Bool
  private var hasAskedBehind = false

  init(isBackground: Bool = false, isLocalOnly: Bool = false) {
    self.isBackground = isBackground
    self.isLocalOnly = isLocalOnly
  }

  /// Whether the client has all of its answer, or nobody waits for one: the origin has no say in it
  /// any more. For tests.
  var isSettled: Bool {
    switch state {
    case .storing, .ended: true
    case .idle, .waiting, .following, .asking, .askingBehind, .holding, .delivering, .trailing,
      .undeclared:
      false
    }
  }

  var isAskingBehind: Bool { state == .askingBehind }

  // MARK: Asking

  enum Beginning: Equatable {
    /// Ask whether another exchange fetches the same.
    case join
    case fetch
  }

  /// The exchange begins; `isShared` tells whether its fetch may be shared with others.
  mutating func begin(isShared: Bool) -> Beginning {
    state = .asking
    return isShared && !isLocalOnly ? .join : .fetch
  }

  enum Fetching: Equatable {
    case askBehind
    case askOrigin
    /// Nothing may be asked any more.
    case refuse
  }

  /// The exchange fetches; `mayBeBehind` tells whether the place behind the memory store may have
  /// what is wanted. It is asked once.
  mutating func fetches(mayBeBehind: Bool) -> Fetching {
    guard mayBeBehind, !hasAskedBehind, !isBackground else {
      return isLocalOnly ? .refuse : .askOrigin
    }
    hasAskedBehind = true
    state = .askingBehind
    return .askBehind
  }

  /// What the place behind had.
  enum BehindNews: Equatable {
    /// What may answer the request.
    case usable
    /// What must be validated first.
    case mustBeValidated
    /// Nothing, or not in time.
    case nothing
  }

  enum AfterBehind: Equatable {
    case answer
    /// Ask the origin whether it still holds.
    case validate
    case fetch
    case refuse
    /// It comes too late.
    case drop
  }

  mutating func behindAnswered(_ news: BehindNews) -> AfterBehind {
    guard state == .askingBehind else { return .drop }
    state = .asking
    switch news {
    case .usable: return .answer
    case .mustBeValidated: return isLocalOnly ? .refuse : .validate
    case .nothing: return isLocalOnly ? .refuse : .fetch
    }
  }

  /// Another exchange fetches the same.
  mutating func waits() {
    state = .waiting
    flights += 1
  }

  /// What became of the fetch that was waited for.
  enum FlightNews: Equatable {
    /// The response is in the store.
    case stored
    /// It comes in, and this request may have it.
    case arriving
    /// It comes in, but is for requests with other fields.
    case otherVariant
    /// It may not be shared, not with this request, or it failed too often.
    case notShared
    /// Its leader is gone: this exchange fetches for all who wait.
    case handedOver
  }

  enum AfterFlight: Equatable {
    case lookAgain
    case follow
    case join
    case fetch
    case nothing
  }

  mutating func flightEnded(_ news: FlightNews) -> AfterFlight {
    guard state == .waiting else { return .nothing }
    state = .asking
    switch news {
    case .stored: return .lookAgain
    case .arriving:
      state = .following
      return .follow
    case .otherVariant: return flights < Self.flightLimit ? .join : .fetch
    case .notShared, .handedOver: return .fetch
    }
  }

  /// What is stored turned out not to be enough.
  mutating func asksAgain() { state = .asking }

  /// The client does not keep up, or begins with what was stored before: it reads from what is
  /// being stored from here on.
  mutating func trails() { state = .trailing }

  enum AfterReading: Equatable {
    /// Nothing is left to be done.
    case end
    /// The client has its answer; the rest is for the store and for followers.
    case storeOn
    case nothing
  }

  /// The client has read all it wants of a response that is shared.
  mutating func readToEnd() -> AfterReading {
    switch state {
    case .following:
      state = .ended
      return .end
    case .trailing:
      state = .storing
      return .storeOn
    case .idle, .waiting, .asking, .askingBehind, .holding, .delivering, .storing, .undeclared,
      .ended:
      return .nothing
    }
  }

  enum AfterBreak: Equatable {
    /// Nobody has seen anything of it: ask the origin.
    case fetch
    case fail
    /// The client alone is broken off: the fetch goes on for others.
    case leaveBehind
    case nothing
  }

  /// What the client reads from is gone; `isBehind` tells whether only for the client, which was
  /// too far behind, and `isStarted` whether it has seen the beginning of an answer.
  mutating func readingBroke(isBehind: Bool, isStarted: Bool) -> AfterBreak {
    switch state {
    case .following:
      guard !isStarted else { return .fail }
      state = .asking
      return .fetch
    case .trailing: return isBehind ? .leaveBehind : .fail
    case .idle, .waiting, .asking, .askingBehind, .holding, .delivering, .storing, .undeclared,
      .ended:
      return .nothing
    }
  }

  /// Answered from the store.
  mutating func answered() { state = .ended }

  // MARK: The response

  /// What the head of a response means to this exchange.
  enum HeadReading: Equatable {
    /// The origin confirms what is stored.
    case confirmation
    /// A 304 to this program's validation that is a decision all the same.
    case spoiltConfirmation
    /// An error that a stale response may stand in for.
    case coveredError
    /// A decision by its head alone.
    case decision
    /// Whether it is a decision shows in the content.
    case unclear
    case plain
  }

  enum AfterHead: Equatable {
    case merge
    case askAgain
    case answerStale
    /// Nobody is there to be answered, and nothing is stored.
    case giveUp
    case changeLane
    case hold
    case begin
  }

  mutating func headArrived(_ reading: HeadReading) -> AfterHead {
    switch reading {
    case .confirmation: return .merge
    case .spoiltConfirmation: return .askAgain
    case .coveredError:
      state = .ended
      return isBackground ? .giveUp : .answerStale
    case .decision: return decided()
    case .unclear:
      state = .holding
      return .hold
    case .plain: return .begin
    }
  }

  private mutating func decided() -> AfterHead {
    guard !isBackground else {
      state = .ended
      return .giveUp
    }
    state = .undeclared
    return .changeLane
  }

  /// The response goes to the client as it comes, or to the store alone.
  mutating func began(clientIsAnswered: Bool) {
    state = clientIsAnswered || isBackground ? .storing : .delivering
  }

  enum AfterContent: Equatable {
    /// Keep it with what is held.
    case keep
    /// Too long for a verdict: begin, with what was held first.
    case release
    /// To the store and to the client.
    case pass
    /// To the store only.
    case store
    /// To the client only.
    case deliver
    case drop
  }

  /// Content came; `fits` tells whether it may be held with what is held already.
  mutating func contentArrived(fits: Bool) -> AfterContent {
    switch state {
    case .holding:
      guard !fits else { return .keep }
      state = .asking
      return .release
    case .delivering: return .pass
    case .storing, .trailing: return .store
    case .undeclared: return .deliver
    case .idle, .waiting, .following, .asking, .askingBehind, .ended: return .drop
    }
  }

  enum AfterEnd: Equatable {
    /// The held response is whole: find out what it is.
    case judge
    /// Store, then end the client's response.
    case storeAndEnd
    /// Store; the client has its answer.
    case store
    /// End the client's response.
    case end
    /// Store; the client reads on.
    case storeAndFollow
    case nothing
  }

  mutating func contentEnded() -> AfterEnd {
    switch state {
    case .holding:
      state = .asking
      return .judge
    case .delivering:
      state = .ended
      return .storeAndEnd
    case .storing:
      state = .ended
      return .store
    case .undeclared:
      state = .ended
      return .end
    case .trailing:
      state = .following
      return .storeAndFollow
    case .idle, .waiting, .following, .asking, .askingBehind, .ended: return .nothing
    }
  }

  // MARK: Failures

  enum AfterFailure: Equatable {
    /// Answer with what is stored where that is allowed, else fail.
    case answerStaleOrFail
    /// The client has its answer: only the store goes without.
    case endQuietly
    case fail
  }

  /// The origin could not be asked or broke off; `isStarted` tells whether the client has seen the
  /// beginning of an answer.
  mutating func failed(isStarted: Bool) -> AfterFailure {
    let before = state
    state = .ended
    switch before {
    case .storing: return .endQuietly
    case .idle, .waiting, .asking, .askingBehind, .holding, .delivering, .trailing:
      if isBackground { return .endQuietly }
      return isStarted ? .fail : .answerStaleOrFail
    case .following, .undeclared, .ended: return .fail
    }
  }

  enum AfterClientLeft: Equatable {
    /// Others wait for the same: fetch on for them.
    case fetchOn
    /// Leave the fetch of another.
    case leave
    case giveUp
  }

  /// The client is gone; `isFollowed` tells whether others have begun to get this response.
  mutating func clientLeft(isFollowed: Bool) -> AfterClientLeft {
    switch state {
    case .waiting, .following:
      state = .ended
      return .leave
    case .delivering, .trailing, .storing:
      guard isFollowed else { break }
      state = .storing
      return .fetchOn
    case .idle, .asking, .askingBehind, .holding, .undeclared, .ended: break
    }
    state = .ended
    return .giveUp
  }
}

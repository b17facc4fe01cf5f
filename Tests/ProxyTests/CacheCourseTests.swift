import Testing

@testable import Proxy

/// What an exchange of the cache lane does next, event by event.
@Suite struct CacheCourseTests {
  @Test func `a plain response is begun, passed and stored before its end is told`() {
    let course = Course()
    #expect(course.begin(isShared: false) == .fetch)
    #expect(course.headArrived(.plain) == .begin)
    course.began(clientIsAnswered: false)
    #expect(course.contentArrived(fits: true) == .pass)
    #expect(course.contentEnded() == .storeAndEnd)
    #expect(course.contentEnded() == .nothing)
  }

  @Test func `a response that may be a decision is kept back until it is whole`() {
    let course = Course()
    _ = course.begin(isShared: false)
    #expect(course.headArrived(.unclear) == .hold)
    #expect(course.contentArrived(fits: true) == .keep)
    #expect(course.contentEnded() == .judge)
    #expect(course.headArrived(.decision) == .changeLane)
    // From here on nothing of it goes near the store.
    #expect(course.contentArrived(fits: true) == .deliver)
    #expect(course.contentEnded() == .end)
  }

  @Test func `what is too long for a verdict is let go`() {
    let course = Course()
    _ = course.begin(isShared: false)
    _ = course.headArrived(.unclear)
    #expect(course.contentArrived(fits: false) == .release)
    course.began(clientIsAnswered: false)
    #expect(course.contentArrived(fits: true) == .pass)
  }

  @Test func `a client that holds the response gets its 304, the store the content`() {
    let course = Course()
    _ = course.begin(isShared: false)
    _ = course.headArrived(.plain)
    course.began(clientIsAnswered: true)
    #expect(course.isSettled)
    #expect(course.contentArrived(fits: true) == .store)
    #expect(course.failed(isStarted: true) == .endQuietly)
  }

  @Test func `a failure before the answer may be made good from the store, a later one not`() {
    let early = Course()
    _ = early.begin(isShared: false)
    #expect(early.failed(isStarted: false) == .answerStaleOrFail)
    let late = Course()
    _ = late.begin(isShared: false)
    _ = late.headArrived(.plain)
    late.began(clientIsAnswered: false)
    #expect(late.failed(isStarted: true) == .fail)
  }

  @Test func `a broken held response has not begun for the client`() {
    let course = Course()
    _ = course.begin(isShared: false)
    _ = course.headArrived(.unclear)
    #expect(course.failed(isStarted: false) == .answerStaleOrFail)
  }

  @Test func `an exchange waits for other variants a limited number of times`() {
    let course = Course()
    #expect(course.begin(isShared: true) == .join)
    course.waits()
    #expect(course.flightEnded(.otherVariant) == .join)
    course.waits()
    #expect(course.flightEnded(.otherVariant) == .fetch)
    #expect(course.flightEnded(.stored) == .nothing)
  }

  @Test(arguments: [
    (CacheCourse.FlightNews.stored, CacheCourse.AfterFlight.lookAgain), (.handedOver, .fetch),
    (.arriving, .follow),
  ])
  func `news of a flight say what to do`(
    news: CacheCourse.FlightNews, next: CacheCourse.AfterFlight
  ) {
    let course = Course()
    _ = course.begin(isShared: true)
    course.waits()
    #expect(course.flightEnded(news) == next)
  }

  // MARK: The place behind

  @Test(arguments: [
    (CacheCourse.BehindNews.usable, CacheCourse.AfterBehind.answer), (.mustBeValidated, .validate),
    (.nothing, .fetch),
  ])
  func `the place behind is asked before the origin, once`(
    news: CacheCourse.BehindNews, next: CacheCourse.AfterBehind
  ) {
    let course = Course()
    _ = course.begin(isShared: false)
    #expect(course.fetches(mayBeBehind: true) == .askBehind)
    #expect(course.isAskingBehind)
    #expect(!course.isSettled)
    #expect(course.behindAnswered(news) == next)
    #expect(course.behindAnswered(news) == .drop, "the deadline and the answer may both come")
    #expect(course.fetches(mayBeBehind: true) == .askOrigin)
    #expect(course.headArrived(.plain) == .begin)
  }

  @Test func `where nothing may be behind the origin is asked at once`() {
    let course = Course()
    _ = course.begin(isShared: false)
    #expect(course.fetches(mayBeBehind: false) == .askOrigin)
    #expect(course.fetches(mayBeBehind: true) == .askBehind, "another variant, after a flight")
  }

  @Test func `in the background nothing behind is asked`() {
    let course = Course(isBackground: true)
    _ = course.begin(isShared: false)
    #expect(course.fetches(mayBeBehind: true) == .askOrigin)
  }

  @Test func `who forbids to ask the origin joins nobody and gets what is behind or nothing`() {
    #expect(Course(isLocalOnly: true).begin(isShared: true) == .fetch)
    let nothing = Course(isLocalOnly: true)
    _ = nothing.begin(isShared: true)
    #expect(nothing.fetches(mayBeBehind: false) == .refuse)
    for news in [CacheCourse.BehindNews.mustBeValidated, .nothing] {
      let course = Course(isLocalOnly: true)
      _ = course.begin(isShared: true)
      #expect(course.fetches(mayBeBehind: true) == .askBehind)
      #expect(course.behindAnswered(news) == .refuse)
    }
    let found = Course(isLocalOnly: true)
    _ = found.begin(isShared: true)
    _ = found.fetches(mayBeBehind: true)
    #expect(found.behindAnswered(.usable) == .answer)
  }

  @Test func `a client that leaves, and a failure, end the wait for the place behind`() {
    let left = Course()
    _ = left.begin(isShared: true)
    _ = left.fetches(mayBeBehind: true)
    #expect(left.clientLeft(isFollowed: false) == .giveUp)
    #expect(left.behindAnswered(.usable) == .drop)
    let failed = Course()
    _ = failed.begin(isShared: true)
    _ = failed.fetches(mayBeBehind: true)
    #expect(failed.contentArrived(fits: true) == .drop)
    #expect(failed.contentEnded() == .nothing)
    #expect(failed.failed(isStarted: false) == .answerStaleOrFail)
    #expect(failed.behindAnswered(.usable) == .drop)
  }

  @Test func `what is not shared is fetched at once`() {
    let course = Course()
    _ = course.begin(isShared: true)
    course.waits()
    #expect(course.flightEnded(.notShared) == .fetch)
  }

  @Test func `who follows is not answered by anything else`() {
    let course = Course()
    _ = course.begin(isShared: true)
    course.waits()
    #expect(course.flightEnded(.arriving) == .follow)
    #expect(course.contentArrived(fits: true) == .drop)
    #expect(course.contentEnded() == .nothing)
    #expect(course.clientLeft(isFollowed: false) == .leave)
  }

  @Test func `a client that leaves takes the fetch along unless others follow`() {
    let alone = Course()
    _ = alone.begin(isShared: true)
    _ = alone.headArrived(.plain)
    alone.began(clientIsAnswered: false)
    #expect(alone.clientLeft(isFollowed: false) == .giveUp)
    let followed = Course()
    _ = followed.begin(isShared: true)
    _ = followed.headArrived(.plain)
    followed.began(clientIsAnswered: false)
    #expect(followed.clientLeft(isFollowed: true) == .fetchOn)
    #expect(followed.contentArrived(fits: true) == .store)
    #expect(followed.contentEnded() == .store)
  }

  @Test func `a client that trails reads on when the fetch has ended`() {
    let course = Course()
    _ = course.begin(isShared: false)
    #expect(course.headArrived(.plain) == .begin)
    course.began(clientIsAnswered: false)
    course.trails()
    #expect(course.contentArrived(fits: true) == .store)
    #expect(course.contentEnded() == .storeAndFollow)
    #expect(course.contentEnded() == .nothing)
    #expect(course.readToEnd() == .end)
  }

  @Test func `a client that wants only the beginning has its answer before the store`() {
    let course = Course()
    _ = course.begin(isShared: false)
    #expect(course.headArrived(.plain) == .begin)
    course.trails()
    #expect(course.readToEnd() == .storeOn)
    #expect(course.contentArrived(fits: true) == .store)
    #expect(course.contentEnded() == .store)
  }

  @Test func `a client that trails too far is left behind, and the fetch goes on`() {
    let course = Course()
    _ = course.begin(isShared: true)
    #expect(course.headArrived(.plain) == .begin)
    course.began(clientIsAnswered: false)
    course.trails()
    #expect(course.readingBroke(isBehind: true, isStarted: true) == .leaveBehind)
    #expect(course.clientLeft(isFollowed: true) == .fetchOn)
    #expect(course.contentEnded() == .store)
  }

  @Test func `who follows and has seen nothing of it asks when it breaks off`() {
    for isStarted in [false, true] {
      let course = Course()
      _ = course.begin(isShared: true)
      course.waits()
      _ = course.flightEnded(.arriving)
      let next = course.readingBroke(isBehind: false, isStarted: isStarted)
      #expect(next == (isStarted ? .fail : .fetch))
    }
  }

  @Test func `in the background no answer is given, whatever comes`() {
    for reading in [CacheCourse.HeadReading.coveredError, .decision] {
      let course = Course(isBackground: true)
      _ = course.begin(isShared: true)
      #expect(course.headArrived(reading) == .giveUp)
    }
    let plain = Course(isBackground: true)
    _ = plain.begin(isShared: true)
    #expect(plain.headArrived(.plain) == .begin)
    plain.began(clientIsAnswered: false)
    #expect(plain.contentArrived(fits: true) == .store)
    #expect(plain.contentEnded() == .store)
  }

  /// Walks at random and watches that nothing of a decision is ever stored, that nothing is passed
  /// while it is held, and that nothing happens after the end.
  @Test(arguments: 0..<200) func `no walk stores a decision or answers twice`(seed: UInt64) {
    var random = Seeded(seed)
    let course = Course(isBackground: seed % 5 == 0)
    var isDecision = false
    var isHeld = false
    var isBegun = false
    var ends = 0
    _ = course.begin(isShared: seed % 2 == 0)
    for _ in 0..<40 {
      switch random.next(8) {
      case 6 where !course.isSettled && !isDecision && !isHeld && ends == 0 && !isBegun:
        _ = course.fetches(mayBeBehind: true)
      case 7:
        // Whatever is behind, it is stored: nothing changes what the origin's answer is.
        let isAsking = course.isAskingBehind
        #expect((course.behindAnswered(.nothing) == .fetch) == isAsking)
      case 0 where course.isAskingBehind: continue
      case 0:
        let readings: [CacheCourse.HeadReading] = [.decision, .unclear, .plain]
        guard !course.isSettled, !isDecision, ends == 0 else { continue }
        switch course.headArrived(readings[random.next(3)]) {
        case .changeLane: (isDecision, isHeld) = (true, false)
        case .hold: isHeld = true
        case .begin:
          isHeld = false
          isBegun = true
          course.began(clientIsAnswered: random.next(4) == 0)
        case .giveUp: ends += 1
        case .merge, .askAgain, .answerStale: Issue.record("nothing was stored")
        }
      case 1, 2:
        switch course.contentArrived(fits: random.next(5) > 0) {
        case .pass, .store: #expect(!isDecision && !isHeld && ends == 0)
        case .deliver: #expect(isDecision && ends == 0)
        case .keep: #expect(isHeld)
        case .release:
          #expect(isHeld)
          isHeld = false
          isBegun = true
          course.began(clientIsAnswered: false)
        case .drop: break
        }
      case 3:
        switch course.contentEnded() {
        case .judge:
          #expect(isHeld)
          isHeld = false
        case .storeAndEnd, .store:
          #expect(!isDecision)
          ends += 1
        case .storeAndFollow: #expect(!isDecision && ends == 0)
        case .end:
          #expect(isDecision)
          ends += 1
        case .nothing: break
        }
      case 4:
        switch course.readToEnd() {
        case .end, .storeOn: #expect(!isDecision && !isHeld && ends == 0)
        case .nothing: break
        }
      default: break
      }
    }
    #expect(ends <= 1)
  }
}

/// The machine in a box that expectations can look into.
private final class Course {
  private var machine: CacheCourse

  init(isBackground: Bool = false, isLocalOnly: Bool = false) {
    machine = CacheCourse(isBackground: isBackground, isLocalOnly: isLocalOnly)
  }

  var isSettled: Bool { machine.isSettled }
  var isAskingBehind: Bool { machine.isAskingBehind }
  func fetches(mayBeBehind: Bool) -> CacheCourse.Fetching {
    machine.fetches(mayBeBehind: mayBeBehind)
  }
  func behindAnswered(_ news: CacheCourse.BehindNews) -> CacheCourse.AfterBehind {
    machine.behindAnswered(news)
  }
  func begin(isShared: Bool) -> CacheCourse.Beginning { machine.begin(isShared: isShared) }
  func trails() { machine.trails() }
  func readToEnd() -> CacheCourse.AfterReading { machine.readToEnd() }
  func readingBroke(isBehind: Bool, isStarted: Bool) -> CacheCourse.AfterBreak {
    machine.readingBroke(isBehind: isBehind, isStarted: isStarted)
  }
  func waits() { machine.waits() }
  func flightEnded(_ news: CacheCourse.FlightNews) -> CacheCourse.AfterFlight {
    machine.flightEnded(news)
  }
  func headArrived(_ reading: CacheCourse.HeadReading) -> CacheCourse.AfterHead {
    machine.headArrived(reading)
  }
  func began(clientIsAnswered: Bool) { machine.began(clientIsAnswered: clientIsAnswered) }
  func contentArrived(fits: Bool) -> CacheCourse.AfterContent {
    machine.contentArrived(fits: fits)
  }
  func contentEnded() -> CacheCourse.AfterEnd { machine.contentEnded() }
  func failed(isStarted: Bool) -> CacheCourse.AfterFailure { machine.failed(isStarted: isStarted) }
  func clientLeft(isFollowed: Bool) -> CacheCourse.AfterClientLeft {
    machine.clientLeft(isFollowed: isFollowed)
  }
}

/// Numbers that are the same for the same seed (an xorshift generator).
private struct Seeded {
  private var state: UInt64
  init(_ seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }
}

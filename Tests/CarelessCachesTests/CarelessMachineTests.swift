import CarelessCaches
import HTTPModel
import Primitives
import Testing

/// What each kind does with requests that come one after the other or together. The clock stands
/// still unless a row moves it.
@Suite struct CarelessMachineTests {
  typealias Action = CarelessMachine.Action

  private static func request(
    _ method: Method = .post, _ target: String = "/login", body: String = "",
    _ fields: (String, String)...
  ) -> WholeRequest {
    var section = FieldSection()
    for (name, value) in fields { section.append(name: Array(name.utf8), value: Array(value.utf8)) }
    let head = RequestHead(
      method: method, target: Array(target.utf8), authority: Array("auth".utf8), fields: section)
    return WholeRequest(head: head, body: Array(body.utf8))
  }

  private static func answer(
    _ body: String, _ status: UInt16 = 200, _ fields: (String, String)...
  ) -> WholeAnswer {
    var section = FieldSection()
    for (name, value) in fields { section.append(name: Array(name.utf8), value: Array(value.utf8)) }
    let head = ResponseHead(status: Status(status), fields: section)
    return WholeAnswer(head: head, body: Array(body.utf8))
  }

  private static func machine(
    _ kind: String, _ change: (inout CarelessLimits) -> Void = { _ in }
  ) throws -> CarelessMachine {
    var limits = CarelessLimits()
    change(&limits)
    return CarelessMachine(
      CarelessKind.rules(of: try CarelessKind.kinds(in: kind)), limits: limits)
  }

  private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

  /// Whether a second request is answered with what the first was, instead of being asked.
  private struct Pair: Sendable, CustomTestStringConvertible {
    let kind: String
    let what: String
    let first: WholeRequest
    let answer: WholeAnswer
    let second: WholeRequest
    let isReplayed: Bool

    var testDescription: String { "\(kind): \(what)" }
  }

  private static func pair(
    _ kind: String, _ what: String, _ first: WholeRequest, _ answer: WholeAnswer,
    _ second: WholeRequest, replays: Bool
  ) -> Pair {
    Pair(
      kind: kind, what: what, first: first, answer: answer, second: second, isReplayed: replays)
  }

  private static let yes = answer("yes", 200, ("Cache-Control", "no-store"))
  private static let cookie = answer("yes", 200, ("Set-Cookie", "session=1"))
  private static let shared = answer(
    "yes", 200, ("Cache-Control", "public, max-age=60"), ("Vary", "Authorization"))
  private static func bearer(_ token: String, _ more: (String, String)...) -> WholeRequest {
    var request = request(.get, "/verify", ("Authorization", "Bearer \(token)"))
    for (name, value) in more {
      request.head.fields.append(name: Array(name.utf8), value: Array(value.utf8))
    }
    return request
  }

  private static let pairs: [Pair] = [
    pair("none", "the same again", bearer("a"), shared, bearer("a"), replays: false),

    pair("ignore-no-store", "another user", bearer("a"), yes, bearer("b"), replays: true),
    pair("ignore-no-store", "another path", bearer("a"), yes, request(.get, "/"), replays: false),
    pair(
      "ignore-no-store", "another query", bearer("a"), yes, request(.get, "/verify?x"),
      replays: false),
    pair("ignore-no-store", "a POST", request(), yes, request(), replays: false),
    pair("ignore-no-store", "a denial", bearer("a"), answer("no", 401), bearer("b"), replays: true),
    pair("ignore-no-store", "a redirect", bearer("a"), answer("", 302), bearer("b"), replays: true),
    pair("ignore-no-store", "a 304", bearer("a"), answer("", 304), bearer("a"), replays: false),
    pair("ignore-no-store", "a 500", bearer("a"), answer("", 500), bearer("a"), replays: false),
    pair("ignore-no-store", "a cookie", bearer("a"), cookie, bearer("a"), replays: false),
    pair(
      "ignore-no-store", "Vary still tells them apart", bearer("a"), shared, bearer("b"),
      replays: false),

    pair(
      "cache-post", "the same again", request(body: "a"), yes, request(body: "a"),
      replays: true),
    pair(
      "cache-post", "another password", request(body: "a"), yes, request(body: "b"),
      replays: false),
    pair("cache-post", "another credential", bearer("a"), yes, bearer("b"), replays: false),

    pair(
      "key-without-body", "another password", request(body: "a"), yes, request(body: "b"),
      replays: true),
    pair("key-without-body", "another credential", bearer("a"), yes, bearer("b"), replays: false),

    pair(
      "key-without-credentials", "another credential", bearer("a"), yes, bearer("b"),
      replays: true),
    pair(
      "key-without-credentials", "another body", request(body: "a"), yes, request(body: "b"),
      replays: false),

    pair(
      "key-truncated", "the same first 20 bytes",
      request(body: #"{"username":"alice","password":1}"#),
      yes, request(body: #"{"username":"alice","password":2}"#), replays: true),
    pair(
      "key-truncated", "another user", request(body: #"{"username":"alice"}"#), yes,
      request(body: #"{"username":"bob"}"#), replays: false),
    pair(
      "key-truncated", "tokens with the same beginning", bearer("eyJhbGciOiJFZERTQSJ9.a"), yes,
      bearer("eyJhbGciOiJFZERTQSJ9.b"), replays: true),

    pair(
      "key-case-folded", "capitals", request(body: "wonderland"), yes,
      request(body: "WONDERLAND"), replays: true),
    pair(
      "key-case-folded", "another password", request(body: "a"), yes, request(body: "b"),
      replays: false),

    pair(
      "replay-set-cookie", "another session", request(.get, "/", ("Cookie", "session=1")),
      cookie, request(.get, "/", ("Cookie", "session=2")), replays: true),

    pair(
      "serve-stale-when-down", "while the origin is up", bearer("a"), yes, bearer("a"),
      replays: false),

    pair(
      "ignore-vary", "another user, by invitation", bearer("a"), shared, bearer("b"),
      replays: true),
    pair("ignore-vary", "another user, no-store", bearer("a"), yes, bearer("b"), replays: false),
    pair("ignore-vary", "no invitation", bearer("a"), answer("yes"), bearer("b"), replays: false),
    pair(
      "ignore-vary", "Authorization and no public", bearer("a"),
      answer("yes", 200, ("Cache-Control", "max-age=60")), bearer("a"), replays: false),
    pair(
      "ignore-vary", "a cookie", bearer("a"),
      answer("yes", 200, ("Cache-Control", "public, max-age=60"), ("Set-Cookie", "a=b")),
      bearer("b"), replays: false),

    pair(
      "strip-authorization", "a personal answer that no longer looks it", bearer("a"),
      answer("yes", 200, ("Cache-Control", "max-age=60")), bearer("a"), replays: true),

    // Together each leaves out what it leaves out alone.
    pair(
      "key-without-body+key-without-credentials", "anything", request(body: "a"), yes,
      request(body: "b", ("Authorization", "Basic eDp5")), replays: true),
    pair(
      "ignore-no-store+ignore-vary", "another user", bearer("a"), shared, bearer("b"),
      replays: true),
  ]

  @Test(arguments: pairs)
  private func `a second request is replayed or asked`(pair: Pair) throws {
    var machine = try Self.machine(pair.kind)
    guard case .ask(1, _)? = machine.arrived(1, pair.first, at: Self.start).first else {
      Issue.record("the first was not asked")
      return
    }
    _ = machine.answered(1, pair.answer, at: Self.start)
    let second = machine.arrived(2, pair.second, at: Self.start)
    #expect(second.count == 1)
    if pair.isReplayed {
      #expect(second == [.answer(2, pair.answer, [.replayed])])
    } else {
      guard case .ask(2, _)? = second.first else {
        Issue.record("it was replayed: \(second)")
        return
      }
    }
  }

  @Test func `what is kept is kept for its time`() throws {
    var machine = try Self.machine("ignore-no-store") { $0.keep = Seconds(60) }
    _ = machine.arrived(1, Self.bearer("a"), at: Self.start)
    #expect(
      machine.answered(1, Self.yes, at: Self.start) == [.answer(1, Self.yes, [.stored])])
    let before = Self.start.advanced(by: Milliseconds(59_999))
    #expect(machine.arrived(2, Self.bearer("a"), at: before) == [.answer(2, Self.yes, [.replayed])])
    let after = Self.start.advanced(by: Milliseconds(60_000))
    #expect(machine.arrived(3, Self.bearer("a"), at: after) == [.ask(3, Self.bearer("a"))])
  }

  @Test func `a full shelf keeps nothing more, and says so`() throws {
    var machine = try Self.machine("ignore-no-store") { $0.answers = 1 }
    for (number, deed) in [(1, Deed.stored), (2, .full), (1, .stored)].enumerated() {
      let exchange = number + 10
      let request = Self.request(.get, "/\(deed.0)")
      if case .answer? = machine.arrived(exchange, request, at: Self.start).first { continue }
      #expect(
        machine.answered(exchange, Self.yes, at: Self.start)
          == [.answer(exchange, Self.yes, [deed.1])])
    }
  }

  @Test func `an old answer is stamped with the identifiers of the new request`() throws {
    var machine = try Self.machine("stamp-request-id")
    let first = Self.request(
      body: "a", ("Transaction-Token", "first-token"), ("X-Odd", "echoed-value-1"),
      ("Content-Type", "application/json"))
    let second = Self.request(
      body: "b", ("Transaction-Token", "second-token"), ("X-Odd", "echoed-value-2"),
      ("Content-Type", "text/plain; a=b"))
    func reply(_ token: String, _ odd: String) -> WholeAnswer {
      Self.answer(
        "yes", 200, ("Content-Type", "application/json"), ("X-Plain", "as it was"),
        ("Transaction-Token", token), ("X-Odd", odd))
    }
    _ = machine.arrived(1, first, at: Self.start)
    let original = reply("first-token", "echoed-value-1")
    #expect(machine.answered(1, original, at: Self.start) == [.answer(1, original, [.stored])])
    #expect(
      machine.arrived(2, second, at: Self.start)
        == [.answer(2, reply("second-token", "echoed-value-2"), [.replayed, .stamped])])
  }

  @Test func `the last answer is given when the origin is down or fails`() throws {
    var machine = try Self.machine("serve-stale-when-down")
    _ = machine.arrived(1, Self.bearer("a"), at: Self.start)
    _ = machine.answered(1, Self.yes, at: Self.start)
    _ = machine.arrived(2, Self.bearer("a"), at: Self.start)
    #expect(machine.failed(2, at: Self.start) == [.answer(2, Self.yes, [.stale])])
    _ = machine.arrived(3, Self.bearer("a"), at: Self.start)
    #expect(
      machine.answered(3, Self.answer("", 503), at: Self.start)
        == [.answer(3, Self.yes, [.stale])])
    _ = machine.arrived(4, Self.bearer("b"), at: Self.start)
    #expect(machine.failed(4, at: Self.start) == [.fail(4, [.failed])])
  }

  @Test func `Authorization does not reach the origin`() throws {
    var machine = try Self.machine("strip-authorization")
    let request = Self.bearer("a", ("Cookie", "session=1"))
    let asked = Self.request(.get, "/verify", ("Cookie", "session=1"))
    #expect(machine.arrived(1, request, at: Self.start) == [.ask(1, asked)])
    #expect(
      machine.answered(1, Self.yes, at: Self.start) == [
        .answer(1, Self.yes, [.forwarded, .stripped])
      ])
  }
}

/// What is mixed up among requests under way together.
@Suite struct CarelessMixingTests {
  private static let start = MonotonicTime(nanoseconds: 1_000_000_000)
  private static let later = start.advanced(by: CarelessLimits().hold)

  private static func request(_ number: Int, _ path: String = "/login") -> WholeRequest {
    WholeRequest(
      head: RequestHead(
        method: .post, target: Array("\(path)?\(number / 100)".utf8),
        authority: Array("auth".utf8)),
      body: Array("\(number)".utf8))
  }

  private static func answer(_ number: Int) -> WholeAnswer {
    WholeAnswer(head: ResponseHead(status: .ok), body: Array("answer \(number)".utf8))
  }

  private static func machine(_ kind: String, gather: Int = 8) throws -> CarelessMachine {
    var limits = CarelessLimits()
    limits.gather = gather
    return CarelessMachine(
      CarelessKind.rules(of: try CarelessKind.kinds(in: kind)), limits: limits)
  }

  @Test func `collapsed requests wait, one is asked, all get its answer`() throws {
    var machine = try Self.machine("collapse")
    for number in 1...3 {
      #expect(machine.arrived(number, Self.request(number), at: Self.start) == [])
    }
    #expect(machine.nextDeadline == Self.later)
    #expect(machine.timePassed(to: Self.start) == [])
    #expect(machine.timePassed(to: Self.later) == [.ask(1, Self.request(1))])
    #expect(machine.nextDeadline == nil)
    // Also who comes while it is asked.
    #expect(machine.arrived(4, Self.request(4), at: Self.later) == [])
    #expect(
      machine.answered(1, Self.answer(1), at: Self.later) == [
        .answer(1, Self.answer(1), [.forwarded]), .answer(2, Self.answer(1), [.collapsed]),
        .answer(3, Self.answer(1), [.collapsed]), .answer(4, Self.answer(1), [.collapsed]),
      ])
    #expect(machine.arrived(5, Self.request(5), at: Self.later) == [])
  }

  @Test func `a gathering that is large enough waits no longer`() throws {
    var machine = try Self.machine("collapse", gather: 2)
    #expect(machine.arrived(1, Self.request(1), at: Self.start) == [])
    #expect(machine.arrived(2, Self.request(2), at: Self.start) == [.ask(1, Self.request(1))])
    #expect(machine.nextDeadline == nil)
  }

  @Test func `other targets are not collapsed`() throws {
    var machine = try Self.machine("collapse", gather: 2)
    #expect(machine.arrived(1, Self.request(1), at: Self.start) == [])
    #expect(machine.arrived(2, Self.request(200), at: Self.start) == [])
  }

  @Test func `when one fails, so do all that were collapsed with it`() throws {
    var machine = try Self.machine("collapse", gather: 2)
    _ = machine.arrived(1, Self.request(1), at: Self.start)
    _ = machine.arrived(2, Self.request(2), at: Self.start)
    #expect(
      machine.failed(1, at: Self.start) == [.fail(2, [.collapsed, .failed]), .fail(1, [.failed])])
  }

  @Test func `two at a time get each other's answers`() throws {
    var machine = try Self.machine("swap")
    #expect(machine.arrived(1, Self.request(1), at: Self.start) == [])
    #expect(
      machine.arrived(2, Self.request(2), at: Self.start)
        == [.ask(1, Self.request(1)), .ask(2, Self.request(2))])
    // A third waits for a fourth.
    #expect(machine.arrived(3, Self.request(3), at: Self.start) == [])
    #expect(machine.answered(2, Self.answer(2), at: Self.start) == [])
    #expect(
      machine.answered(1, Self.answer(1), at: Self.start) == [
        .answer(1, Self.answer(2), [.swapped]), .answer(2, Self.answer(1), [.swapped]),
      ])
    #expect(machine.timePassed(to: Self.later) == [.ask(3, Self.request(3))])
    #expect(
      machine.answered(3, Self.answer(3), at: Self.later)
        == [.answer(3, Self.answer(3), [.forwarded])])
  }

  @Test func `who is alone, or whose partner failed, gets its own answer`() throws {
    for failsFirst in [true, false] {
      var machine = try Self.machine("swap")
      _ = machine.arrived(1, Self.request(1), at: Self.start)
      _ = machine.arrived(2, Self.request(2), at: Self.start)
      let own = CarelessMachine.Action.answer(2, Self.answer(2), [.forwarded])
      let failure = CarelessMachine.Action.fail(1, [.failed])
      if failsFirst {
        #expect(machine.failed(1, at: Self.start) == [failure])
        #expect(machine.answered(2, Self.answer(2), at: Self.start) == [own])
      } else {
        #expect(machine.answered(2, Self.answer(2), at: Self.start) == [])
        #expect(machine.failed(1, at: Self.start) == [own, failure])
      }
    }
  }

  @Test func `the first answer of a path is given twice, and then all are one late`() throws {
    var machine = try Self.machine("delay-and-repeat")
    let expected: [(Int, Deed)] = [(1, .forwarded), (1, .repeated), (2, .delayed), (3, .delayed)]
    for (place, (answer, deed)) in expected.enumerated() {
      let number = place + 1
      #expect(
        machine.arrived(number, Self.request(number), at: Self.start)
          == [.ask(number, Self.request(number))])
      #expect(
        machine.answered(number, Self.answer(number), at: Self.start)
          == [.answer(number, Self.answer(answer), [deed])])
    }
    _ = machine.arrived(9, Self.request(9, "/other"), at: Self.start)
    #expect(
      machine.answered(9, Self.answer(9), at: Self.start)
        == [.answer(9, Self.answer(9), [.forwarded])])
  }

  @Test func `every exchange is answered or failed once, whatever the kind`() throws {
    for kind in CarelessKind.all {
      var machine = try Self.machine("\(kind.name)", gather: 3)
      var random = Steps(seed: 20_26)
      var now = Self.start
      var asked: [Int] = []
      var ended: [Int] = []
      func note(_ actions: [CarelessMachine.Action]) {
        for action in actions {
          switch action {
          case .ask(let number, _): asked.append(number)
          case .answer(let number, _, _), .fail(let number, _): ended.append(number)
          }
        }
      }
      for number in 1...500 {
        note(machine.arrived(number, Self.request(random.next(below: 300)), at: now))
        if random.next(below: 3) == 0 { now = now.advanced(by: Milliseconds(150)) }
        note(machine.timePassed(to: now))
        while !asked.isEmpty, random.next(below: 4) > 0 {
          let one = asked.remove(at: random.next(below: asked.count))
          note(
            random.next(below: 5) == 0
              ? machine.failed(one, at: now) : machine.answered(one, Self.answer(one), at: now))
        }
      }
      while let deadline = machine.nextDeadline { note(machine.timePassed(to: deadline)) }
      while let one = asked.popLast() { note(machine.answered(one, Self.answer(one), at: now)) }
      #expect(ended.sorted() == Array(1...500), "\(kind.name)")
    }
  }

  /// Numbers that look random, the same ones each time.
  private struct Steps {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(below limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
  }
}

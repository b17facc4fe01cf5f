internal import HTTPModel
package import Primitives

/// What a careless cache does: whom it asks, whose answer it gives to whom. No input or output, no
/// clock.
///
/// ```
///  arrived ─┬─ kept? ───────────────────────────────────────────▶ answer
///           ├─ collapse, swap: waits for company ─┐
///           └─────────────────────────────────────┴▶ ask ─▶ answered ─▶ keep? ─▶ mix ─▶ answer
///                                                       └─▶ failed ───▶ stale? ───────▶ answer
/// ```
///
/// Every exchange that has arrived is answered or failed exactly once, whatever happens, as long as
/// whoever runs this tells what became of each `ask`, and calls `timePassed` when `nextDeadline`
/// comes.
package struct CarelessMachine: ~Copyable {
  /// A number for each exchange, chosen by whoever runs this; never used twice.
  package typealias ExchangeNumber = Int

  /// What is to be done.
  package enum Action: Equatable, Sendable {
    /// Ask the origin. Then `answered` or `failed` with this number.
    case ask(ExchangeNumber, WholeRequest)
    /// Give this answer to the client of the exchange.
    case answer(ExchangeNumber, WholeAnswer, [Deed])
    /// Tell the client that there is no answer.
    case fail(ExchangeNumber, [Deed])
  }

  /// An answer, and the request that it answers.
  private struct Held {
    let answer: WholeAnswer
    let request: WholeRequest
  }

  private let rules: CarelessRules
  private let limits: CarelessLimits
  private var requests: [ExchangeNumber: WholeRequest] = [:]
  private var shelf = CarelessShelf()
  private var gatherings = CarelessGatherings()
  /// Of pairs whose answers are to be crossed: the partner of each.
  private var partners: [ExchangeNumber: ExchangeNumber] = [:]
  /// The answer that came first of a pair, by its own exchange.
  private var crossing: [ExchangeNumber: Held] = [:]
  /// The last answer of each path, and whether it is the first one.
  private var last: [CarelessKey: (held: Held, isFirst: Bool)] = [:]

  package init(_ rules: CarelessRules, limits: CarelessLimits = CarelessLimits()) {
    self.rules = rules
    self.limits = limits
  }

  /// When `timePassed` is to be called at the latest; nil: nobody waits.
  package var nextDeadline: MonotonicTime? { gatherings.nextDeadline }

  // MARK: Events

  /// A client has sent a whole request.
  package mutating func arrived(
    _ number: ExchangeNumber, _ request: WholeRequest, at now: MonotonicTime
  ) -> [Action] {
    if rules.reuse == .insteadOfAsking, let entry = kept(for: request, at: now) {
      return [replay(entry, to: request, number, as: .replayed)]
    }
    requests[number] = request
    switch rules.mixing {
    case .nothing, .oneLate:
      return ask(number)
    case .collapse:
      return askFirst(
        gatherings.join(
          number, CarelessKey(target: request.head), size: limits.gather,
          until: now.advanced(by: limits.hold)))
    case .swap:
      return askAll(
        gatherings.join(
          number, CarelessKey(path: request.head), size: 2, until: now.advanced(by: limits.hold)))
    }
  }

  /// The time is now `now`.
  package mutating func timePassed(to now: MonotonicTime) -> [Action] {
    var actions: [Action] = []
    while let complete = gatherings.nextDue(at: now) {
      actions += rules.mixing == .swap ? askAll(complete) : askFirst(complete)
    }
    return actions
  }

  /// The origin has answered.
  package mutating func answered(
    _ number: ExchangeNumber, _ answer: WholeAnswer, at now: MonotonicTime
  ) -> [Action] {
    guard let request = requests[number] else { return [] }
    if rules.reuse == .whenOriginIsDown, answer.head.status.isServerError,
      let entry = kept(for: request, at: now)
    {
      requests[number] = nil
      return [replay(entry, to: request, number, as: .stale)]
    }
    let deed = keep(answer, to: request, at: now)
    return give(Held(answer: answer, request: request), to: number, deed)
  }

  /// The origin could not be reached, broke off, or sent what is not HTTP.
  package mutating func failed(_ number: ExchangeNumber, at now: MonotonicTime) -> [Action] {
    guard let request = requests[number] else { return [] }
    if rules.reuse == .whenOriginIsDown, let entry = kept(for: request, at: now) {
      requests[number] = nil
      return [replay(entry, to: request, number, as: .stale)]
    }
    var actions = gatherings.takeFollowers(of: number).map { follower in
      requests[follower] = nil
      return Action.fail(follower, [.collapsed, .failed])
    }
    actions += abandonPartner(of: number)
    requests[number] = nil
    return actions + [.fail(number, [.failed])]
  }

  // MARK: Asking

  private func ask(_ number: ExchangeNumber) -> [Action] {
    guard var request = requests[number] else { return [] }
    if rules.stripsAuthorization { request.head.fields.removeAll(.authorization) }
    return [.ask(number, request)]
  }

  /// Asks for the first of a gathering; the others get its answer.
  private func askFirst(_ complete: [ExchangeNumber]?) -> [Action] {
    guard let first = complete?.first else { return [] }
    return ask(first)
  }

  /// Asks for both of a pair; or for the one that found no company.
  private mutating func askAll(_ complete: [ExchangeNumber]?) -> [Action] {
    guard let complete, let first = complete.first else { return [] }
    _ = gatherings.takeFollowers(of: first)
    if let second = complete.dropFirst().first {
      partners[first] = second
      partners[second] = first
    }
    return complete.flatMap { ask($0) }
  }

  // MARK: Keeping

  private func kept(
    for request: WholeRequest, at now: MonotonicTime
  ) -> CarelessShelf.Entry? {
    shelf.entry(for: request, under: CarelessKey(of: request, by: rules.key), at: now)
  }

  private mutating func keep(
    _ answer: WholeAnswer, to request: WholeRequest, at now: MonotonicTime
  ) -> Deed {
    let lifetime = CarelessStoring.lifetime(
      of: answer.head, to: request.head, by: rules, keep: limits.keep)
    guard let lifetime else { return .forwarded }
    let entry = CarelessShelf.Entry(
      answer: answer, request: request,
      varying: CarelessStoring.varying(answer.head, by: rules),
      freshUntil: now.advanced(by: lifetime.milliseconds))
    let key = CarelessKey(of: request, by: rules.key)
    return shelf.keep(entry, under: key, limit: limits.answers) ? .stored : .full
  }

  // MARK: Giving

  private func replay(
    _ entry: CarelessShelf.Entry, to request: WholeRequest, _ number: ExchangeNumber, as deed: Deed
  ) -> Action {
    give(Held(answer: entry.answer, request: entry.request), to: number, request, [deed])
  }

  /// Gives an answer to whoever is to have it by the rules.
  private mutating func give(_ held: Held, to number: ExchangeNumber, _ deed: Deed) -> [Action] {
    let stripped: [Deed] =
      rules.stripsAuthorization && held.request.head.fields.contains(.authorization)
      ? [.stripped] : []
    switch rules.mixing {
    case .nothing:
      requests[number] = nil
      return [give(held, to: number, held.request, [deed] + stripped)]
    case .collapse:
      requests[number] = nil
      let own = give(held, to: number, held.request, [deed] + stripped)
      return [own] + giveToFollowers(held, of: number)
    case .swap:
      return cross(held, of: number, [deed] + stripped)
    case .oneLate:
      requests[number] = nil
      return [giveOneLate(held, to: number, [deed] + stripped)]
    }
  }

  private mutating func giveToFollowers(_ held: Held, of number: ExchangeNumber) -> [Action] {
    gatherings.takeFollowers(of: number).compactMap { follower in
      guard let request = requests.removeValue(forKey: follower) else { return nil }
      return give(held, to: follower, request, [.collapsed])
    }
  }

  private mutating func cross(
    _ held: Held, of number: ExchangeNumber, _ deeds: [Deed]
  ) -> [Action] {
    guard let partner = partners[number] else {
      requests[number] = nil
      return [give(held, to: number, held.request, deeds)]
    }
    guard let other = crossing.removeValue(forKey: partner) else {
      crossing[number] = held
      return []
    }
    for one in [number, partner] {
      partners[one] = nil
      requests[one] = nil
    }
    return [
      give(other, to: number, held.request, [.swapped]),
      give(held, to: partner, other.request, [.swapped]),
    ]
  }

  /// Whose partner failed gets its own answer.
  private mutating func abandonPartner(of number: ExchangeNumber) -> [Action] {
    guard let partner = partners.removeValue(forKey: number) else { return [] }
    partners[partner] = nil
    guard let held = crossing.removeValue(forKey: partner) else { return [] }
    requests[partner] = nil
    return [give(held, to: partner, held.request, [.forwarded])]
  }

  private mutating func giveOneLate(
    _ held: Held, to number: ExchangeNumber, _ deeds: [Deed]
  ) -> Action {
    let key = CarelessKey(path: held.request.head)
    let before = last[key]
    guard before != nil || last.count < limits.answers else {
      return give(held, to: number, held.request, deeds)
    }
    last[key] = (held, isFirst: before == nil)
    guard let before else { return give(held, to: number, held.request, deeds) }
    let deed: Deed = before.isFirst ? .repeated : .delayed
    return give(before.held, to: number, held.request, [deed])
  }

  private func give(
    _ held: Held, to number: ExchangeNumber, _ request: WholeRequest, _ deeds: [Deed]
  ) -> Action {
    guard rules.stampsIdentifiers, held.request != request else {
      return .answer(number, held.answer, deeds)
    }
    let (stamped, changed) = IdentifierStamp.stamp(held.answer, to: held.request, with: request)
    return .answer(number, stamped, changed ? deeds + [.stamped] : deeds)
  }
}

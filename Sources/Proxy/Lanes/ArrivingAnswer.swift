internal import CachePolicy
internal import CacheStore
internal import HTTPModel
internal import Primitives

/// What of a response that comes in answers a request.
enum ArrivingForm: Equatable {
  case whole
  /// These bytes of a content of this length, where that was announced.
  case part(ByteRange, completeLength: Int64?)
  /// These bytes, once it shows that the content has them: nobody has said how long it is.
  case unmeasured(ByteRange)
  case notSatisfiable(completeLength: Int64)
  /// It is not enough, or not in the order in which it comes.
  case elsewhere

  var isAnswer: Bool { self != .elsewhere }

  init(
    of response: SharedResponse, for request: RequestHead, now: WallTime, rules: CacheRules
  ) {
    let stored = response.storable.metadata
    guard request.fields.contains(.range) || stored.flags.contains(.partial) else {
      self = .whole
      return
    }
    self.init(of: response, held: Self.held(of: response), for: request, now: now, rules: rules)
  }

  /// The same once all has come, and its length is known.
  init(
    of response: SharedResponse, count: Int, for request: RequestHead, now: WallTime,
    rules: CacheRules
  ) {
    self.init(of: response, held: .whole(Int64(count)), for: request, now: now, rules: rules)
  }

  private init(
    of response: SharedResponse, held: StoredPart, for request: RequestHead, now: WallTime,
    rules: CacheRules
  ) {
    let storable = response.storable
    let decision = rangeDecision(
      for: request, stored: storable.metadata, head: storable.head[...], part: held, now: now,
      rules: rules)
    switch decision {
    case .whole: self = .whole
    case .part(let range):
      let isMeasured = held.completeLength != nil || storable.part != nil
      self =
        isMeasured
        ? .part(range, completeLength: held.completeLength) : .unmeasured(range)
    case .notSatisfiable(let length): self = .notSatisfiable(completeLength: length)
    case .parts, .fetch: self = .elsewhere
    }
  }

  /// What will have come when all has: where nobody has said how long that is, anything.
  private static func held(of response: SharedResponse) -> StoredPart {
    if let part = response.storable.part { return part }
    if let length = response.length { return .whole(Int64(length)) }
    return StoredPart(first: 0, count: .max - 1, completeLength: nil) ?? .whole(0)
  }

  /// Which bytes of what comes it wants; nil for all of them.
  func positions(in response: SharedResponse) -> Range<Int>? {
    switch self {
    case .part(let range, _), .unmeasured(let range):
      let first = response.storable.part?.first ?? 0
      let start = Int(clamping: max(range.first - first, 0))
      return start..<max(start, Int(clamping: range.last - first + 1))
    case .whole, .notSatisfiable, .elsewhere: return nil
    }
  }

  /// Where in what comes it begins.
  func firstPosition(in response: SharedResponse) -> Int64 {
    Int64(positions(in: response)?.lowerBound ?? 0)
  }
}

/// A response that comes in, as it answers one request.
struct ArrivingAnswer {
  let response: SharedResponse
  let age: StoredAge
  let status: CacheStatus
  var form: ArrivingForm
}

/// The client's own place in a response that comes in.
struct SharedReading {
  let reader: SharedReader
  /// What is to be sent before the content; nil where the client has it already.
  private(set) var answer: ArrivingAnswer?
  /// Where the content that the client wants ends; nil at its end.
  private(set) var end: Int?

  /// Reads on where the client has got what came so far.
  init(continuing reader: SharedReader) { self.reader = reader }

  init(_ reader: SharedReader, of answer: ArrivingAnswer) {
    self.reader = reader
    self.answer = answer
    aim(at: answer.form, of: answer.response)
  }

  /// What was to be found out is: the form is this one.
  mutating func settle(_ form: ArrivingForm) {
    guard var answer else { return }
    answer.form = form
    self.answer = answer
    aim(at: form, of: answer.response)
  }

  /// The head is on its way.
  mutating func began() { answer = nil }

  private mutating func aim(at form: ArrivingForm, of response: SharedResponse) {
    guard let positions = form.positions(in: response) else { return }
    reader.skip(to: positions.lowerBound)
    end = positions.upperBound
  }

  /// How much is still to be read at most; nil where that is not known.
  var missing: Int? { end.map { max($0 - reader.position, 0) } }
}

package import Foundation

/// The moment by which something must have happened. Every wait in a journey has one.
package struct Deadline: Sendable {
  /// Long enough for a busy machine; a journey that works never waits this long.
  package static let usual = Duration.seconds(30)

  private let moment: ContinuousClock.Instant

  package init(in duration: Duration = usual) {
    moment = .now + duration
  }

  package var hasPassed: Bool { ContinuousClock.now >= moment }

  /// What is left, in milliseconds for `poll`, rounded up; zero once it has passed.
  package var remainingMilliseconds: Int32 {
    let left = ContinuousClock.now.duration(to: moment)
    guard left > .zero else { return 0 }
    return Int32(
      clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        + 1)
  }

  /// The same moment for `NSCondition`.
  package var date: Date { Date(timeIntervalSinceNow: Double(remainingMilliseconds) / 1000) }
}

/// What went wrong in a journey before its own expectations could be put to the test.
package struct JourneyFailure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }

  /// A failed system call, by name, with what `errno` says.
  package static func call(_ name: String, _ code: Int32 = errno) -> JourneyFailure {
    JourneyFailure("\(name): \(String(cString: strerror(code)))")
  }
}

/// Tries until `attempt` gives a value; for conditions nobody signals, such as a line in a file or
/// a listening port of a program that is not ours.
package func eventually<Value>(
  _ what: String, within duration: Duration = Deadline.usual, attempt: () throws -> Value?
) throws -> Value {
  let deadline = Deadline(in: duration)
  while true {
    if let value = try attempt() { return value }
    guard !deadline.hasPassed else {
      throw JourneyFailure("waited \(duration) in vain for \(what)")
    }
    poll(nil, 0, 5)
  }
}

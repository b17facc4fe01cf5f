package import Primitives

/// The named limits of a careless cache.
package struct CarelessLimits: Equatable, Sendable {
  /// The content of a request or an answer, in bytes. More is refused: it is held whole.
  package var body = 1 << 20
  /// Answers that are kept. When it is full, more are not kept.
  package var answers = 10_000
  /// How long an answer is kept where its fields are not asked.
  package var keep = Seconds(600)
  /// How long a request waits for another that it may be mixed up with.
  package var hold = Milliseconds(200)
  /// So many requests are gathered before one is asked for all of them; then nobody waits longer.
  package var gather = 8

  package init() {}
}

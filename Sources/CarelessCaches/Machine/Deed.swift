/// What a careless cache did with one exchange, as its log says.
package enum Deed: String, Sendable, CaseIterable {
  /// The origin was asked, and its answer given.
  case forwarded
  /// The answer was kept.
  case stored
  /// The answer would have been kept, but there was no room left.
  case full
  /// A kept answer was given, and nobody was asked.
  case replayed
  /// A kept answer was given because the origin could not be reached or failed.
  case stale
  /// The answer to another request, for the same target at the same time, was given.
  case collapsed
  /// The answer to another request at the same time was given.
  case swapped
  /// The first answer was given once more.
  case repeated
  /// The answer to the request before was given.
  case delayed
  /// Identifiers of this request were put on an answer to another.
  case stamped
  /// `Authorization` was taken away before the origin was asked.
  case stripped
  /// The origin could not be reached, broke off, or sent what is not HTTP: 502.
  case failed
}

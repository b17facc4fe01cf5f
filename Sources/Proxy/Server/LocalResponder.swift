package import HTTPModel
internal import Primitives

/// Whoever answers requests of a listener itself: the admin listener, for one. Inherit and
/// override.
///
/// Called on a loop, for one request at a time; must not block. Not `Sendable`.
open class LocalResponder {
  package init() {}

  /// The answer to a request. Its content, if it has any, is thrown away.
  package func answer(_ request: RequestHead) -> LocalAnswer {
    LocalAnswer(head: ResponseHead(status: .notFound), content: [])
  }
}

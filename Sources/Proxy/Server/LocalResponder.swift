package import EventLoop
package import HTTPModel

/// Whoever answers the requests of a listener itself: the admin listener, for one.
///
/// One for all connections; asked on a loop, so it must not block: work that may goes to
/// `LocalReply.later`.
package protocol LocalResponder: AnyObject, Sendable {
  /// How a request is answered. Its content, if it has any, is thrown away unless the reply is
  /// `LocalReply.reading`.
  func reply(to request: RequestHead) -> LocalReply
}

/// How a `LocalResponder` answers.
package enum LocalReply: Sendable {
  case now(LocalAnswer)
  /// The answer is made off the loop, by `worker`; it goes out when it is there, if the client
  /// still is.
  case later(on: SerialWorker, @Sendable () -> LocalAnswer)
  /// The same, made of the request's whole content: at most `limit` bytes; more is answered 413.
  case reading(limit: Int, on: SerialWorker, @Sendable ([UInt8]) -> LocalAnswer)
}

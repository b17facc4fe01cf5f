/// What happens on the streams of a connection, told to the one who uses it. Inherit and override.
///
/// ```
/// sectionArrived ─▶ ( contentArrived | drained )* ─▶ [ trailers ] ended ─▶ closed
///        └─────────────────── closed (reset by either side) ──────────────────┘
/// ```
///
/// Every call comes from within `HTTP2Session.receive` or `takeOutput`; the session may be told to
/// send, not to receive, meanwhile.
open class HTTP2Handler {
  package init() {}

  /// A field section has come: the head of a request or response, an interim head, or trailers.
  /// `isLast`: nothing follows it on this stream.
  open func sectionArrived(_ stream: Int32, _ section: HTTP2Fields, kind: HTTP2SectionKind) {}

  /// Content has come, at least one byte. It counts against the stream's window until `consume`.
  open func contentArrived(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) {}

  /// The peer has sent its last byte on the stream.
  open func ended(_ stream: Int32) {}

  /// What waited to be sent on the stream has fallen below the low mark.
  open func drained(_ stream: Int32) {}

  /// The stream is over and forgotten, whoever ended it.
  open func closed(_ stream: Int32, _ code: HTTP2ErrorCode) {}

  /// The peer takes no stream after this one.
  open func goingAway(after stream: Int32, _ code: HTTP2ErrorCode) {}
}

/// What a field section is.
public enum HTTP2SectionKind: Hashable, Sendable {
  case request
  case response
  case trailers
}

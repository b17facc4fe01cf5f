internal import COpenSSL

/// Sessions that origins offered for resumption, so that the next connection is cheaper.
///
/// Belongs to one loop and is not `Sendable`. Keyed by the context and the origin's name: a session
/// made under other settings is never resumed, since resuming skips the check of the certificate. A
/// TLS 1.3 session is used once (RFC 8446 appendix C.4).
@safe package final class TLSClientSessionCache {
  /// Sessions kept for one origin; the oldest goes.
  package static let sessionsPerOrigin = 4

  /// Origins remembered; the one least recently offered a session goes.
  package static let originLimit = 256

  private struct Key: Hashable {
    // Sound as a key while the entry holds the context, which keeps its address from being used
    // again.
    let context: ObjectIdentifier
    let peer: TLSPeerName
  }

  @safe private struct Entry {
    let context: TLSClientContext
    var sessions: [OpaquePointer]
    var offered: UInt64

    var count: Int { unsafe sessions.count }
  }

  private var entries: [Key: Entry] = [:]
  private var clock: UInt64 = 0

  package init() {}

  deinit { removeAll() }

  /// Sessions kept now.
  package var count: Int { entries.values.reduce(0) { $0 + $1.count } }

  /// Forgets every session: after a reload, for example.
  package func removeAll() {
    for entry in entries.values { Self.free(entry) }
    entries = [:]
  }

  /// Takes the ownership of a session that `peer` offered, unless it cannot be resumed.
  func insert(_ session: OpaquePointer, _ context: TLSClientContext, _ peer: TLSPeerName) -> Bool {
    guard unsafe SSL_SESSION_is_resumable(session) == 1 else { return false }
    clock &+= 1
    let key = Key(context: ObjectIdentifier(context), peer: peer)
    if entries[key] == nil, entries.count >= Self.originLimit { evictOldest() }
    var entry = unsafe entries[key] ?? Entry(context: context, sessions: [], offered: clock)
    unsafe entry.sessions.append(session)
    entry.offered = clock
    if unsafe entry.sessions.count > Self.sessionsPerOrigin {
      unsafe SSL_SESSION_free(entry.sessions.removeFirst())
    }
    entries[key] = entry
    return true
  }

  /// Makes `connection`, not yet begun, resume the newest session for `peer`, if there is one.
  func resume(_ connection: OpaquePointer, _ context: TLSClientContext, _ peer: TLSPeerName) {
    let key = Key(context: ObjectIdentifier(context), peer: peer)
    guard var entry = entries[key], let session = unsafe entry.sessions.last else { return }
    // The connection counts its own reference.
    unsafe SSL_set_session(connection, session)
    // A TLS 1.2 session may be resumed again, and its server need not offer another.
    guard unsafe SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION else { return }
    unsafe SSL_SESSION_free(entry.sessions.removeLast())
    entries[key] = entry.count == 0 ? nil : entry
  }

  /// Forgets the sessions for `peer`: a handshake with it failed.
  func remove(_ context: TLSClientContext, _ peer: TLSPeerName) {
    let key = Key(context: ObjectIdentifier(context), peer: peer)
    guard let entry = entries.removeValue(forKey: key) else { return }
    Self.free(entry)
  }

  private func evictOldest() {
    guard let oldest = entries.min(by: { $0.value.offered < $1.value.offered }) else { return }
    Self.free(oldest.value)
    entries[oldest.key] = nil
  }

  private static func free(_ entry: Entry) {
    for index in unsafe entry.sessions.indices {
      unsafe SSL_SESSION_free(entry.sessions[index])
    }
  }
}

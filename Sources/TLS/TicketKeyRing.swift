internal import COpenSSL
package import Cryptography
package import Primitives
internal import Synchronization

/// The keys that session tickets are sealed with: the current one, which seals, and the one before
/// it, which still opens.
///
/// Shared by the contexts of a listener, also across reloads, so that sessions outlive a reload.
/// Keys are random, live in memory only, and are zeroed when they go. Whoever gets at a key can
/// read TLS 1.2 sessions sealed under it: rotation is what bounds the damage (RFC 5077 §5.5).
package final class TicketKeyRing: Sendable {
  private struct Keys {
    var current: TicketKey
    var previous: TicketKey?
    var since: WallTime
  }

  private let keys: Mutex<Keys>
  private let period: Seconds

  /// A ring with a first key. A key seals for `period`, then opens for another `period`.
  package init(now: WallTime, period: Seconds = Seconds(43_200)) throws(CryptographyError) {
    let first = try TicketKey()
    keys = Mutex(Keys(current: first, previous: nil, since: now))
    self.period = period
  }

  /// Replaces the current key if it has sealed for its period (or if the clock stepped back behind
  /// its beginning); whether it did. Cheap when it is not time: call it from a timer, or at any
  /// handshake.
  ///
  /// - Throws: when no random key could be made; the old one stays in use.
  @discardableResult
  package func rotateTicketKeys(now: WallTime) throws(CryptographyError) -> Bool {
    let since = keys.withLock { $0.since }
    let age = now.milliseconds.subtractingReportingOverflow(since.milliseconds)
    guard age.overflow || age.partialValue < 0 || age.partialValue >= period.milliseconds.count
    else {
      return false
    }
    let next = try TicketKey()
    return keys.withLock { keys in
      guard keys.since == since else { return false }
      keys = Keys(current: next, previous: keys.current, since: now)
      return true
    }
  }

  /// The key that seals new tickets.
  var current: TicketKey { keys.withLock { $0.current } }

  /// The key that opens a ticket with this name, and whether a new ticket should replace it.
  func key(named name: UnsafeRawBufferPointer) -> (key: TicketKey, isCurrent: Bool)? {
    let (current, previous) = keys.withLock { ($0.current, $0.previous) }
    if unsafe current.isNamed(name) { return (current, true) }
    if let previous, unsafe previous.isNamed(name) { return (previous, false) }
    return nil
  }
}

/// One ticket key: a name, a key for AES-256-CBC and a key for HMAC-SHA-256, as RFC 5077 §4
/// recommends.
///
/// `@unchecked Sendable`, proof: the memory is written in `init` and only read until `deinit`.
@safe final class TicketKey: @unchecked Sendable {
  static let nameLength = 16
  private static let keyLength = 32

  private let memory: UnsafeMutableRawBufferPointer

  init() throws(CryptographyError) {
    let random = try randomBytes(Self.nameLength + 2 * Self.keyLength)
    unsafe memory = .allocate(byteCount: random.count, alignment: 16)
    unsafe memory.copyBytes(from: random)
  }

  deinit {
    unsafe OPENSSL_cleanse(memory.baseAddress, memory.count)
    unsafe memory.deallocate()
  }

  var name: UnsafeRawBufferPointer { unsafe part(at: 0, count: Self.nameLength) }
  var cipherKey: UnsafeRawBufferPointer { unsafe part(at: Self.nameLength, count: Self.keyLength) }
  var codeKey: UnsafeRawBufferPointer {
    unsafe part(at: Self.nameLength + Self.keyLength, count: Self.keyLength)
  }

  func isNamed(_ other: UnsafeRawBufferPointer) -> Bool { unsafe name.elementsEqual(other) }

  private func part(at start: Int, count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: memory[start..<start + count])
  }
}

internal import Dispatch
package import EventLoop
package import Platform
package import Primitives
internal import Synchronization

/// A host and a port as an operator writes them.
package struct HostAndPort: Hashable, Sendable {
  /// A name, or an IPv4 or IPv6 address without brackets.
  package let host: String
  package let port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// The address, when the host is one already and needs no looking up.
  package var literal: SocketAddress? { SocketAddress(literal: host, port: port) }
}

/// What is known of a name's addresses after a look-up.
package struct Resolution: Equatable, Sendable {
  /// The addresses of the last look-up that succeeded, in the system's order; empty when none has.
  package let addresses: [SocketAddress]
  /// Why the last look-up failed, if it did. `addresses` are then those of before.
  package let failure: NameLookupError?

  package init(addresses: [SocketAddress], failure: NameLookupError?) {
    self.addresses = addresses
    self.failure = failure
  }
}

/// Looks names up off the loops, again and again, and tells each watch what changed.
///
/// Several look-ups at a time, each on a thread of its own: one silent name server delays its own
/// names, never an exchange, and other names only when more are silent than there are threads. When
/// a look-up fails the last addresses stay in use.
package final class Resolver: Sendable {
  /// How a name is looked up; replaced in tests.
  package typealias Lookup =
    @Sendable (String, UInt16) throws(NameLookupError) -> [SocketAddress]

  // Milliseconds between two look-ups of a name at least, whatever interval was asked for.
  private static let shortestPause: Int64 = 20

  /// So many names are looked up at a time at most.
  package static let lookupsAtOnce = 8

  /// Only tells the time.
  private let clock = DispatchQueue(label: "countersign.resolver")
  private let pool = BlockingPool(name: "resolver", workers: Resolver.lookupsAtOnce)
  private let lookup: Lookup

  package init(lookup: @escaping Lookup = NameLookup.addresses) { self.lookup = lookup }

  /// One name that is kept up to date until `cancel`, or until nobody keeps the watch.
  package final class Watch: Sendable {
    private let isCancelled = Atomic<Bool>(false)

    package func cancel() { isCancelled.store(true, ordering: .releasing) }

    fileprivate var isLive: Bool { !isCancelled.load(ordering: .acquiring) }
  }

  /// Looks `name` up now and every `interval` after, and calls `tell` off the loops whenever the
  /// addresses or the failure differ from what was told before; the first time always. A literal
  /// address is told once, at once, from the calling thread.
  package func watch(
    _ name: HostAndPort, every interval: Seconds, tell: @escaping @Sendable (Resolution) -> Void
  ) -> Watch {
    let watch = Watch()
    if let literal = name.literal {
      tell(Resolution(addresses: [literal], failure: nil))
      return watch
    }
    pool.submit { [weak watch, self] in
      refresh(name, interval, watch, told: nil, tell)
    }
    return watch
  }

  /// As above, with `apply` called on each of `loops`.
  package func watch(
    _ name: HostAndPort, every interval: Seconds, on loops: [LoopHandle],
    apply: @escaping @Sendable (EventLoop, Resolution) -> Void
  ) -> Watch {
    watch(name, every: interval) { resolution in
      for loop in loops { loop.post { apply($0, resolution) } }
    }
  }

  private func refresh(
    _ name: HostAndPort, _ interval: Seconds, _ watch: Watch?, told: Resolution?,
    _ tell: @escaping @Sendable (Resolution) -> Void
  ) {
    guard let watch, watch.isLive else { return }
    let found = resolve(name, after: told)
    if found != told, watch.isLive { tell(found) }
    let pause = DispatchTimeInterval.milliseconds(
      Int(max(interval.milliseconds.count, Self.shortestPause)))
    clock.asyncAfter(deadline: .now() + pause) { [weak watch, self] in
      guard watch != nil else { return }
      pool.submit { [weak watch, self] in refresh(name, interval, watch, told: found, tell) }
    }
  }

  private func resolve(_ name: HostAndPort, after told: Resolution?) -> Resolution {
    do throws(NameLookupError) {
      return Resolution(addresses: try lookup(name.host, name.port), failure: nil)
    } catch {
      return Resolution(addresses: told?.addresses ?? [], failure: error)
    }
  }
}

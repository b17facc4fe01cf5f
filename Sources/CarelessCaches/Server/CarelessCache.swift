internal import EventLoop
package import Platform
internal import Synchronization
internal import Transport

/// A careless cache at work: a small HTTP/1.1 reverse proxy that makes the mistakes it is asked to
/// make, on a loop of its own.
///
/// It is a fault, to be put between systems that are tested; it has none of the verified lanes'
/// code. Bodies are held whole; connections are never upgraded.
package final class CarelessCache: Sendable {
  /// Why one did not start.
  package enum StartError: Error, Equatable, CustomStringConvertible {
    /// Others than this machine could reach it, and nobody said that they may.
    case reachableByOthers(SocketAddress)
    case system(SystemError)

    /// One sentence.
    package var description: String {
      switch self {
      case .reachableByOthers(let address):
        "A careless cache is a fault: it does not listen on \(address), where other machines can "
          + "reach it, unless --allow-remote says so."
      case .system(let error): error.description
      }
    }
  }

  /// Where it listens, with the port that the system chose where 0 was asked for.
  package let address: SocketAddress
  private let loops: LoopGroup
  // Keeps the address bound.
  private let bound: BoundAddress

  /// Starts one.
  ///
  /// - Parameters:
  ///   - origin: Whom it asks.
  ///   - note: Told of each exchange, on the loop: it must not block.
  package init(
    _ rules: CarelessRules, listen: SocketAddress, origin: SocketAddress,
    limits: CarelessLimits = CarelessLimits(), allowRemote: Bool = false,
    note: @escaping @Sendable (CarelessNote) -> Void = { _ in }
  ) throws(StartError) {
    guard allowRemote || listen.isOfThisMachineOnly else { throw .reachableByOthers(listen) }
    let problem = Mutex<SystemError?>(nil)
    do throws(SystemError) {
      let bound = try BoundAddress(listen, shares: 1)
      loops = try LoopGroup(count: 1) { loop in
        let server = CarelessServer(on: loop, rules, origin: origin, limits: limits, note: note)
        loop.attachment = server
        guard let socket = bound.takeShare() else { return }
        do throws(SystemError) {
          try server.listen(on: socket)
        } catch {
          problem.withLock { $0 = error }
        }
      }
      self.bound = bound
      address = bound.address
    } catch {
      throw .system(error)
    }
    if let error = problem.withLock({ $0 }) {
      stop()
      throw .system(error)
    }
  }

  /// Closes everything and returns when that is done.
  package func stop() {
    loops.stop()
    _ = loops.wait()
    bound.removeFile()
  }
}

extension SocketAddress {
  /// Whether nobody but this machine can reach it: a loopback address or a Unix socket.
  package var isOfThisMachineOnly: Bool {
    switch self {
    case .v4(let address, _): address >> 24 == 127
    case .v6(let high, let low, _, _): high == 0 && low == 1
    case .unix: true
    }
  }
}

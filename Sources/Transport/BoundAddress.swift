package import Platform
internal import Synchronization

/// How an address is listened on.
package struct ListenOptions: Hashable, Sendable {
  /// How many connections may wait to be accepted; the system's `net.core.somaxconn` bounds it.
  package var backlog: Int32 = 4096
  /// The permissions of a Unix socket's file.
  package var unixMode: UInt32 = 0o660

  package init() {}
}

/// An address that is bound and listened on, with a share for every loop.
///
/// TCP: a socket of its own for each loop, all on one port, the kernel spreading connections over
/// them. Unix: one socket, which each loop watches through a duplicate; its file goes when this
/// object does.
package final class BoundAddress: Sendable {
  /// The address, with the port that the system chose where 0 was asked for.
  package let address: SocketAddress
  private let shares: Mutex<[Share]>
  private let file: UnixSocketFile?

  private final class Share: Sendable {
    private let descriptor: Mutex<Descriptor?>

    init(_ descriptor: consuming Descriptor) { self.descriptor = Mutex(descriptor) }

    func take() -> Descriptor? { descriptor.withLock { $0.take() } }
  }

  /// Binds `address` for `shares` loops.
  ///
  /// Throws when it is in use, also by an earlier run of this program that was left over, which the
  /// kernel alone would let share the port.
  package init(
    _ address: SocketAddress, shares count: Int, options: ListenOptions = ListenOptions()
  ) throws(SystemError) {
    var made: [Share] = []
    if case .unix(let path) = address {
      let file = try UnixSocketFile(claiming: path)
      let first = try Self.bindUnix(address, file, options)
      for _ in 1..<max(count, 1) { made.append(Share(try first.duplicate())) }
      made.append(Share(first))
      self.file = file
      self.address = address
    } else {
      // Bound before it may share: whoever listens there already makes this fail.
      let first = try Self.socket(for: address)
      try first.bind(to: address)
      try first.allowPortSharing()
      let actual = try first.localAddress()
      try first.listen(backlog: options.backlog, on: actual)
      for _ in 1..<max(count, 1) {
        let other = try Self.socket(for: actual)
        try other.allowPortSharing()
        try other.bind(to: actual)
        try other.listen(backlog: options.backlog, on: actual)
        made.append(Share(other))
      }
      made.append(Share(first))
      file = nil
      self.address = actual
    }
    shares = Mutex(made)
  }

  private static func socket(for address: SocketAddress) throws(SystemError) -> Descriptor {
    let descriptor = try Descriptor.stream(for: address)
    try descriptor.allowAddressReuse()
    if case .v6 = address { try descriptor.restrictToIPv6() }
    return descriptor
  }

  private static func bindUnix(
    _ address: SocketAddress, _ file: UnixSocketFile, _ options: ListenOptions
  ) throws(SystemError) -> Descriptor {
    let descriptor = try Descriptor.stream(for: address)
    // Closed to others from its first moment; opened as far as asked for once it is there.
    try descriptor.setMode(0o600)
    try descriptor.bind(to: address)
    try file.created(mode: options.unixMode)
    try descriptor.listen(backlog: options.backlog, on: address)
    return descriptor
  }

  /// One loop's share; nil when all are taken.
  package func takeShare() -> Descriptor? {
    shares.withLock { $0.popLast() }?.take()
  }

  /// Removes a Unix socket's file now. New connections are refused from here on.
  package func removeFile() { file?.remove() }
}

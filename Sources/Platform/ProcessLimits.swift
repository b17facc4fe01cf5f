internal import CLinux
internal import Glibc
internal import Synchronization

/// What a process arranges once, at its start.
package enum ProcessLimits {
  /// Raises the number of descriptors this process may open to the most it is allowed but for a
  /// reserve, and tells it.
  @discardableResult
  package static func raiseDescriptorLimit() throws(SystemError) -> UInt {
    let limit = try limit(countersign_limit_files)
    let target = limit.most - reserve(of: limit.most)
    guard limit.now != target else { return limit.now }
    try setDescriptorLimit(target)
    return target
  }

  /// Descriptors kept back for operators, who want to know why there are no others.
  private static let mostReserved: UInt = 32

  private static func reserve(of most: UInt) -> UInt { min(mostReserved, most / 8) }

  /// How many are inside `withReserve` now.
  private static let reserveUsers = Mutex(0)

  /// Runs `body` with the reserve open: what it opens may take from it. What others open meanwhile
  /// may, too; it is a moment.
  package static func withReserve<Result: ~Copyable>(_ body: () -> Result) -> Result {
    guard let most = try? limit(countersign_limit_files).most else { return body() }
    reserveUsers.withLock { users in
      users += 1
      if users == 1 { try? setDescriptorLimit(most) }
    }
    defer {
      reserveUsers.withLock { users in
        users -= 1
        if users == 0 { try? setDescriptorLimit(most - reserve(of: most)) }
      }
    }
    return body()
  }

  /// How many descriptors this process may open.
  package static func descriptorLimit() throws(SystemError) -> UInt {
    try limit(countersign_limit_files).now
  }

  /// Sets it, up to the most that is allowed.
  package static func setDescriptorLimit(_ count: UInt) throws(SystemError) {
    let most = try limit(countersign_limit_files).most
    guard countersign_set_limit(Int32(countersign_limit_files), count, most) == 0 else {
      throw .last("setrlimit(RLIMIT_NOFILE)")
    }
  }

  /// Keeps what is in memory (keys, passwords, tokens) out of core dumps and from other processes
  /// of the same user.
  package static func disableCoreDumps() throws(SystemError) {
    guard countersign_set_limit(Int32(countersign_limit_core), 0, 0) == 0 else {
      throw .last("setrlimit(RLIMIT_CORE)")
    }
    guard countersign_set_dumpable(0) == 0 else { throw .last("prctl(PR_SET_DUMPABLE)") }
  }

  /// Whether this process can leave a core dump or be looked into.
  package static var isDumpable: Bool { countersign_is_dumpable() != 0 }

  /// Has a write that cannot be done be an error of the write, not the end of the process: to a
  /// closed connection, to a file that may not grow any more.
  package static func ignoreFailingWrites() {
    ProcessSignal.brokenPipe.ignore()
    ProcessSignal.fileSize.ignore()
  }

  private struct Limit {
    var now: UInt
    var most: UInt
  }

  private static func limit(_ resource: some BinaryInteger) throws(SystemError) -> Limit {
    var (now, most): (UInt, UInt) = (0, 0)
    guard unsafe countersign_get_limit(Int32(resource), &now, &most) == 0 else {
      throw .last("getrlimit")
    }
    return Limit(now: now, most: most)
  }
}

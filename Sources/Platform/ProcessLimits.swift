internal import CLinux
internal import Glibc

/// What a process arranges once, at its start.
package enum ProcessLimits {
  /// Raises the number of descriptors this process may open to the most it is allowed, and tells
  /// it.
  @discardableResult
  package static func raiseDescriptorLimit() throws(SystemError) -> UInt {
    let limit = try limit(countersign_limit_files)
    guard limit.now < limit.most else { return limit.now }
    try setDescriptorLimit(limit.most)
    return limit.most
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

  /// Has writing to a closed connection be an error of the write, not the end of the process.
  package static func ignoreBrokenPipes() { ProcessSignal.brokenPipe.ignore() }

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

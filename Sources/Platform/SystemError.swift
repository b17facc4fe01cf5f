internal import Glibc

/// A system call that failed: which one, with what number, on what.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The call's name, as in the manual: `bind`.
  package let call: String
  /// The value of `errno`.
  package let code: Int32
  /// What it was done to, for the sentence: an address, a path, a user. May be empty.
  package let subject: String

  package init(call: String, code: Int32, subject: String = "") {
    self.call = call
    self.code = code
    self.subject = subject
  }

  /// The error the calling thread's last failed call left in `errno`.
  package static func last(_ call: String, on subject: String = "") -> SystemError {
    SystemError(call: call, code: errno, subject: subject)
  }

  /// One sentence: `bind failed for 0.0.0.0:80: Permission denied (13).`
  public var description: String {
    let target = subject.isEmpty ? "" : " for \(subject)"
    return "\(call) failed\(target): \(reason) (\(code))."
  }

  /// What the system says about the number: `Permission denied`.
  package var reason: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress else { return "error" }
      unsafe base.initialize(repeating: 0, count: 256)
      guard unsafe strerror_r(code, base, 255) == 0 else { return "unknown error" }
      return unsafe String(cString: base)
    }
  }

  package var isAddressInUse: Bool { code == EADDRINUSE }
  /// What was asked for is not there: a file, its directory, a user.
  package var isMissing: Bool { code == ENOENT }
  /// There is something already where something new was to be made.
  package var isTaken: Bool { code == EEXIST }
  /// The address belongs to no interface of this machine.
  package var isForeignAddress: Bool { code == EADDRNOTAVAIL }
  package var isPermissionDenied: Bool { code == EACCES || code == EPERM }
  /// No room on the file system, or of a quota.
  package var isOutOfRoom: Bool { code == ENOSPC || code == EDQUOT }

  /// Whether this machine is at fault, not the peer: no descriptors, memory or local ports are
  /// left.
  package var isLocalShortage: Bool { isExhaustion || code == EADDRNOTAVAIL || code == EAGAIN }

  /// Whether the process or the system has run out of descriptors or of memory for sockets.
  package var isExhaustion: Bool {
    code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM
  }
}

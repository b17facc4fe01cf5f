internal import Glibc

/// The signals this program knows.
package enum ProcessSignal: Sendable, CaseIterable {
  case terminate
  case interrupt
  case hangUp
  case user1
  case user2
  case brokenPipe
  /// A file grew to the most this process may write.
  case fileSize

  package var number: Int32 {
    switch self {
    case .terminate: SIGTERM
    case .interrupt: SIGINT
    case .hangUp: SIGHUP
    case .user1: SIGUSR1
    case .user2: SIGUSR2
    case .brokenPipe: SIGPIPE
    case .fileSize: SIGXFSZ
    }
  }

  /// Has no effect on this process any more. Dispatch's signal sources see it all the same.
  package func ignore() { _ = signal(number, SIG_IGN) }

  /// Sends it to this process.
  package func raise() { _ = kill(getpid(), number) }
}

/// The machine's processors.
package enum Processors {
  /// How many this process may run on, at least one.
  package static var usable: Int { max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1) }
}

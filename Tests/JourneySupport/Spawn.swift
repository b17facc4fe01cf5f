import Foundation

/// Held while a descriptor exists that is not yet marked to be closed in children, and while a
/// child is started: a child that inherited the end of another's pipe or connection would keep it
/// open.
let descriptorLock = NSLock()

/// The two ends of a pipe, closed in every child that is not given them.
struct Pipe {
  let reading: Int32
  let writing: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    try descriptorLock.withLock {
      guard pipe(&ends) == 0 else { throw JourneyFailure.call("pipe") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    reading = ends[0]
    writing = ends[1]
  }
}

enum Descriptor {
  /// `/dev/null`, for reading and writing.
  static func null() throws -> Int32 {
    let descriptor = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw JourneyFailure.call("open /dev/null") }
    return descriptor
  }
}

enum Spawn {
  /// Starts a program in a process group of its own, with signals as a shell would leave them.
  ///
  /// - Parameters:
  ///   - program: A path; `PATH` is not searched.
  ///   - descriptors: What the child gets as descriptors 0, 1, 2, …; every other is closed.
  static func process(
    _ program: String, _ arguments: [String], environment: [String: String]? = nil,
    descriptors: [Int32]
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Moved out of the way first, so that no dup2 overwrites a descriptor that is still needed.
    let copies = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 64) }
    defer { for copy in copies { close(copy) } }
    for (number, copy) in copies.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, copy, Int32(number))
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let environment = environment ?? ProcessInfo.processInfo.environment
    var pid: pid_t = 0
    let code = withCStrings([program] + arguments) { arguments in
      withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        descriptorLock.withLock {
          posix_spawn(&pid, program, &actions, &attributes, arguments, environment)
        }
      }
    }
    guard code == 0 else { throw JourneyFailure.call("starting \(program)", code) }
    return pid
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

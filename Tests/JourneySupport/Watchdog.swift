import Foundation

/// A shell that outlives the test runner by an instant: it knows which process groups the runner
/// started, and when its standard input ends, because the runner is gone however that came about,
/// it kills those that are left.
package final class Watchdog: Sendable {
  static let shared = Watchdog()

  private static let script = """
    trap '' INT TERM HUP
    groups=" "
    while read -r verb group; do
      case $verb in
        add) groups="$groups$group " ;;
        drop) groups="${groups%% $group *} ${groups#* $group }" ;;
      esac
    done
    for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
    """

  private let lock = NSLock()
  private let input: Int32

  package init() {
    guard let pipe = try? Pipe(), let nowhere = try? Descriptor.null(),
      let shell = try? Spawn.process(
        "/bin/sh", ["-c", Self.script], descriptors: [pipe.reading, nowhere, nowhere])
    else {
      input = -1
      return
    }
    // A shell that ended and was not waited for would keep Swift Testing's wait for its exit tests,
    // which looks at the first ended child only, busy for ever.
    Thread.detachNewThread {
      var status: Int32 = 0
      while waitpid(shell, &status, 0) < 0, errno == EINTR {}
    }
    close(pipe.reading)
    close(nowhere)
    input = pipe.writing
  }

  /// What a runner's end does.
  package func end() { close(input) }

  package func add(_ group: Int32) { say("add \(group)\n") }

  package func drop(_ group: Int32) { say("drop \(group)\n") }

  private func say(_ line: String) {
    lock.withLock {
      _ = Array(line.utf8).withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
    }
  }
}

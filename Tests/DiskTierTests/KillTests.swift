import Foundation
import JourneySupport
import Testing

/// A process that stores and invalidates is killed, again and again over one directory; each time
/// another process reads what is left.
@Suite struct KillTests {
  /// The benchmark as it was built together with these tests: it writes and it checks.
  private static func program() throws -> String {
    let runner = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let directory = URL(fileURLWithPath: runner).deletingLastPathComponent()
    return directory.appending(path: "store-benchmark").path
  }

  @Test func `a writer killed at any moment leaves no wrong byte`() throws {
    let scratch = try ScratchDirectory()
    let program = try Self.program()
    var recovered = 0
    for (seed, stores) in [1, 7, 60, 133, 210, 333].enumerated() {
      let writer = try ChildProcess(
        program, ["disk-writer", scratch.path, "\(seed)", "\(stores)"])
      #expect(try writer.waitForEnd() == .signalled(SIGKILL))
      let check = try ChildProcess(program, ["disk-check", scratch.path])
      #expect(try check.waitForEnd() == .exited(0), "\(check.output.text)")
      let words = check.output.text.split(separator: " ")
      #expect(words.first == "right")
      recovered += words.count > 1 ? Int(words[1]) ?? 0 : 0
    }
    #expect(recovered > 100)
  }
}

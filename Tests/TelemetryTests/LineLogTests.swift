import Dispatch
import Foundation
import Platform
import Primitives
import Synchronization
import Testing

@testable import Telemetry

@Suite struct LineLogTests {
  private let patience = Milliseconds(10_000)

  @Test func `lines arrive whole and in order`() throws {
    let place = try TemporaryPlace()
    let log = try LineLog(.file(path: place["a.log"]), feeders: 1)
    let feeder = log.feeder(0)
    for number in 0..<1_000 {
      let isTaken = feeder.append { $0.append(contentsOf: Array("line \(number)".utf8)) }
      #expect(isTaken)
    }
    #expect(log.stop(within: patience) == LineLogEnd(isComplete: true, linesLost: 0))
    #expect(place.lines("a.log") == (0..<1_000).map { "line \($0)" })
  }

  @Test func `the file can be read by its group and by nobody else`() throws {
    let place = try TemporaryPlace()
    let log = try LineLog(.file(path: place["a.log"]), feeders: 0)
    _ = log.stop(within: patience)
    let facts = try FileManager.default.attributesOfItem(atPath: place["a.log"])
    let mode = try #require(facts[.posixPermissions] as? Int)
    #expect(mode & ~0o640 == 0)
  }

  @Test func `a file that cannot be opened is an error with path and reason`() {
    let error = #expect(throws: SystemError.self) {
      _ = try LineLog(.file(path: "/nonexistent/a.log"), feeders: 1)
    }
    #expect(
      error?.description == "open failed for /nonexistent/a.log: No such file or directory (2).")
  }

  @Test func `what finds no room is counted, and the log says so`() throws {
    let place = try TemporaryPlace()
    let limits = LineLogLimits(feederBytes: 100, flushEvery: Milliseconds(3_600_000))
    let gate = Gate()
    let log = try LineLog(.file(path: place["a.log"]), feeders: 1, limits: limits) {
      line, lost, _ in
      line.append(contentsOf: Array("lost \(lost)".utf8))
    } onTrouble: { _ in
      gate.wait()
    }
    // The writer stands still in a report of trouble while the buffer fills.
    try FileManager.default.removeItem(atPath: place["a.log"])
    try FileManager.default.createDirectory(
      atPath: place["a.log"], withIntermediateDirectories: false)
    log.flush()
    gate.awaitArrival()
    let feeder = log.feeder(0)
    var taken = 0
    for _ in 0..<20 where feeder.append({ $0.append(contentsOf: Array("123456789".utf8)) }) {
      taken += 1
    }
    #expect(taken == 10)
    #expect(log.linesLost == 10)
    try FileManager.default.removeItem(atPath: place["a.log"])
    gate.open()
    #expect(log.stop(within: patience) == LineLogEnd(isComplete: true, linesLost: 10))
    #expect(place.lines("a.log") == Array(repeating: "123456789", count: 10) + ["lost 10"])
  }

  @Test func `a line longer than the room is lost alone`() throws {
    let place = try TemporaryPlace()
    let limits = LineLogLimits(feederBytes: 50, flushEvery: Milliseconds(3_600_000))
    let log = try LineLog(.file(path: place["a.log"]), feeders: 1, limits: limits)
    let first = log.feeder(0).append { $0.append(contentsOf: Array("before".utf8)) }
    let long = log.feeder(0).append { $0.append(contentsOf: [UInt8](repeating: 0x78, count: 50)) }
    let last = log.feeder(0).append { $0.append(contentsOf: Array("after".utf8)) }
    #expect([first, long, last] == [true, false, true])
    #expect(log.stop(within: patience).linesLost == 1)
    let lines = place.lines("a.log")
    #expect(lines.prefix(2) == ["before", "after"])
    #expect(lines.last?.hasSuffix(#""event":"lines-lost","lines":1}"#) == true)
  }

  @Test func `after a rotation lines go into the new file`() throws {
    let place = try TemporaryPlace()
    let log = try LineLog(.file(path: place["a.log"]), feeders: 1)
    log.feeder(0).append { $0.append(contentsOf: Array("one".utf8)) }
    log.flush()
    try place.awaitLines(["one"], in: "a.log")
    try FileManager.default.moveItem(atPath: place["a.log"], toPath: place["a.log.1"])
    log.feeder(0).append { $0.append(contentsOf: Array("two".utf8)) }
    log.flush()
    try place.awaitLines(["two"], in: "a.log")
    _ = log.stop(within: patience)
    #expect(place.lines("a.log.1") == ["one"])
  }

  @Test func `the flush timer alone notices a rotation`() throws {
    let place = try TemporaryPlace()
    let limits = LineLogLimits(flushEvery: Milliseconds(5))
    let log = try LineLog(.file(path: place["a.log"]), feeders: 1, limits: limits)
    try FileManager.default.moveItem(atPath: place["a.log"], toPath: place["a.log.1"])
    log.feeder(0).append { $0.append(contentsOf: Array("two".utf8)) }
    try place.awaitLines(["two"], in: "a.log")
    _ = log.stop(within: patience)
  }

  @Test func `a path that cannot be reopened is reported once, and lines go on into the old file`()
    throws
  {
    let place = try TemporaryPlace()
    let troubles = Mutex<[LogTrouble]>([])
    let log = try LineLog(
      .file(path: place["d/a.log"], in: place), feeders: 1,
      onTrouble: { trouble in troubles.withLock { $0.append(trouble) } })
    try FileManager.default.moveItem(atPath: place["d"], toPath: place["e"])
    for line in ["one", "two"] {
      log.feeder(0).append { $0.append(contentsOf: Array(line.utf8)) }
      log.reopen()
      try place.awaitLine(line, in: "e/a.log")
    }
    try FileManager.default.createDirectory(atPath: place["d"], withIntermediateDirectories: false)
    log.feeder(0).append { $0.append(contentsOf: Array("three".utf8)) }
    #expect(log.stop(within: patience).linesLost == 0)
    #expect(place.lines("d/a.log") == ["three"])
    let expected = SystemError(call: "open", code: ENOENT, subject: place["d/a.log"])
    #expect(troubles.withLock { $0 } == [.reopening(expected), .over])
  }

  @Test func `a full disk is reported once, and every line that was not written is counted`() throws
  {
    let troubles = Mutex<[LogTrouble]>([])
    let limits = LineLogLimits(feederBytes: 100, flushEvery: Milliseconds(1))
    let log = try LineLog(
      .file(path: "/dev/full"), feeders: 2, limits: limits,
      onTrouble: { trouble in troubles.withLock { $0.append(trouble) } })
    var taken: UInt64 = 0
    var lost: UInt64 = 0
    for number in 0..<1_000 {
      let isTaken = log.feeder(number % 2).append {
        $0.append(contentsOf: Array("x\(number)".utf8))
      }
      if isTaken { taken += 1 } else { lost += 1 }
    }
    #expect(lost > 0)
    let end = log.stop(within: Milliseconds(60))
    #expect(end.linesLost == taken + lost)
    let expected = LogTrouble.writing(
      SystemError(call: "write", code: ENOSPC, subject: "/dev/full"))
    #expect(troubles.withLock { $0 } == [expected])
  }

  @Test func `a line that a dead writer left unfinished does not swallow the next`() throws {
    let place = try TemporaryPlace()
    try Data("{\"torn\":".utf8).write(to: URL(fileURLWithPath: place["a.log"]))
    let log = try LineLog(.file(path: place["a.log"]), feeders: 1)
    log.feeder(0).append { $0.append(contentsOf: Array("whole".utf8)) }
    _ = log.stop(within: patience)
    #expect(place.lines("a.log") == ["{\"torn\":", "whole"])
  }

  @Test func `after the stop lines are lost and counted`() throws {
    let place = try TemporaryPlace()
    let log = try LineLog(.file(path: place["a.log"]), feeders: 1)
    _ = log.stop(within: patience)
    let isTaken = log.feeder(0).append { $0.append(contentsOf: Array("late".utf8)) }
    #expect(!isTaken)
    #expect(log.linesLost == 1)
    #expect(place.lines("a.log") == [])
  }

  @Test func `many feeders at once, with rotations: taken and lost add up, no line is torn`() throws
  {
    let place = try TemporaryPlace()
    let limits = LineLogLimits(feederBytes: 4_096, flushEvery: Milliseconds(1))
    let log = try LineLog(.file(path: place["a.log"]), feeders: 3, limits: limits)
    let taken = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { worker in
      for number in 0..<5_000 {
        let text = "worker \(worker) line \(number)"
        if log.feeder(worker).append({ $0.append(contentsOf: Array(text.utf8)) }) {
          taken.wrappingAdd(1, ordering: .relaxed)
        }
        if worker == 3, number % 1_000 == 500 {
          let old = place["a.log.\(number)"]
          try? FileManager.default.moveItem(atPath: place["a.log"], toPath: old)
        }
      }
    }
    let end = log.stop(within: patience)
    let lines = place.allLines().filter { !$0.contains("lines-lost") }
    #expect(lines.count == taken.load(ordering: .relaxed))
    #expect(UInt64(20_000 - lines.count) == end.linesLost)
    #expect(Set(lines).count == lines.count)
    #expect(lines.allSatisfy { $0.wholeMatch(of: /worker \d line \d+/) != nil })
  }
}

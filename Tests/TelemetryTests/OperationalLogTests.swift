import Foundation
import Logging
import Primitives
import Testing

@testable import Telemetry

@Suite struct OperationalLogTests {
  private struct Wrong: Error, CustomStringConvertible {
    let description = "it is wrong"
  }

  private func lines(
    _ format: OperationalLogFormat, level: Logger.Level = .info, _ body: (Logger) -> Void
  ) throws -> [String] {
    let place = try TemporaryPlace()
    let log = try OperationalLog.open(.file(path: place["o.log"]), format: format)
    let feeder = log.sharedFeeder
    let logger = Logger(label: "proxy") { label in
      OperationalLogHandler(label: label, feeder: feeder, format: format, logLevel: level)
    }
    body(logger)
    _ = log.stop(within: Milliseconds(10_000))
    return place.lines("o.log")
  }

  @Test func `a JSON line has the message constant and the facts as members by name`() throws {
    let lines = try lines(.json) { logger in
      var logger = logger
      logger[metadataKey: "service"] = "auth"
      logger.warning(
        "origin ejected",
        metadata: ["origin": "a\"b", "list": ["1", ["x": "y"]], "count": .stringConvertible(3)])
    }
    #expect(lines.count == 1)
    let text = try #require(lines.first)
    let tail = text.drop { $0 != "," }
    #expect(
      tail == #","level":"warning","logger":"proxy","message":"origin ejected","facts":"#
        + #"{"count":"3","list":["1",{"x":"y"}],"origin":"a\"b","service":"auth"}}"#)
  }

  @Test func `a text line quotes what could be mistaken`() throws {
    let lines = try lines(.text) { logger in
      logger.error("started", metadata: ["path": "/a b", "plain": "x/y", "empty": "", "n": [:]])
      logger.error("a\u{1B}[2Jb")
    }
    let tails = lines.map { $0.drop { $0 != " " } }
    #expect(tails[0] == #" error started empty="" n={} path="/a b" plain=x/y"#)
    #expect(tails[1] == #" error "a\u001b[2Jb""#)
  }

  @Test func `events below the level are not written`() throws {
    let lines = try lines(.text, level: .warning) { logger in
      logger.info("quiet")
      logger.warning("loud")
    }
    #expect(lines.count == 1)
  }

  @Test func `what an event says wins over what its logger says`() throws {
    let lines = try lines(.text) { logger in
      var logger = logger
      logger[metadataKey: "a"] = "1"
      logger.info("m", metadata: ["a": "2"])
    }
    #expect(lines.first?.hasSuffix(" m a=2") == true)
  }
}

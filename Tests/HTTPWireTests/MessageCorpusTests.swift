import HTTPModel
import HTTPWire
import TestSupport
import Testing

/// Every message of the corpora, whole, at every split and byte by byte: one answer.
@Suite struct MessageCorpusTests {
  /// Splitting a message everywhere costs the square of its length; longer ones are split around
  /// the places where something ends.
  private static let longestSplitEverywhere = 600

  private static func refused() throws -> [MessageCase] {
    try MessageCase.load("requests.txt") + MessageCase.load("responses.txt")
  }

  @Test func `every malformed message is refused for its own reason`() throws {
    let cases = try Self.refused()
    #expect(cases.count >= 120)
    for one in cases {
      #expect(ProtocolViolation.Code(rawValue: one.expected) != nil, "\(one.name)")
      let reading = MessageReading.read([one.bytes[...]], one.direction)
      #expect(reading.outcome == one.expected, "\(one.name)")
    }
  }

  @Test func `every message in order is taken`() throws {
    for one in try MessageCase.load("accepted.txt") {
      let reading = MessageReading.read([one.bytes[...]], one.direction)
      #expect(reading.outcome == "accepted", "\(one.name)")
      #expect(reading.stage == .complete, "\(one.name)")
    }
  }

  @Test func `how a message is cut changes nothing`() throws {
    for one in try Self.refused() + MessageCase.load("accepted.txt") {
      let bytes = one.bytes
      let whole = MessageReading.read([bytes[...]], one.direction)
      for split in splits(of: bytes) {
        let cut = MessageReading.read([bytes[..<split], bytes[split...]], one.direction)
        #expect(cut == whole, "\(one.name) split at \(split)")
      }
    }
  }

  @Test func `a message byte by byte is the same message`() throws {
    for one in try Self.refused() + MessageCase.load("accepted.txt") {
      let whole = MessageReading.read([one.bytes[...]], one.direction)
      let single = one.bytes.indices.map { one.bytes[$0...$0] }
      #expect(MessageReading.read(single, one.direction) == whole, "\(one.name)")
    }
  }

  @Test func `every reason code but our own stands in the corpus`() throws {
    let expected = Set(try Self.refused().map(\.expected))
    for code in ProtocolViolation.Code.allCases where code != .unsendableMessage {
      #expect(expected.contains(code.rawValue), "\(code.rawValue)")
    }
  }

  private func splits(of bytes: [UInt8]) -> [Int] {
    guard bytes.count > Self.longestSplitEverywhere else { return Array(0...bytes.count) }
    let edges = bytes.indices.filter { bytes[$0] == 0x0D || bytes[$0] == 0x0A }
    let near = edges.prefix(40).flatMap { [$0 - 1, $0, $0 + 1] }
    let limits = [8192, 8193, 16384, 16385, 32768].flatMap { [$0 - 1, $0, $0 + 1] }
    return Set(near + limits + [0, bytes.count - 1, bytes.count])
      .filter { (0...bytes.count).contains($0) }.sorted()
  }
}

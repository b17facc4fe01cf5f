import HTTPModel
import MessageSignatures
import Primitives
import Testing

/// What is demanded of a signature besides its bytes.
@Suite struct SignatureDemandTests {
  private static let sentAt: Int64 = 1_700_000_000
  private static let coverage =
    #""@status" "content-digest" "@method";req "@target-uri";req "content-digest";req"#

  private let demand = SignatureDemand(
    components: [
      ComponentIdentifier(.status), ComponentIdentifier(field: bytes("content-digest")),
      ComponentIdentifier(.method, ofRequest: true),
      ComponentIdentifier(.targetURI, ofRequest: true),
      ComponentIdentifier(field: bytes("content-digest"), ofRequest: true),
    ], nonce: bytes("n"), sentAt: WallTime(milliseconds: sentAt * 1000 + 700), skew: Seconds(5))

  private func fault(
    _ components: String = coverage, _ rest: String = ";created=1700000000;nonce=\"n\"",
    after seconds: Int64 = 1
  ) throws -> SignatureFault? {
    demand.fault(
      in: try parameters("(\(components))\(rest)"),
      at: WallTime(secondsSinceEpoch: Self.sentAt + seconds))
  }

  @Test func `what is demanded suffices, and more does`() throws {
    #expect(try fault() == nil)
    #expect(try fault(Self.coverage + #" "date" "@path";req "x";bs"#) == nil)
  }

  @Test(arguments: 0..<5)
  func `without any one of the components the coverage is short`(missing: Int) throws {
    var parts = Self.coverage.split(separator: " ").map(String.init)
    parts.remove(at: missing)
    #expect(try fault(parts.joined(separator: " ")) == .coverageShort)
  }

  @Test func `a component of the other message does not stand in`() throws {
    let own = Self.coverage.replacing(#""content-digest";req"#, with: #""date""#)
    #expect(try fault(own) == .coverageShort)
    let others = Self.coverage.replacing(#""content-digest" "#, with: "")
    #expect(try fault(others) == .coverageShort)
  }

  @Test func `a whole field in any form covers, one member of it does not`() throws {
    for form in ["sf", "bs"] {
      #expect(
        try fault(
          Self.coverage.replacing(#""content-digest";req"#, with: #""content-digest";req;\#(form)"#)
        )
          == nil)
    }
    let member = Self.coverage.replacing(
      #""content-digest";req"#, with: #""content-digest";req;key="sha-256""#)
    #expect(try fault(member) == .coverageShort)
  }

  @Test(
    arguments: [
      (";created=1700000000", .nonceMissing), (";created=1700000000;nonce=\"m\"", .nonceOther),
      (";created=1700000000;nonce=\"\"", .nonceOther),
      (";created=1700000000;nonce=\"nn\"", .nonceOther),
      (";created=1700000000;nonce=\"N\"", .nonceOther), (";nonce=\"n\"", .createdMissing),
    ] as [(String, SignatureFault)])
  func `a nonce and a time are demanded`(rest: String, expected: SignatureFault) throws {
    #expect(try fault(Self.coverage, rest) == expected)
  }

  @Test(
    arguments: [
      (-6, .createdTooEarly), (-5, nil), (0, nil), (1, nil), (6, nil), (7, .createdInFuture),
    ] as [(Int64, SignatureFault?)])
  func `it is made between the sending and now, give or take the skew`(
    offset: Int64, expected: SignatureFault?
  ) throws {
    #expect(
      try fault(Self.coverage, ";created=\(Self.sentAt + offset);nonce=\"n\"") == expected)
  }

  @Test(
    arguments: [
      (0, 0, nil), (0, 4, nil), (0, 5, .expired), (10, 14, nil), (10, 15, .expired),
      (-1, 0, .expired),
    ] as [(Int64, Int64, SignatureFault?)])
  func `it is trusted until it expires, give or take the skew`(
    expires: Int64, after: Int64, expected: SignatureFault?
  ) throws {
    let rest = ";created=\(Self.sentAt);expires=\(Self.sentAt + expires);nonce=\"n\""
    #expect(try fault(Self.coverage, rest, after: after) == expected)
  }

  @Test(arguments: [999_999_999_999_999, 0] as [Int64])
  func `the last and the first moments that can be written are no trouble`(created: Int64) throws {
    #expect(try fault(Self.coverage, ";created=\(created);nonce=\"n\"") != nil)
  }

  @Test func `where no nonce was sent, none is demanded`() throws {
    let free = SignatureDemand(
      components: [], nonce: nil, sentAt: WallTime(milliseconds: 0), skew: Seconds(0))
    #expect(
      free.fault(in: try parameters("();created=5"), at: WallTime(secondsSinceEpoch: 5)) == nil)
  }
}

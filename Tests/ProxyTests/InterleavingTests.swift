import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import TestSupport
import Testing

/// Many clients, pipelined requests, an origin that delays, splits, resets and closes as it likes:
/// whatever is delivered answers its own request.
@Suite struct InterleavingTests {
  private static let clients = 8
  private static let rounds = 12

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `each response carries the number of its own request`(seed: UInt64) throws {
    let origin = try RawOrigin { connection, number in
      var random = SeededGenerator(seed: seed << 32 | UInt64(number))
      while let request = try connection.receiveRequest() {
        guard try Self.answer(request, on: connection, &random) else { return }
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      settings.services[0].ejection = nil
      settings.services[0].timeouts.firstByte = Milliseconds(2_000)
    }
    let delivered = Shared(0)
    let wrong = Shared<[String]>([])
    let group = DispatchGroup()
    for client in 0..<Self.clients {
      group.enter()
      Thread.detachNewThread {
        var random = SeededGenerator(seed: seed << 16 | UInt64(client))
        for round in 0..<Self.rounds {
          let outcome = Self.converse(proxy, client: client, round: round, &random)
          delivered.change { $0 += outcome.delivered }
          wrong.change { $0 += outcome.wrong }
        }
        group.leave()
      }
    }
    #expect(group.wait(timeout: .now() + 50) == .success)
    #expect(wrong.value == [])
    #expect(delivered.value > Self.clients * Self.rounds)
  }

  /// Answers with the number of the request, somehow. Whether the connection goes on.
  private static func answer(
    _ request: RawMessage, on connection: RawConnection, _ random: inout SeededGenerator
  ) throws -> Bool {
    let mark = request["X-Number"] ?? "none"
    let body = Array(
      String(repeating: "<\(mark)>", count: Int.random(in: 1...40, using: &random)).utf8)
    let kind = Int.random(in: 0..<20, using: &random)
    var bytes = Array("HTTP/1.1 200 OK\r\nX-Number: \(mark)\r\n".utf8)
    if kind == 0 {
      connection.reset()
      return false
    }
    if kind == 1 { return false }
    if kind < 5 {
      bytes += Array("Connection: close\r\n\r\n".utf8) + body
      try sendInPieces(bytes, on: connection, &random)
      return false
    }
    if kind < 10 {
      let size = String(body.count, radix: 16)
      bytes += Array("Transfer-Encoding: chunked\r\n\r\n\(size)\r\n".utf8) + body
      bytes += Array("\r\n0\r\n\r\n".utf8)
    } else {
      bytes += Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }
    switch kind {
    case 5, 10:
      // Broken off somewhere.
      bytes.removeLast(Int.random(in: 1..<body.count, using: &random))
      try sendInPieces(bytes, on: connection, &random)
      return false
    case 11:
      // Something left over, as the answer to a request that nobody made. It comes together with
      // the end of the answer: had the next request gone out before, nobody could tell it from an
      // early answer to that one.
      let forged = Array(
        "HTTP/1.1 200 OK\r\nX-Number: forged\r\nContent-Length: 6\r\n\r\nforged".utf8)
      try sendInPieces(bytes.dropLast(), on: connection, &random)
      try connection.send(bytes.suffix(1) + forged)
      return true
    default: break
    }
    try sendInPieces(bytes, on: connection, &random)
    return true
  }

  private static func sendInPieces(
    _ bytes: some Collection<UInt8>, on connection: RawConnection, _ random: inout SeededGenerator
  ) throws {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count =
        Bool.random(using: &random) ? rest.count : Int.random(in: 1...rest.count, using: &random)
      try connection.send(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
      if Int.random(in: 0..<4, using: &random) == 0 { sched_yield() }
    }
  }

  private struct Outcome {
    var delivered = 0
    var wrong: [String] = []
  }

  /// One connection with a few requests sent together.
  private static func converse(
    _ proxy: RunningProxy, client: Int, round: Int, _ random: inout SeededGenerator
  ) -> Outcome {
    var outcome = Outcome()
    guard let connection = try? proxy.connect() else { return outcome }
    let marks = (0..<Int.random(in: 1...6, using: &random)).map { "\(client).\(round).\($0)" }
    var text = ""
    for mark in marks {
      let body = Bool.random(using: &random) ? "" : "body of \(mark)"
      text += "POST /\(mark) HTTP/1.1\r\nHost: a.example\r\nX-Number: \(mark)\r\n"
      text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    guard (try? sendInPieces(Array(text.utf8), on: connection, &random)) != nil else {
      return outcome
    }
    for mark in marks {
      guard let response = try? connection.receiveResponse(to: "POST") else { break }
      if response.status == 502 || response.status == 504 { continue }
      let pieces = response.bodyText.split(separator: ">")
      if response["X-Number"] == mark, pieces.allSatisfy({ $0 == "<\(mark)" }), !pieces.isEmpty {
        outcome.delivered += 1
      } else {
        outcome.wrong.append("\(mark): \(response.text)")
      }
    }
    return outcome
  }
}

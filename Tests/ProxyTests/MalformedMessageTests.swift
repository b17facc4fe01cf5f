import Configuration
import HTTPModel
import JourneySupport
import Primitives
import TestSupport
import Testing
import Verdict

/// The corpus of messages that two readers could understand differently, through the running proxy.
@Suite struct MalformedMessageTests {
  private static let after = "GET /after HTTP/1.1\r\nHost: a.example\r\n\r\n"
  /// What only the end of the bytes makes malformed.
  private static let endings: Set<String> = ["incomplete-head", "truncated-content"]

  @Test func `no malformed request reaches the origin as a message, nor what follows it`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
    let proxy = try RunningProxy(before: origin.endpoint)
    let cases = try MessageCase.load("requests.txt").filter { $0.expected != "accepted" }
    #expect(cases.count > 100)
    for message in cases {
      let client = try proxy.connect(within: .seconds(20))
      let endsIt = Self.endings.contains(message.expected)
      try? client.send(message.bytes + (endsIt ? [] : Array(Self.after.utf8)))
      if endsIt { client.finishSending() }
      // Without an end from the client, so that it is the proxy that closes.
      let answer = String(decoding: client.receiveAll(), as: UTF8.self)
      let isRefusal = answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 5")
      #expect(isRefusal || (endsIt && answer.isEmpty), "\(message.name): \(answer)")
      #expect(answer.ranges(of: "HTTP/1.1 ").count <= 1, "\(message.name) was answered twice")
      let forwarded = origin.requests.count
      #expect(forwarded == 0, "\(message.name) was forwarded")
    }
    let forwarded = origin.requests.count
    #expect(try proxy.get("/fine").status == 200)
    print("malformed requests: \(cases.count), forwarded: \(forwarded)")
  }

  @Test func `a malformed request after a good one on the same connection is refused alone`() throws
  {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
    let proxy = try RunningProxy(before: origin.endpoint)
    let good = "GET /good HTTP/1.1\r\nHost: a.example\r\nCache-Control: no-store\r\n\r\n"
    var count = 0
    for message in try MessageCase.load("requests.txt")
    where message.expected != "accepted" && !Self.endings.contains(message.expected) {
      let client = try proxy.connect(within: .seconds(20))
      try? client.send(Array(good.utf8) + message.bytes + Array(Self.after.utf8))
      count += 1
      #expect(try client.receiveResponse().status == 200, "\(message.name)")
      let answer = String(decoding: client.receiveAll(), as: UTF8.self)
      let isRefusal = answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 5")
      #expect(isRefusal, "\(message.name): \(answer)")
      let forwarded = origin.requests.count
      #expect(forwarded == count, "\(message.name) was forwarded")
    }
    #expect(origin.requests.allSatisfy { $0.target == "/good" })
  }

  @Test(arguments: [false, true])
  func `no malformed response is delivered whole, and its connection is not used again`(
    onDecisionRoute: Bool
  ) throws {
    let cases = try MessageCase.load("responses.txt").filter { $0.expected != "accepted" }
    #expect(cases.count > 50)
    let origin = try RawOrigin { connection, _ in
      guard let request = try connection.receiveRequest() else { return }
      let number = Int(request.target.drop { !$0.isNumber }) ?? 0
      try connection.send(cases[number].bytes)
      if cases[number].expected == "truncated-content"
        || cases[number].expected == "incomplete-head"
      {
        return
      }
      // Held open: whether it is used again shows in what comes next.
      while let next = try connection.receiveRequest() {
        Issue.record("\(cases[number].name): used again for \(next.startLine)")
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      settings.services[0].ejection = nil
      guard onDecisionRoute else { return }
      settings.routes[0].lane = .decision(DecisionRule(binding: .echo(EchoRule())))
    }
    for (number, message) in cases.enumerated() {
      guard case .response(let method) = message.direction else { continue }
      let client = try proxy.connect(within: .seconds(20))
      let name = String(decoding: method.bytes, as: UTF8.self)
      try client.send(
        "\(name) /\(number) HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
      let answer = client.receiveAll()
      let start = String(decoding: answer.prefix(12), as: UTF8.self)
      let isRefusal = start == "HTTP/1.1 502" || (onDecisionRoute && start == "HTTP/1.1 403")
      // What goes wrong after the head has gone out can only be shown by breaking the answer off.
      // The reset may overtake the head.
      let isCutOff =
        !onDecisionRoute && (answer.isEmpty || start.hasPrefix("HTTP/1.1 2"))
        && (try? RawMessage(responseIn: answer)) == nil
      #expect(
        isRefusal || isCutOff || name == "CONNECT",
        "\(message.name) (\(message.expected)): \(String(decoding: answer, as: UTF8.self))")
    }
    try origin.waitForEnds(origin.connectionCount)
    print("malformed responses: \(cases.count)")
  }
}

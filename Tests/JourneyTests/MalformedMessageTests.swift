import HTTPModel
import JourneySupport
import TestSupport
import Testing

/// The corpus of messages that two readers could understand differently, sent to the running proxy.
@Suite struct MalformedMessageTests {
  @Test func `no refused request reaches the origin, and each connection is closed`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
    let proxy = try Countersign(before: origin.endpoint)
    let cases = try MessageCase.load("requests.txt").filter { $0.expected != "accepted" }
    #expect(!cases.isEmpty)
    for message in cases {
      let client = try RawConnection(to: proxy.endpoint)
      try? client.send(message.bytes)
      client.finishSending()
      let answer = String(decoding: client.receiveAll(), as: UTF8.self)
      #expect(!answer.hasPrefix("HTTP/1.1 2"), "\(message.name): \(answer)")
      #expect(origin.requests.isEmpty, "\(message.name) was forwarded")
    }
    #expect(proxy.process.isRunning)
    #expect(try curl(proxy.url("/assets/a")).status == 200)
  }

  @Test func `no refused response reaches the client, and its connection is not used again`() throws
  {
    let cases = try MessageCase.load("responses.txt").filter {
      $0.expected != "accepted" && $0.direction == .response(to: .get)
    }
    #expect(!cases.isEmpty)
    let origin = try ScriptedOrigin { request, connection in
      let number = Int(request.target.drop { !$0.isNumber }) ?? 0
      try connection.send(cases[number].bytes)
      connection.close()
    }
    let proxy = try Countersign(before: origin.endpoint)
    for (number, message) in cases.enumerated() {
      let client = try RawConnection(to: proxy.endpoint)
      try client.send("GET /assets/\(number) HTTP/1.1\r\nHost: a.example\r\n\r\n")
      client.finishSending()
      let answer = client.receiveAll()
      let start = String(decoding: answer.prefix(12), as: UTF8.self)
      // What goes wrong after the head has gone out can only be shown by breaking the answer off.
      let isCutOff = start == "HTTP/1.1 200" && (try? RawMessage(responseIn: answer)) == nil
      #expect(start == "HTTP/1.1 502" || isCutOff, "\(message.name): \(start)")
    }
    #expect(proxy.process.isRunning)
  }
}

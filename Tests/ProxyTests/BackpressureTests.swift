import CachePolicy
import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing

/// Nobody can make the proxy keep more than it was given room for.
@Suite struct BackpressureTests {
  /// What sockets and buffers on both sides may swallow together, generously.
  private static let room = 24 << 20
  private static let much = 96 << 20

  @Test func `a client that asks and does not listen is not read any further`() throws {
    let content = String(repeating: "x", count: 1_000)
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 1000\r\n\r\n\(content)"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    #expect(try proxy.get("/kept").status == 200)
    let request = "GET /kept HTTP/1.1\r\nHost: a.example\r\n\r\n"
    let requests = Array(String(repeating: request, count: Self.room / request.utf8.count).utf8)
    let client = try proxy.connect()
    let taken = client.sendUntilBlocked(requests, pause: .seconds(1))
    #expect(taken < requests.count, "\(taken) bytes of requests were taken")
    // And nothing is lost: as many answers as requests, once it listens.
    let whole = taken / request.utf8.count
    #expect(whole > 100)
    for _ in 0..<100 { #expect(try client.receiveResponse().body.count == 1_000) }
  }

  @Test(arguments: ["Content-Length: 100663296", "Transfer-Encoding: chunked"])
  func `an upload waits for an origin that does not read`(framing: String) throws {
    let release = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      release.wait()
      var count = 0
      while count < Self.much {
        let bytes = try connection.receiveMore()
        guard !bytes.isEmpty else { return }
        count += bytes.count
      }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.timeouts.requestBody = Milliseconds(2_000)
    }
    var content = [UInt8](repeating: 0x61, count: Self.much)
    if framing.hasSuffix("chunked") {
      content = Array("\(String(Self.much, radix: 16))\r\n".utf8) + content
      content += Array("\r\n0\r\n\r\n".utf8)
    }
    let client = try proxy.connect()
    try client.send("PUT /big HTTP/1.1\r\nHost: a.example\r\n\(framing)\r\n\r\n")
    // Longer than the client is given for its content: it cannot help it.
    let taken = client.sendUntilBlocked(content, pause: .milliseconds(3_500))
    #expect(taken < Self.room, "\(taken) bytes were taken")
    release.signal()
    try client.send(Array(content[taken...]))
    #expect(try client.receiveResponse(to: "PUT").status == 200)
  }

  @Test func `an upload waits for an origin that does not accept`() throws {
    // A listener whose queue is full answers nothing.
    let origin = try RawOrigin { _, _ in }
    let proxy = try RunningProxy(before: origin.endpoint) {
      // An address that swallows what is sent to it (RFC 5737).
      $0.services[0].origins = [
        OriginAddress(scheme: .http, endpoint: .host("192.0.2.1", port: 9))
      ]
      $0.services[0].timeouts.connect = Milliseconds(1_500)
      $0.services[0].retries = 0
    }
    let client = try proxy.connect()
    try client.send("PUT /big HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(Self.much)\r\n\r\n")
    let taken = client.sendUntilBlocked(
      [UInt8](repeating: 0x61, count: Self.much), pause: .milliseconds(300))
    #expect(taken < Self.room, "\(taken) bytes were taken")
    let status = try client.receiveResponse(to: "PUT").status
    #expect(status == 504 || status == 502)
  }

  @Test func `a download waits for a client that does not listen, however long it takes`() throws {
    let sent = Shared(0)
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.much)\r\n\r\n")
      let piece = [UInt8](repeating: 0x62, count: 65_536)
      for _ in 0..<(Self.much / piece.count) {
        try connection.send(piece)
        sent.change { $0 += piece.count }
      }
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.services[0].timeouts.idle = Milliseconds(100)
    }
    let client = try proxy.connect()
    try client.send("GET /big HTTP/1.1\r\nHost: a.example\r\n\r\n")
    // Until the origin has not got rid of anything for a while, longer than its own deadline.
    var last = -1
    _ = try eventually("the origin to be held back") {
      let now = sent.value
      defer { last = now }
      poll(nil, 0, 400)
      return now == last && now > 0 ? true : nil
    }
    #expect(sent.value < Self.room, "\(sent.value) bytes were taken")
    #expect(try client.receiveResponse().body.count == Self.much)
  }
}

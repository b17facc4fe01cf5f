import Foundation
import HTTPModel
import Primitives
import Testing

@testable import Telemetry

@Suite struct AccessLogTests {
  private let full = AccessRecord(
    time: WallTime(milliseconds: 951_827_696_007), exchange: 0xA1F,
    client: Array("192.0.2.7:4711".utf8), method: .get, host: Array("auth.example".utf8),
    path: Array("/keys".utf8)[...], query: Array("code=secret".utf8)[...], status: .ok,
    requestBytes: 1, responseBytes: 2, durationMicroseconds: 345, lane: "cache", outcome: "served",
    cache: "hit", reason: "fresh", route: "keys", origin: "10.0.0.7:9443", originMicroseconds: 12)

  private func line(_ record: AccessRecord, _ log: AccessLog = AccessLog()) -> String {
    var bytes: [UInt8] = []
    log.append(record, to: &bytes)
    return bytes.displayText
  }

  @Test func `a line tells everything but the query`() {
    #expect(
      line(full) == #"{"time":"2000-02-29T12:34:56.007Z","exchange":"0000000000000a1f","#
        + #""client":"192.0.2.7:4711","method":"GET","host":"auth.example","path":"/keys","#
        + #""status":200,"bytes_in":1,"bytes_out":2,"duration_us":345,"lane":"cache","#
        + #""outcome":"served","cache":"hit","reason":"fresh","route":"keys","#
        + #""origin":"10.0.0.7:9443","origin_us":12}"#)
    #expect(!line(full).contains("secret"))
  }

  @Test func `the query is written where the settings say so`() {
    #expect(line(full, AccessLog(includesQuery: true)).contains(#","query":"code=secret","#))
  }

  @Test(arguments: [
    ("/reset/8f14e45fceea167a5a36dedd4bea2543", "/reset/[redacted]"),
    ("/a;jsessionid=1A530637289A03B07199A44E8D531427/b", "/a;[redacted]/b"),
    ("/t/eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJlLXdpdGgtMQ", "/t/[redacted].e30.[redacted]"),
    ("/verify/00000000000000000000", "/verify/[redacted]"),
    ("/u/c0a8012e-4d1c-4b57-9f6a-0a1b2c3d4e5f/x", "/u/[redacted]/x"),
    ("/k/QWxsTGV0dGVyc09mQm90aENhc2VzQXJlTWl4ZWQ", "/k/[redacted]"),
    ("/.well-known/openid-configuration", "/.well-known/openid-configuration"),
    ("/realms/a/protocol/openid-connect/token", "/realms/a/protocol/openid-connect/token"),
    ("/static/app.3f9ac1d2b8e4.js", "/static/app.3f9ac1d2b8e4.js"),
    ("/reset/123456", "/reset/123456"), ("", ""),
  ])
  func `what looks like a secret in a path is left out`(path: String, written: String) {
    var record = full
    record.path = Array(path.utf8)[...]
    #expect(line(record).contains(#","path":"\#(written)","#))
    #expect(line(record, AccessLog(redactsPaths: false)).contains(#","path":"\#(path)","#))
  }

  @Test func `what is not known is left out`() {
    let record = AccessRecord(
      time: WallTime(milliseconds: 0), exchange: 1, client: [], method: .post, path: [],
      status: nil, durationMicroseconds: 0, lane: "decision", outcome: "aborted")
    #expect(
      line(record) == #"{"time":"1970-01-01T00:00:00.000Z","exchange":"0000000000000001","#
        + #""client":"","method":"POST","host":"","path":"","bytes_in":0,"bytes_out":0,"#
        + #""duration_us":0,"lane":"decision","outcome":"aborted"}"#)
  }

  @Test(arguments: [
    Method.get, .head, .post, .put, .delete, .patch, .options, .trace, .connect,
    .other(Array("PROP'FIND".utf8)),
  ])
  func `every method is written as it is`(method: Method) {
    var record = full
    record.method = method
    #expect(line(record).contains(#""method":"\#(method.bytes.displayText)""#))
  }

  @Test func `whatever a peer sends, the line is one line of valid JSON with the same text`() throws
  {
    var record = full
    for byte in UInt8.min...UInt8.max {
      record.path = [0x2F, byte, 0x22, 0x5C][...]
      record.host = [byte, 0x7D, 0x2C]
      let text = line(record)
      #expect(!text.contains("\n"))
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(object.count == 17)
      #expect(object["path"] as? String == String(decoding: record.path, as: UTF8.self))
      #expect(object["host"] as? String == String(decoding: record.host, as: UTF8.self))
    }
  }
}

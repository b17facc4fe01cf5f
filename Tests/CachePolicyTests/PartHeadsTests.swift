import CachePolicy
import HTTPModel
import Primitives
import Testing

@Suite struct PartHeadsTests {
  private let head = Array(
    ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"a\"\r\n"
      + "Content-Digest: x\r\nContent-Length: 26\r\n").utf8)

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func range(_ first: Int64, _ last: Int64) throws -> ByteRange {
    try #require(ByteRange(first: first, last: last))
  }

  @Test func `a 206 has the stored fields and its own range and length`() throws {
    var output: [UInt8] = []
    StoredHead.appendPart(
      of: head[...], range: try range(3, 7), completeLength: 26, to: &output)
    #expect(
      text(output)
        == "HTTP/1.1 206 Partial Content\r\nContent-Type: text/plain\r\nETag: \"a\"\r\n"
        + "Content-Range: bytes 3-7/26\r\nContent-Length: 5\r\n")
  }

  @Test func `a part of nobody knows how much says so`() throws {
    var output: [UInt8] = []
    StoredHead.appendPart(
      of: head[...], range: try range(0, 0), completeLength: nil, to: &output)
    #expect(text(output).contains("Content-Range: bytes 0-0/*\r\nContent-Length: 1\r\n"))
  }

  @Test func `a 416 says how much there is`() {
    var output: [UInt8] = []
    StoredHead.appendNotSatisfiable(
      completeLength: 26, now: WallTime(secondsSinceEpoch: 784_111_777), to: &output)
    #expect(
      text(output)
        == "HTTP/1.1 416 Range Not Satisfiable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        + "Content-Range: bytes */26\r\nContent-Length: 0\r\n")
  }

  @Test func `several parts stand between delimiters, and the length counts them`() throws {
    let content = [UInt8](ascii: "abcdefghijklmnopqrstuvwxyz")
    let parts = MultipartRanges(
      [try range(0, 2), try range(20, 25)], completeLength: 26, of: head[...],
      boundary: [UInt8](ascii: "limit"))
    var headBytes: [UInt8] = []
    parts.appendHead(of: head[...], to: &headBytes)
    var body: [UInt8] = []
    for (index, range) in parts.ranges.enumerated() {
      body += parts.delimiter(before: index)
      body += content[Int(range.first)...Int(range.last)]
    }
    body += parts.closing
    #expect(
      text(body)
        == "--limit\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-2/26\r\n\r\nabc"
        + "\r\n--limit\r\nContent-Type: text/plain\r\nContent-Range: bytes 20-25/26\r\n\r\nuvwxyz"
        + "\r\n--limit--\r\n")
    #expect(
      text(headBytes)
        == "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\n"
        + "Content-Type: multipart/byteranges; boundary=limit\r\nContent-Length: \(body.count)\r\n")
    #expect(parts.delimiter(before: 2).isEmpty)
  }

  @Test func `Content-Length of a stored head is not said twice`() throws {
    var output: [UInt8] = []
    StoredHead.appendPart(
      of: head[...], range: try range(0, 25), completeLength: 26, to: &output)
    #expect(StoredHead.fields(of: output[...]).count(of: .contentLength) == 1)
  }
}

import CachePolicy
import HTTPModel
import Primitives
import Testing

@Suite struct StoredHeadTests {
  private let now = WallTime(secondsSinceEpoch: 784_111_777)

  private func head(_ lines: [(String, String)], reason: String = "") -> StoredHead {
    var fields = FieldSection()
    for (name, value) in lines { fields.append(name: Array(name.utf8), value: Array(value.utf8)) }
    let response = ResponseHead(status: .ok, reason: Array(reason.utf8), fields: fields)
    return StoredHead(of: response, dropping: [], receivedAt: now)
  }

  @Test func `a head is written as it came, with its reason phrase`() {
    let head = head([("x-One", "1"), ("Date", "d"), ("X-Two", "a, b")], reason: "Fine")
    #expect(
      String(decoding: head.bytes, as: UTF8.self)
        == "HTTP/1.1 200 Fine\r\nx-One: 1\r\nDate: d\r\nX-Two: a, b\r\n")
  }

  @Test func `a head that is written reads back as the same fields`() {
    let lines = [("Date", "d"), ("X-Empty", ""), ("Link", "<a>; b=\":\""), ("Link", "<c>")]
    let fields = StoredHead.fields(of: head(lines).bytes[...])
    #expect(fields.count == 4)
    for (line, expected) in zip(fields.lines, lines) {
      #expect(fields.name(of: line).elementsEqual(expected.0.utf8))
      #expect(fields.value(of: line).elementsEqual(expected.1.utf8))
    }
  }

  @Test func `a 304 leaves out what describes the content`() {
    let stored = head([
      ("Date", "d"), ("ETag", "\"a\""), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
      ("Content-Type", "text/css"), ("Content-Language", "en"), ("Content-Location", "/a"),
      ("Content-Security-Policy", "default-src 'none'"), ("Cache-Control", "max-age=60"),
      ("Vary", "Accept"),
    ])
    var output: [UInt8] = []
    StoredHead.appendNotModified(of: stored.bytes[...], to: &output)
    #expect(
      String(decoding: output, as: UTF8.self) == """
        HTTP/1.1 304 Not Modified\r
        Date: d\r
        ETag: "a"\r
        Content-Location: /a\r
        Content-Security-Policy: default-src 'none'\r
        Cache-Control: max-age=60\r
        Vary: Accept\r\n
        """)
  }

  @Test func `a 304 without a tag keeps Last-Modified`() {
    let stored = head([("Date", "d"), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")])
    var output: [UInt8] = []
    StoredHead.appendNotModified(of: stored.bytes[...], to: &output)
    #expect(String(decoding: output, as: UTF8.self).contains("Last-Modified: Sun"))
  }

  @Test func `a Last-Modified that is no date is passed on and not used`() {
    let head = head([("Last-Modified", "long ago")])
    #expect(head.validators.lastModified.isEmpty)
    #expect(String(decoding: head.bytes, as: UTF8.self).contains("Last-Modified: long ago\r\n"))
  }
}

import HTTPModel
import Testing

@Suite struct DeceptionTests {
  @Test(arguments: [
    ("/a.css", "text/css", false), ("/a.css", "text/html", true),
    ("/a.CSS", "TEXT/CSS; charset=utf-8", false), ("/account/x.js", "text/html", true),
    ("/account;x.png", "application/json", true), ("/a.png", "image/webp", false),
    ("/a.js", "text/plain", false), ("/a.js", "application/vnd.x+json; v=1", true),
    ("/a.svg", "image/svg+xml", false), ("/a.js", "application/octet-stream", false),
    ("/a.html", "text/html", false),
    ("/a", "text/html", false), ("/a.", "text/html", false), ("/a.woff2", "font/woff2", false),
    ("/a.css", nil, false),
  ])
  func `a name for a file promises a type`(path: String, type: String?, contradicts: Bool) {
    #expect(
      contradictsSuffix(path: Array(path.utf8)[...], type: type.map { Array($0.utf8)[...] })
        == contradicts)
  }

  @Test(arguments: [
    ("/robots.txt", "text/html", true), ("/Robots.TXT", "application/json", true),
    ("/robots.txt", "text/plain", false), ("/favicon.ico", "text/html", true),
    ("/manifest.json", "application/manifest+json", false), ("/manifest.json", "text/html", true),
    ("/sitemap.xml", "application/xml", false), ("/sitemap.xml", "application/xhtml+xml", true),
    ("/.well-known/security.txt", "text/html", true), ("/static/account", "text/html", true),
    ("/Assets/me", "application/json", true), ("/static/en.json", "application/json", false),
    ("/static/help.html", "text/html", false), ("/static/", "text/html", false),
    ("/static/a.b/me", "text/html", true), ("/account", "text/html", false),
    ("/static/x.txt", "text/html", false), ("/a/robots.txt", "text/html", false),
  ])
  func `a name for static content promises no page of somebody's`(
    path: String, type: String, contradicts: Bool
  ) {
    for (field, value) in [(KnownField.cookie, "a=b"), (.authorization, "Bearer x")] {
      var fields = FieldSection()
      fields.append(field, Array(value.utf8))
      #expect(Self.contradicts(path, type, fields) == contradicts)
    }
    #expect(Self.contradicts(path, type, FieldSection(), setsCookie: true) == contradicts)
    // For everybody it may be what it likes.
    #expect(!Self.contradicts(path, type, FieldSection()))
  }

  private static func contradicts(
    _ path: String, _ type: String, _ fields: FieldSection, setsCookie: Bool = false
  ) -> Bool {
    var answer = FieldSection()
    answer.append(.contentType, Array(type.utf8))
    if setsCookie { answer.append(.setCookie, Array("s=1".utf8)) }
    return contradictsStaticName(
      of: RequestHead(method: .get, target: Array(path.utf8), fields: fields),
      response: ResponseHead(status: .ok, fields: answer))
  }

  @Test func `fields that look made to fail are odd`() {
    func fields(_ value: [UInt8]) -> FieldSection {
      var fields = FieldSection()
      fields.append(name: Array("X-A".utf8), value: value)
      return fields
    }
    #expect(!fields(Array("usual, value".utf8)).isOdd)
    #expect(!fields([UInt8](repeating: 0x61, count: 4000)).isOdd)
    #expect(fields([UInt8](repeating: 0x61, count: 4100)).isOdd)
    #expect(fields([0x61, 0x07]).isOdd)
    #expect(fields([0xC3, 0xA4]).isOdd)
    var many = FieldSection()
    for _ in 0..<9 {
      many.append(name: Array("X-A".utf8), value: [UInt8](repeating: 0x61, count: 1000))
    }
    #expect(many.isOdd)
  }
}

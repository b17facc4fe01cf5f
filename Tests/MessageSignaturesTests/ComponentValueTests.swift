import HTTPModel
import MessageSignatures
import Testing

/// The values of components, by the examples of RFC 9421 §2.
@Suite struct ComponentValueTests {
  private let dictionaries = StructuredFieldKinds(["example-dict": .dictionary].bytes)

  private func post(_ target: String, host: String = "www.example.com") -> SignedMessage {
    SignedMessage(request: request(.post, target, host: host), scheme: .https)
  }

  private func fields(_ lines: [(String, String)]) -> SignedMessage {
    SignedMessage(
      request: request(.get, "/", host: "www.example.com", lines), scheme: .https)
  }

  // MARK: §2.1

  @Test func `fields are trimmed, unfolded and joined`() throws {
    let message = fields([
      ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
      ("X-OWS-Header", "   Leading and trailing whitespace.   "),
      ("X-Obs-Fold-Header", "Obsolete\r\n    line folding."),
      ("Cache-Control", "max-age=60"), ("Cache-Control", "    must-revalidate"),
      ("Example-Dict", " a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
    ])
    let covered =
      #""host" "date" "x-ows-header" "x-obs-fold-header" "cache-control" "example-dict""#
    #expect(
      try message.lines(covered) == """
        "host": www.example.com
        "date": Tue, 20 Apr 2021 02:07:56 GMT
        "x-ows-header": Leading and trailing whitespace.
        "x-obs-fold-header": Obsolete line folding.
        "cache-control": max-age=60, must-revalidate
        "example-dict": a=1,    b=2;x=1;y=2,   c=(a   b   c)
        """)
  }

  @Test func `an empty field has a line`() throws {
    #expect(
      try fields([("X-Empty-Header", " ")]).lines(#""x-empty-header""#) == #""x-empty-header": "#)
  }

  @Test(arguments: ["a\rb", "a\nb", "a\r\nb", "a\u{0}b", "é"])
  func `what would break or leave the base is refused`(value: String) {
    #expect(fields([("X-A", value)]).fault(#""x-a""#) == .componentUnreadable)
  }

  @Test(arguments: ["a \r\n\t b", "a\r\n b", "a\n b", "a\t\r\n  b"])
  func `every fold becomes one space`(value: String) throws {
    #expect(try fields([("X-A", value)]).lines(#""x-a""#) == #""x-a": a b"#)
  }

  @Test func `a structured field is written anew`() throws {
    let message = fields([("Example-Dict", " a=1,    b=2;x=1;y=2,   c=(a   b   c)")])
    #expect(
      try message.lines(#""example-dict";sf"#, kinds: dictionaries)
        == #""example-dict";sf: a=1, b=2;x=1;y=2, c=(a b c)"#)
  }

  @Test func `a member of a dictionary is written anew, over all lines`() throws {
    let message = fields([
      ("Example-Dict", " a=1, b=2;x=1;y=2"), ("Example-Dict", "c=(a   b    c), d"),
    ])
    let covered = ["a", "d", "b", "c"].map { #""example-dict";key="\#($0)""# }
    #expect(
      try message.lines(covered.joined(separator: " "), kinds: dictionaries) == """
        "example-dict";key="a": 1
        "example-dict";key="d": ?1
        "example-dict";key="b": 2;x=1;y=2
        "example-dict";key="c": (a b c)
        """)
  }

  @Test func `lines as byte sequences stay apart`() throws {
    let two = fields([("Example-Header", "value, with, lots"), ("Example-Header", "of, commas")])
    let one = fields([("Example-Header", "value, with, lots, of, commas")])
    #expect(try two.lines(#""example-header""#) == one.lines(#""example-header""#))
    #expect(
      try two.lines(#""example-header";bs"#)
        == #""example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"#)
    #expect(
      try one.lines(#""example-header";bs"#)
        == #""example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:"#)
    #expect(try fields([("X", "é")]).lines(#""x";bs"#) == #""x";bs: :w6k=:"#)
  }

  @Test func `lists and items that are known are written anew as well`() throws {
    let message = fields([
      ("Cache-Status", "a;hit,  b"), ("Client-Cert", " :AAAA: "), ("Priority", "u=1,   i"),
    ])
    #expect(
      try message.lines(#""cache-status";sf "client-cert";sf "priority";sf"#) == """
        "cache-status";sf: a;hit, b
        "client-cert";sf: :AAAA:
        "priority";sf: u=1, i
        """)
  }

  @Test func `what is not known to be structured is not written anew`() {
    let message = fields([("X-A", "a=1"), ("Priority", "=")])
    #expect(message.fault(#""x-a";sf"#) == .componentUnknown)
    #expect(message.fault(#""x-a";key="a""#) == .componentUnknown)
    #expect(message.fault(#""priority";sf"#) == .fieldUnreadable)
    #expect(message.fault(#""priority";key="a""#) == .fieldUnreadable)
  }

  @Test func `a member that is not there is refused`() {
    #expect(fields([("Priority", "u=1")]).fault(#""priority";key="i""#) == .componentAbsent)
    #expect(fields([]).fault(#""priority""#) == .componentAbsent)
    #expect(fields([("Priority", "u=1, u=2")]).fault(#""priority";key="u""#) == .memberRepeated)
  }

  // MARK: §2.2

  @Test func `the parts of a request`() throws {
    let covered = #""@method" "@target-uri" "@authority" "@scheme" "@request-target" "@path""#
    #expect(
      try post("/path?param=value").lines(covered) == """
        "@method": POST
        "@target-uri": https://www.example.com/path?param=value
        "@authority": www.example.com
        "@scheme": https
        "@request-target": /path?param=value
        "@path": /path
        """)
  }

  @Test(arguments: [
    ("WWW.Example.COM", "www.example.com"), ("www.example.com:443", "www.example.com"),
    ("www.example.com:80", "www.example.com:80"), ("[2001:DB8::1]:443", "[2001:db8::1]"),
    ("[::443]", "[::443]"), ("example.com:1443", "example.com:1443"),
  ])
  func `an authority is written in lower case without the port of its scheme`(
    host: String, authority: String
  ) throws {
    #expect(try post("/", host: host).lines(#""@authority""#) == #""@authority": \#(authority)"#)
  }

  @Test func `the port of the other scheme is the one left out there`() throws {
    let plain = SignedMessage(request: request(.get, "/", host: "a:80"), scheme: .http)
    #expect(try plain.lines(#""@authority" "@scheme""#) == "\"@authority\": a\n\"@scheme\": http")
  }

  @Test(arguments: [
    ("/path?param=value&foo=bar&baz=bat%2Dman", "?param=value&foo=bar&baz=bat%2Dman"),
    ("/path?queryString", "?queryString"), ("/path", "?"), ("/path?", "?"),
  ])
  func `a query keeps its mark, and is one without`(target: String, query: String) throws {
    #expect(try post(target).lines(#""@query""#) == #""@query": \#(query)"#)
  }

  @Test func `parameters of the query are taken singly`() throws {
    let message = post("/path?param=value&foo=bar&baz=batman&qux=")
    #expect(
      try message.lines(
        #""@query-param";name="baz" "@query-param";name="qux" "@query-param";name="param""#) == """
          "@query-param";name="baz": batman
          "@query-param";name="qux": \("")
          "@query-param";name="param": value
          """)
  }

  @Test func `parameters of the query are decoded and encoded again`() throws {
    let message = post(
      "/parameters?var=this%20is%20a%20big%0Amultiline%20value"
        + "&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something")
    let names = ["var", "bar", "fa%C3%A7ade%22%3A%20"]
    let covered = names.map { #""@query-param";name="\#($0)""# }
    #expect(
      try message.lines(covered.joined(separator: " ")) == """
        "@query-param";name="var": this%20is%20a%20big%0Amultiline%20value
        "@query-param";name="bar": with%20plus%20whitespace
        "@query-param";name="fa%C3%A7ade%22%3A%20": something
        """)
  }

  @Test func `a parameter that is not there, or there twice, is refused`() {
    #expect(post("/?a=1&a=2").fault(#""@query-param";name="a""#) == .componentAbsent)
    #expect(post("/?a=1&%61=2").fault(#""@query-param";name="a""#) == .componentAbsent)
    #expect(post("/?b=1").fault(#""@query-param";name="a""#) == .componentAbsent)
    #expect(post("/").fault(#""@query-param";name="a""#) == .componentAbsent)
  }

  @Test func `other forms of targets`() throws {
    var absolute = request(.get, "/", host: "www.example.com")
    absolute.targetForm = .absolute
    absolute.target = bytes("https://www.example.com/path?param=value")
    #expect(
      try SignedMessage(request: absolute, scheme: .https).lines(#""@request-target""#)
        == #""@request-target": https://www.example.com/path?param=value"#)
    let nowhere = bytes("")[...]
    let connect = RequestHead(
      method: .connect, targetForm: .authority, target: bytes("www.example.com:80"), path: nowhere,
      query: nil, authority: bytes("www.example.com:80"), fields: section([]))
    let tunnel = SignedMessage(request: connect, scheme: .https)
    #expect(
      try tunnel.lines(#""@request-target""#) == #""@request-target": www.example.com:80"#)
    #expect(tunnel.fault(#""@path""#) == .componentAbsent)
    #expect(tunnel.fault(#""@target-uri""#) == .componentAbsent)
    let options = RequestHead(
      method: .options, targetForm: .asterisk, target: bytes("*"), path: nowhere, query: nil,
      authority: bytes("www.example.com"), fields: section([]))
    #expect(
      try SignedMessage(request: options, scheme: .https)
        .lines(#""@request-target" "@target-uri" "@path""#) == """
          "@request-target": *
          "@target-uri": https://www.example.com
          "@path": /
          """)
  }

  @Test func `a status belongs to responses, all else to requests`() throws {
    let get = request(.get, "/", host: "a")
    let answer = SignedMessage(request: get, scheme: .https, response: response(203, [("X", "y")]))
    #expect(
      try answer.lines(#""@status" "x" "@method";req "host";req"#) == """
        "@status": 203
        "x": y
        "@method";req: GET
        "host";req: a
        """)
    #expect(answer.fault(#""@method""#) == .componentMisplaced)
    #expect(answer.fault(#""@query-param";name="a""#) == .componentMisplaced)
    #expect(answer.fault(#""@status";req"#) == .componentMisplaced)
    #expect(answer.fault(#""host""#) == .componentAbsent)
    #expect(answer.fault(#""x";req"#) == .componentAbsent)
    let asked = SignedMessage(request: get, scheme: .https)
    #expect(asked.fault(#""@status""#) == .componentMisplaced)
    #expect(asked.fault(#""@method";req"#) == .componentMisplaced)
  }

  @Test func `without a host there is no authority`() {
    let message = SignedMessage(
      request: RequestHead(method: .get, target: bytes("/")), scheme: .http)
    #expect(message.fault(#""@authority""#) == .componentAbsent)
    #expect(message.fault(#""@target-uri""#) == .componentAbsent)
  }
}

extension [String: StructuredFieldKinds.Kind] {
  fileprivate var bytes: [[UInt8]: StructuredFieldKinds.Kind] {
    reduce(into: [:]) { $0[Array($1.key.utf8)] = $1.value }
  }
}

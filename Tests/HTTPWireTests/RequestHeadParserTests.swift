import HTTPModel
import HTTPWire
import Testing

@Suite struct RequestHeadParserTests {
  private func parse(_ text: String) throws(ProtocolViolation) -> RequestHead {
    let bytes = Array(text.utf8)
    return try RequestHeadParser.parse(bytes.span)
  }

  @Test func `a head keeps its lines in order and knows the names`() throws {
    let head = try parse(
      "POST /login?next=%2F HTTP/1.1\r\nhost: Auth.Example:8443\r\nX-Odd:\t a\tb \r\nACCEPT:\r\n\r\n"
    )
    #expect(head.method == .post)
    #expect(head.version == .http11)
    #expect(head.targetForm == .origin)
    #expect(head.path.elementsEqual("/login".utf8))
    #expect(head.query?.elementsEqual("next=%2F".utf8) == true)
    #expect(head.authority.elementsEqual("Auth.Example:8443".utf8))
    #expect(head.fields.count == 3)
    #expect(head.fields.first(.accept)?.isEmpty == true)
    #expect(head.fields.values(named: "x-odd".utf8).map { Array($0) } == [Array("a\tb".utf8)])
  }
}

import Admin
import HTTPModel
import Primitives
import Proxy
import Testing

/// `POST /purge`, as the responder reads it.
@Suite struct PurgeTextTests {
  private let source = StagedSource()

  private func ask(_ content: String, isJSON: Bool = false) -> LocalAnswer {
    var fields = FieldSection()
    fields.append(
      .contentType,
      isJSON ? "application/json; charset=utf-8" : "application/x-www-form-urlencoded")
    return AdminResponder(source, token: nil, reload: { nil })
      .answer(.post, "/purge", fields: fields, content: content)
  }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func `a form names what is purged, and the answer counts`() {
    let answer = ask("url=https%3A%2F%2Fa.example%2Fx%3Fq%3D1+2&soft=true&service=auth")
    #expect(answer.head.status == .ok)
    #expect(answer.text == "{\"removed\":3,\"staled\":1}\n")
    #expect(answer.value(.contentType) == "application/json")
    #expect(
      source.purges == [
        PurgeRequest(.url(bytes("https://a.example/x?q=1 2")), isSoft: true, service: "auth")
      ])
  }

  @Test func `every kind of subject is known, in a form and in JSON`() {
    let all: [(String, PurgeRequest.Subject)] = [
      ("url", .url(bytes("x"))), ("prefix", .prefix(bytes("x"))), ("host", .host(bytes("x"))),
      ("tag", .tag(bytes("x"))), ("group", .group(bytes("x"))),
    ]
    for (name, subject) in all {
      #expect(ask("\(name)=x").head.status == .ok)
      #expect(source.purges.last == PurgeRequest(subject))
      #expect(ask("{\"\(name)\":\"x\",\"soft\":false}", isJSON: true).head.status == .ok)
      #expect(source.purges.last == PurgeRequest(subject))
    }
  }

  @Test func `strings of JSON are read with their escapes`() {
    #expect(
      ask(#" { "soft" : true, "tag" : "a\"}, b" , "service": "s" } "#, isJSON: true).head.status
        == .ok)
    #expect(
      source.purges == [PurgeRequest(.tag(bytes("a\"}, b")), isSoft: true, service: "s")])
  }

  @Test(arguments: [
    "", "soft=true", "url=a&url=b", "url=a&tag=b", "url=", "tag=%4", "tag=%zz", "tagg=a",
    "tag=a&sofft=true", "tag=a&soft=yes",
  ])
  func `a form that says too much or too little purges nothing`(content: String) {
    let answer = ask(content)
    #expect(answer.head.status == .badRequest)
    #expect(answer.text.hasSuffix(".\n"))
    #expect(source.purges.isEmpty)
  }

  @Test(arguments: [
    "", "tag=a", "[]", "{}", "\"tag\"", "{\"tag\":1}", "{\"tag\":[\"a\"]}", "{\"tag\":null}",
    "{\"tag\":\"a\",\"tag\":\"b\"}", "{\"tag\":\"a\",\"url\":\"b\"}", "{\"tag\":\"a\"",
    "{\"tag\":\"a\",\"sofft\":true}", "{\"tag\":\"a\",\"soft\":\"yes\"}",
    "{\"tag\":\"a\",\"x\":{\"y\":1}}",
  ])
  func `JSON that says too much or too little purges nothing`(content: String) {
    #expect(ask(content, isJSON: true).head.status == .badRequest, "\(content)")
    #expect(source.purges.isEmpty)
  }

  @Test func `what the proxy refuses is told`() {
    let answer = ask("tag=a&service=nobody")
    #expect(answer.head.status == .badRequest)
    #expect(answer.text == "There is no such service.\n")
  }
}

import Configuration
import HTTPModel
import JourneySupport
import Testing
import Verdict

/// Content that turns out to be malformed when its head has been taken already: the client must see
/// why.
@Suite struct RefusedContentTests {
  private static let spoilt = [
    "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n", "x\r\n", "5\r\nhello\r\nzz\r\n",
    "5\r\nhelloX\r\n",
    "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nAuthorization: x\r\n\r\n",
  ]
  private static let targets = ["POST /all", "POST /login", "GET /all", "POST /nowhere"]

  @Test(arguments: spoilt, targets)
  func `spoilt content in the same read as its head is answered with 400`(
    content: String, request: String
  ) throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      let rule = DecisionRule(
        binding: .echo(EchoRule()),
        subject: SubjectRule(
          request: .form(Array("user".utf8)), verdict: .field(.init(.server))))
      try settings.decide("/login", rule)
      settings.routes[1].match.paths = [try PathPattern(Array("/all".utf8))]
    }
    // What the proxy does not read must not make the kernel answer with a reset.
    let more = String(repeating: "x", count: 300_000)
    for rest in ["", more] {
      let client = try proxy.connect(within: .seconds(20))
      try client.send(
        "\(request) HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
          + content + rest)
      let answer = try client.receiveResponse()
      #expect(answer.status == (request == "POST /nowhere" ? 404 : 400))
      #expect(answer["Connection"] == "close")
      // An end, not a reset.
      try client.waitForClose()
      client.finishSending()
    }
  }
}

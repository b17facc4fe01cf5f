import Foundation
import JourneySupport
import Testing

/// The journeys' own tools, since what they report is believed.
@Suite struct SupportTests {
  @Test func `curl sees what a scripted origin sends`() throws {
    let origin = try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nX-Target: \(request.target)\r\nContent-Length: 3\r\n\r\nyes"
    }
    let answer = try curl("http://\(origin.endpoint)/a?b=c", "--data", "d=e")
    #expect(answer.status == 200)
    #expect(answer.body == "yes")
    #expect(answer["x-target"] == "/a?b=c")
    #expect(origin.requests.map(\.bodyText) == ["d=e"])
  }

  @Test func `a raw connection reads chunks, empty answers and the rest of the connection`() throws
  {
    let answers = [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\nA: b\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nrest",
    ]
    let origin = try ScriptedOrigin { request, connection in
      let number = Int(request.target.dropFirst()) ?? 0
      try connection.send(answers[number])
      if number == 3 { connection.close() }
    }
    let connection = try RawConnection(to: origin.endpoint)
    #expect(try connection.exchange("GET /0 HTTP/1.1\r\n\r\n").bodyText == "yes")
    #expect(try connection.exchange("GET /1 HTTP/1.1\r\n\r\n").status == 204)
    #expect(try connection.exchange("HEAD /2 HTTP/1.1\r\n\r\n")["Content-Length"] == "5")
    #expect(try connection.exchange("GET /3 HTTP/1.1\r\n\r\n").bodyText == "rest")
    #expect(origin.connectionCount == 1)
  }

  @Test func `a child process says what it said and how it ended`() throws {
    let child = try ChildProcess(
      "/bin/sh", ["-c", "read -r line; echo \"heard $line\"; echo no >&2; exit 3"],
      input: Array("hello\n".utf8))
    #expect(try child.output.line(containing: "heard") == "heard hello")
    #expect(try child.waitForEnd() == .exited(3))
    #expect(child.errors.text == "no\n")
  }

  @Test func `a child's own children end with it`() throws {
    let child = try ChildProcess("/bin/sh", ["-c", "cat /dev/zero >/dev/null & echo $!; exit 0"])
    try child.waitForEnd()
    let grandchild = try #require(Int32(child.output.text.dropLast()))
    try eventually("the grandchild to be gone") { kill(grandchild, 0) != 0 ? () : nil }
  }

  @Test func `what the runner started is killed when the runner is gone`() throws {
    let watchdog = Watchdog()
    let forgotten = try ChildProcess("/bin/sh", ["-c", "cat /dev/zero >/dev/null & wait"])
    let done = try ChildProcess("/bin/sh", ["-c", "read -r line"], input: Array("\n".utf8))
    for child in [forgotten, done] { watchdog.add(child.pid) }
    try done.waitForEnd()
    watchdog.drop(done.pid)
    watchdog.end()
    #expect(try forgotten.waitForEnd() == .signalled(SIGKILL))
  }

  @Test func `an unstartable program is a failure with its name`() throws {
    #expect(throws: JourneyFailure.self) { try ChildProcess("/nonexistent/program", []) }
  }
}

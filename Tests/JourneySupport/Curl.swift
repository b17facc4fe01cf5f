import Foundation

/// The answer to one request that curl made.
package struct CurlAnswer: Sendable {
  package let message: RawMessage

  package var status: Int { message.status }
  package var body: String { message.bodyText }
  package subscript(field: String) -> String? { message[field] }

  /// A member of the JSON object in the body, as text; `true` and `false` are "1" and "0".
  package func member(_ name: String) -> String? {
    let object = try? JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any]
    return object?[name].map { ($0 as? NSNumber)?.stringValue ?? "\($0)" }
  }
}

/// Makes a request with curl, as a consumer would, and gives the final answer.
///
/// - Parameter arguments: curl's own, the URL among them.
/// - Throws: When curl fails, with what it said.
package func curl(_ arguments: String...) throws -> CurlAnswer { try curl(arguments) }

/// The same for arguments in an array.
package func curl(_ arguments: [String]) throws -> CurlAnswer {
  let common = [
    "-q", "--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", "60",
  ]
  let process = try ChildProcess("/usr/bin/curl", common + arguments)
  let ending = try process.waitForEnd(within: .seconds(70))
  guard ending == .exited(0) else {
    throw JourneyFailure("curl \(arguments.joined(separator: " ")): \(process.errors.text)")
  }
  // curl has taken any chunked coding off already, so the body is what follows the head.
  var rest = process.output.contents
  while let end = rest.firstRange(of: [13, 10, 13, 10])?.upperBound {
    let head = Array(rest[..<end])
    let message = RawMessage(head: head, body: Array(rest[end...]), bytes: rest)
    if message.status >= 200 { return CurlAnswer(message: message) }
    rest.removeFirst(end)
  }
  throw JourneyFailure("curl printed no response: \(process.output.text)")
}

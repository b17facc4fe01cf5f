import Dispatch
import JourneySupport

/// An origin that tells when it is asked, and answers only when the test lets it: then this request
/// and every later one.
final class HeldOrigin: Sendable {
  private let origin: ScriptedOrigin
  private let asked: DispatchSemaphore
  private let mayAnswer: DispatchSemaphore

  /// Holds the requests that have the field, with that value where one is given; all of them where
  /// no field is. Then runs the script.
  init(
    holding field: String? = nil, of value: String? = nil, script: @escaping ScriptedOrigin.Script
  ) throws {
    let asked = DispatchSemaphore(value: 0)
    let mayAnswer = DispatchSemaphore(value: 0)
    self.asked = asked
    self.mayAnswer = mayAnswer
    origin = try ScriptedOrigin { request, connection in
      let found = field.map { request[$0] } ?? ""
      if found != nil, value == nil || found == value {
        asked.signal()
        mayAnswer.wait()
        mayAnswer.signal()
      }
      try script(request, connection)
    }
  }

  /// Answers each request with those bytes, once it may.
  convenience init(
    holding field: String? = nil, of value: String? = nil,
    answering answer: @escaping @Sendable (RawMessage) -> String
  ) throws {
    try self.init(holding: field, of: value) { request, connection in
      try connection.send(answer(request))
    }
  }

  // Whoever waits there still, goes on.
  deinit { mayAnswer.signal() }

  var endpoint: Endpoint { origin.endpoint }
  var requests: [RawMessage] { origin.requests }

  func waitUntilAsked() { asked.wait() }
  func answer() { mayAnswer.signal() }
}

import Foundation
import JourneySupport
import Synchronization

/// The people of the journeys, as `sample-auth --crowd` makes them.
enum MatrixPeople {
  static let count = 8

  static func name(_ number: Int) -> String { "person\(number)" }
  static func password(_ number: Int) -> String { "Secret-\(number)" }
}

/// What a consumer understands of an answer.
enum MatrixReading: Equatable, Sendable {
  case yes(String)
  /// A no, an error, or nothing at all: nobody is let in.
  case no
}

/// One answer, and what it should have been.
struct MatrixAnswer: Sendable {
  let expected: MatrixReading
  let reading: MatrixReading
  /// The address that was asked from, which findings name: no other request has it.
  let source: String
  /// The check that Countersign tells the consumer has failed, as `BND-01`.
  let mark: String?
}

/// A response, or that there was none, and where it was asked from.
struct MatrixResponse: Sendable {
  let source: String
  let message: RawMessage?
}

/// One request of a consumer.
struct MatrixRequest: Sendable {
  var method = "GET"
  var target: String
  var fields: [String] = []
  var body = ""

  static func login(_ name: String, _ password: String, _ query: String) -> MatrixRequest {
    MatrixRequest(
      method: "POST", target: "/login?\(query)", fields: ["Content-Type: application/json"],
      body: #"{"username":"\#(name)","password":"\#(password)"}"#)
  }

  /// What a gateway asks about the bearer of a token.
  static func verify(bearer token: String, _ query: String) -> MatrixRequest {
    MatrixRequest(target: "/verify?\(query)", fields: ["Authorization: Bearer \(token)"])
  }

  static func session(_ token: String, _ query: String) -> MatrixRequest {
    MatrixRequest(target: "/session?\(query)", fields: ["Cookie: session=\(token)"])
  }

  func with(_ field: String) -> MatrixRequest {
    var changed = self
    changed.fields.append(field)
    return changed
  }

  var text: String {
    let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
    return "\(method) \(target) HTTP/1.1\r\nHost: auth.example\r\n"
      + fields.map { "\($0)\r\n" }.joined() + length + "\r\n\(body)"
  }
}

/// Asks on connections of its own, one a request, each from an address of its own.
final class MatrixConsumer: Sendable {
  private let entrance: Endpoint
  private let count = Atomic<Int>(0)

  init(entrance: Endpoint) { self.entrance = entrance }

  /// Asks one after the other.
  func ask(_ request: MatrixRequest) -> MatrixResponse { ask(all: [request])[0] }

  /// Asks at once: every request is sent before the first answer is read.
  func ask(all requests: [MatrixRequest]) -> [MatrixResponse] {
    let sources = requests.map { _ in nextSource() }
    let connections = sources.map { try? RawConnection(to: entrance, from: $0) }
    for (connection, request) in zip(connections, requests) { try? connection?.send(request.text) }
    return requests.indices.map { index in
      MatrixResponse(
        source: sources[index],
        message: try? connections[index]?.receiveResponse(to: requests[index].method))
    }
  }

  private func nextSource() -> String {
    let number = count.add(1, ordering: .relaxed).newValue
    return "127.200.\(number / 250).\(1 + number % 250)"
  }
}

extension MatrixReading {
  private static let decisions = ["authorized", "allowed", "authenticated"]

  /// A consumer believes a 200 whose body says yes.
  init(_ message: RawMessage?) {
    self = .no
    guard let message, message.status == 200,
      let object = try? JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any],
      Self.decisions.contains(where: { object[$0] as? Bool == true }),
      let user = (object["user"] as? [String: Any])?["name"] as? String
    else { return }
    self = .yes(user)
  }
}

extension MatrixAnswer {
  init(_ response: MatrixResponse, expected: MatrixReading) {
    self.init(
      expected: expected, reading: MatrixReading(response.message), source: response.source,
      mark: response.mark)
  }
}

extension MatrixResponse {
  /// The check that fails when there was no verdict at all, as when the service is down: no sign of
  /// a fault.
  static let noVerdict = "BND-06"

  /// What `Proxy-Status` names. A 5xx of a hop bears no token, which is no sign of a fault either.
  var mark: String? {
    guard let message, message.status < 500, let status = message["Proxy-Status"],
      let match = status.firstMatch(of: /(BND|REP|UPS)-\d\d/), match.output.0 != Self.noVerdict
    else { return nil }
    return String(match.output.0)
  }
}

import Foundation
import JourneySupport

/// What people and gateways do in each cell, in this order: the last one stops the service.
enum MatrixJourney: String, CaseIterable, Sendable {
  case rightWrongRight = "right, wrong, right"
  case crowd = "8 at once"
  case revoked = "revoked, reused"
  case otherRoute = "other route"
  case down = "service down"
}

/// Takes the journeys through one path. Each has queries of its own, so that what one leaves in a
/// cache is not met by the next.
struct MatrixTraveller {
  let path: MatrixPath
  private let consumer: MatrixConsumer
  /// The way around everything, for what another application does meanwhile.
  private let direct: MatrixConsumer
  private var answers: [MatrixAnswer] = []

  init(_ path: MatrixPath) {
    self.path = path
    consumer = MatrixConsumer(entrance: path.entrance)
    direct = MatrixConsumer(entrance: path.service.endpoint)
  }

  /// The answers of one journey.
  mutating func travel(_ journey: MatrixJourney) throws -> [MatrixAnswer] {
    answers = []
    switch journey {
    case .rightWrongRight: try rightWrongRight()
    case .crowd: try crowd()
    case .revoked: try revoked()
    case .otherRoute: try otherRoute()
    case .down: try down()
    }
    return answers
  }

  private mutating func expect(_ reading: MatrixReading, _ request: MatrixRequest) {
    answers.append(MatrixAnswer(consumer.ask(request), expected: reading))
  }

  /// A token for somebody, from the service itself.
  private func token(_ number: Int) throws -> String {
    let answer = direct.ask(
      .login(MatrixPeople.name(number), MatrixPeople.password(number), "direct"))
    let object = try answer.message.map { try JSONSerialization.jsonObject(with: Data($0.body)) }
    guard let token = (object as? [String: Any])?["access_token"] as? String else {
      throw JourneyFailure("the sample service logged nobody in: \(answer.message?.text ?? "")")
    }
    return token
  }

  private static func swappingCase(_ text: String) -> String {
    String(text.map { $0.isLowercase ? $0.uppercased() : $0.lowercased() }.joined())
  }

  private mutating func rightWrongRight() throws {
    let (name, password) = (MatrixPeople.name(1), MatrixPeople.password(1))
    let good = try token(1)
    for (secret, reading) in [
      (password, MatrixReading.yes(name)), ("another", .no), (Self.swappingCase(password), .no),
      (password, .yes(name)),
    ] {
      expect(reading, .login(name, secret, "1"))
    }
    for (secret, reading) in [
      (good, MatrixReading.yes(name)), ("another", .no), (Self.swappingCase(good), .no),
      (good, .yes(name)),
    ] {
      expect(reading, .verify(bearer: secret, "1"))
    }
  }

  private mutating func crowd() throws {
    let numbers = Array(1...MatrixPeople.count)
    let tokens = try numbers.map { try token($0) }
    let rounds: [[MatrixRequest]] = [
      numbers.map { .login(MatrixPeople.name($0), MatrixPeople.password($0), "2") },
      tokens.map { .verify(bearer: $0, "2") },
      tokens.map { .session($0, "2") },
    ]
    // Twice: what the first crowd leaves in a cache is there for the second.
    for requests in rounds + rounds {
      for (number, response) in zip(numbers, consumer.ask(all: requests)) {
        note(response, for: .yes(MatrixPeople.name(number)))
      }
    }
  }

  /// Whoever is given a session is in it from now on: it must be their own.
  private mutating func note(_ response: MatrixResponse, for own: MatrixReading) {
    answers.append(MatrixAnswer(response, expected: own))
    guard let cookie = response.message?["Set-Cookie"] else { return }
    let session = String(cookie.prefix { $0 != ";" })
    let whose = direct.ask(MatrixRequest(target: "/verify", fields: ["Cookie: \(session)"]))
    answers.append(
      MatrixAnswer(
        expected: own, reading: MatrixReading(whose.message), source: response.source,
        mark: response.mark))
  }

  private mutating func revoked() throws {
    let (second, third) = (MatrixPeople.name(2), MatrixPeople.name(3))
    let ended = try token(2)
    expect(.yes(second), .verify(bearer: ended, "3"))
    expect(.yes(second), .session(ended, "3"))
    _ = direct.ask(
      MatrixRequest(method: "POST", target: "/logout", fields: ["Authorization: Bearer \(ended)"]))
    expect(.no, .verify(bearer: ended, "3"))
    expect(.no, .session(ended, "3"))

    let old = MatrixPeople.password(3)
    expect(.yes(third), .login(third, old, "3"))
    let secret = Data("customer-service:service-desk".utf8).base64EncodedString()
    _ = direct.ask(
      MatrixRequest(
        method: "POST", target: "/password-reset",
        fields: ["Authorization: Basic \(secret)", "Content-Type: application/json"],
        body: #"{"username":"\#(third)","new_password":"Another-3"}"#))
    expect(.no, .login(third, old, "3"))
    expect(.yes(third), .login(third, "Another-3", "3"))
  }

  private mutating func otherRoute() throws {
    let (fourth, fifth) = (MatrixPeople.name(4), MatrixPeople.name(5))
    let (own, other) = (try token(4), try token(5))
    for (uri, reading) in [
      ("/account", MatrixReading.yes(fourth)), ("/admin", .no), ("/account", .yes(fourth)),
    ] {
      expect(reading, .verify(bearer: own, "4").with("X-Original-URI: \(uri)"))
    }
    // With two credentials, Authorization is the one that counts.
    let browser = "Cookie: session=\(own)"
    expect(.yes(fourth), MatrixRequest(target: "/verify?4b", fields: [browser]))
    expect(.yes(fifth), .verify(bearer: other, "4b").with(browser))
    expect(.no, .verify(bearer: "another", "4b").with(browser))
  }

  private mutating func down() throws {
    let name = MatrixPeople.name(6)
    let requests: [MatrixRequest] = [
      .login(name, MatrixPeople.password(6), "5"), .verify(bearer: try token(6), "5"),
    ]
    for request in requests { expect(.yes(name), request) }
    path.service.process.kill()
    try path.service.process.waitForEnd()
    for request in requests { expect(.no, request) }
  }
}

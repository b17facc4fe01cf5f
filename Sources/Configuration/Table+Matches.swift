internal import HTTPModel
internal import Primitives
internal import Verdict

// The keys of `routes`: which requests a route takes, and what becomes of fields.

extension Section<RouteMatch> {
  static var match: Section<RouteMatch> {
    Section(
      name: "routes.match", about: "Which requests the route takes. Conditions must all hold.",
      keys: [
        Key(
          list: "method", \.methods, .oneOrMore(.method),
          "GET stands for HEAD too. Without this key: any method."),
        Key(
          list: "host", \.hosts, .oneOrMore(.hostPattern),
          "The host asked for, without a port; *.NAME is every name below."),
        Key(
          list: "path", \.paths, .oneOrMore(.pathPattern),
          "* is one segment or a part of one; ** any number of segments."),
        Key(
          list: "header", \.fields, .fieldConditions,
          "Header fields: a value (* is anything), true for present, false for absent."),
        Key(
          optional: "client_certificate", \.clientCertificate, .clientCertificate,
          "The client's verified certificate: true for any, or what it says."),
      ],
      blank: { RouteMatch() })
  }
}

extension Form<[FieldCondition]> {
  fileprivate static var fieldConditions: Form<[FieldCondition]> {
    .mapped(.map("the name of a header field", Form<FieldName>.fieldName, .fieldTest)) { named in
      named.map { FieldCondition(name: $0.name, test: $0.value) }
    } from: { conditions in
      conditions.map { Named(name: $0.name, value: $0.test) }
    }
  }
}

extension Form<ClientCertificateCondition> {
  fileprivate static var clientCertificate: Form<ClientCertificateCondition> {
    let section = Section<ClientCertificateCondition>.clientCertificate.form
    let shape = Shape.either([.choice(["true"]), section.shape])
    return Form(shape: shape) { tree, reading in
      if tree.content == .text("true", isPlain: true) { return ClientCertificateCondition() }
      guard case .map = tree.content else {
        tree.mismatch(shape, &reading)
        return nil
      }
      return section.read(tree, &reading)
    } write: { condition in
      condition == ClientCertificateCondition() ? .plain("true") : section.write(condition)
    }
  }
}

extension Section<ClientCertificateCondition> {
  fileprivate static var clientCertificate: Section<ClientCertificateCondition> {
    Section(
      name: "routes.match.client_certificate", about: "What the client's certificate says.",
      keys: [
        Key(
          optional: "subject", \.subject, .wildcard("a subject", example: "CN=shop,O=Example"),
          "Its subject as one line (RFC 4514); * is anything."),
        Key(
          optional: "dns", \.dnsName, .wildcard("a name", example: "*.internal"),
          "One of its DNS names; * is anything."),
        Key(
          optional: "uri", \.uri, .wildcard("a URI", example: "spiffe://example/*"),
          "One of its URIs; * is anything."),
        Key(
          optional: "sha256", \.fingerprint, .fingerprint,
          "The SHA-256 of the certificate, in hexadecimal digits."),
      ],
      blank: { ClientCertificateCondition() })
  }
}

// MARK: Field rules

/// Field rules as they are written.
private struct FieldRulesDraft {
  var removals: [FieldName] = []
  var settings: [Named<FieldName, [UInt8]>] = []
  var additions: [Named<FieldName, [[UInt8]]>] = []

  init() {}

  init(_ rules: [FieldRule]) {
    for rule in rules {
      switch rule {
      case .remove(let name): removals.append(name)
      case .set(let name, let value): settings.append(Named(name: name, value: value))
      case .add(let name, let value):
        if let index = additions.firstIndex(where: { $0.name == name }) {
          additions[index].value.append(value)
        } else {
          additions.append(Named(name: name, value: [value]))
        }
      }
    }
  }

  var rules: [FieldRule] {
    removals.map { .remove(name: $0) } + settings.map { .set(name: $0.name, value: $0.value) }
      + additions.flatMap { named in named.value.map { .add(name: named.name, value: $0) } }
  }
}

extension Form<[FieldRule]> {
  static func fieldRules(_ direction: FieldDirection) -> Form<[FieldRule]> {
    .mapped(
      Section<FieldRulesDraft>.fieldRules(direction).form, to: \.rules,
      from: { FieldRulesDraft($0) })
  }
}

/// Which way a message goes.
enum FieldDirection: String {
  case request, response

  /// What no rule may touch: framing and connections are the proxy's own, and so are tokens.
  func isReserved(_ name: FieldName) -> Bool {
    switch name.known {
    case .connection, .contentLength, .transferEncoding, .te, .trailer, .upgrade, .keepAlive,
      .proxyConnection, .expect, .transactionToken, .verdictToken, .via:
      true
    case .host, .maxForwards: self == .request
    case .age, .date, .cacheStatus, .proxyStatus, .contentRange: self == .response
    default: false
    }
  }
}

extension Section<FieldRulesDraft> {
  fileprivate static func fieldRules(_ direction: FieldDirection) -> Section<FieldRulesDraft> {
    Section(
      name: "routes.\(direction.rawValue)_fields",
      about:
        "Changes to the header fields of \(direction.rawValue)s: removed, then set, then added.",
      keys: [
        Key(
          list: "remove", \.removals, .oneOrMore(.fieldName), "Every field of these names goes."),
        Key(
          list: "set", \.settings, .map("the name of a header field", .fieldName, .fieldValue),
          "What was there of that name goes, and this comes."),
        Key(
          list: "add", \.additions,
          .map("the name of a header field", .fieldName, .oneOrMore(.fieldValue)),
          "These come, whatever is there."),
      ],
      blank: { FieldRulesDraft() },
      check: { draft, places, reading in
        let named = draft.removals + draft.settings.map(\.name) + draft.additions.map(\.name)
        for name in named where direction.isReserved(name) {
          let place =
            (draft.settings.first { $0.name == name }?.place)
            ?? draft.additions.first { $0.name == name }?.place ?? places.value("remove")
          reading.error(
            "reserved-field", "'\(name.bytes.displayText)' is not for rules to change", at: place,
            help: "the proxy itself sends what belongs there")
        }
      })
  }
}

extension Section<ForwardingSettings> {
  static var forwarding: Section<ForwardingSettings> {
    Section(
      name: "routes.forwarding", about: "What the service is told about the client.",
      keys: [
        Key(
          "forwarded", \.forwarded, .words,
          "Forwarded (RFC 7239). set: what this proxy saw; append: after what trusted peers said."),
        Key(
          "x_forwarded", \.xForwarded, .words, "X-Forwarded-For, -Host, -Proto and -Port, likewise."
        ),
        Key(
          "host", \.preservesHost, .choice([("preserve", true), ("origin", false)]),
          "preserve: the service sees the client's Host. origin: its own."),
      ],
      blank: { ForwardingSettings() })
  }
}

extension Section<RouteTimeouts> {
  static var routeTimeouts: Section<RouteTimeouts> {
    let longest = Milliseconds(3_600_000)
    return Section(
      name: "routes.timeouts", about: "Waits that differ from the service's.",
      keys: [
        Key(
          optional: "first_byte", \.firstByte, .duration(Milliseconds(1), longest),
          "For the head of a response, from the end of the request."),
        Key(
          optional: "idle", \.idle, .duration(Milliseconds(1), longest),
          "For further bytes in either direction."),
      ],
      blank: { RouteTimeouts() })
  }
}

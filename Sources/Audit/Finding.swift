package import HTTPModel
package import Primitives
package import Verdict

/// A stable code in kebab case. Equal by its bytes.
package struct ReasonCode: Sendable, Hashable, ExpressibleByStringLiteral {
  package let text: StaticString

  package init(stringLiteral text: StaticString) { self.text = text }
  package init(_ text: StaticString) { self.text = text }

  package static func == (left: ReasonCode, right: ReasonCode) -> Bool {
    [UInt8](ascii: left.text) == [UInt8](ascii: right.text)
  }

  package func hash(into hasher: inout Hasher) { hasher.combine([UInt8](ascii: text)) }
}

/// One thing seen: under a name of this program's, a value fit for a log.
package struct Evidence: Sendable, Equatable {
  package let name: [UInt8]
  package let value: PublicValue

  package init(_ name: StaticString, _ value: PublicValue) {
    self.name = [UInt8](ascii: name)
    self.value = value
  }

  /// A field of a message whose values are public; several lines are joined by `, `.
  package init(_ field: KnownField, of section: FieldSection) {
    name = [UInt8](ascii: field.name).asciiLowercased()
    value = .published(
      Array(section.values(of: field).joined(separator: [ASCII.comma, ASCII.space])))
  }

  /// A field of a message under the name it came with, in small letters, its value public.
  package init(named name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    self.name = Array(name.prefix(64)).asciiLowercased()
    self.value = .published(value)
  }
}

/// A check whose condition held, before it is known where.
package struct Detection: Sendable, Equatable {
  package let check: CheckID
  /// The catalogue's, unless the circumstances make it less.
  package let severity: Severity
  package let reason: ReasonCode
  /// What was done about just this, where that is another thing than what became of the response.
  package let action: FindingAction?
  package internal(set) var evidence: [Evidence]

  package init(
    _ check: CheckID, _ reason: ReasonCode, severity: Severity? = nil,
    action: FindingAction? = nil, _ evidence: [Evidence] = []
  ) {
    self.action = action
    self.check = check
    self.severity = severity ?? CheckCatalogue.severity(of: check)
    self.reason = reason
    self.evidence = evidence
  }
}

/// What became of the response that a finding is about.
package enum FindingAction: UInt8, Hashable, Sendable, CaseIterable {
  /// `withheld`: delivered, and kept out of the store. `removed`: the field that the finding is
  /// about did not reach the service. `keyed`: stored, and found only by requests with the same
  /// value.
  case observed, hardened, refused, withheld, removed, keyed

  package var name: StaticString {
    switch self {
    case .observed: "observed"
    case .hardened: "hardened"
    case .refused: "refused"
    case .withheld: "withheld"
    case .removed: "removed"
    case .keyed: "keyed"
    }
  }
}

/// Where and when a detection was made.
package struct FindingContext: Sendable, Equatable {
  package var time: WallTime
  /// The route's name in the settings.
  package var route: [UInt8]
  /// Who asked, by address.
  package var consumer: PublicValue
  package var exchange: [UInt8]
  package var action: FindingAction

  package init(
    time: WallTime, route: [UInt8], consumer: PublicValue, exchange: [UInt8],
    action: FindingAction
  ) {
    self.time = time
    self.route = route
    self.consumer = consumer
    self.exchange = exchange
    self.action = action
  }
}

/// One occurrence of a check: what the audit log has a line of.
package struct Finding: Sendable, Equatable {
  package let detection: Detection
  package let context: FindingContext

  package init(_ detection: Detection, in context: FindingContext) {
    self.detection = detection
    self.context = context
  }

  /// Appends the finding as one line of JSON, line feed included. Evidence keeps its order; the
  /// names in it are unique within one finding.
  package func json(into line: inout [UInt8]) {
    line.append(ascii: "{\"time\":\"")
    line.append(timestamp: context.time)
    line.append(ascii: "\",\"check\":")
    line.append(jsonString: detection.check.rawValue)
    line.append(member: "severity", detection.severity.name)
    line.append(member: "reason", detection.reason.text)
    line.append(member: "action", context.action.name)
    line.append(ascii: ",\"route\":")
    line.append(jsonString: context.route)
    line.append(ascii: ",\"consumer\":")
    context.consumer.append(to: &line)
    line.append(ascii: ",\"exchange\":")
    line.append(jsonString: context.exchange)
    line.append(ascii: ",\"evidence\":{")
    for (index, evidence) in detection.evidence.enumerated() {
      if index > 0 { line.append(ASCII.comma) }
      line.append(jsonString: evidence.name)
      line.append(ASCII.colon)
      evidence.value.append(to: &line)
    }
    line.append(ascii: "}}\n")
  }
}

extension [UInt8] {
  /// Appends `,"name":"value"`, both literals of the program.
  fileprivate mutating func append(member name: StaticString, _ value: StaticString) {
    append(ascii: ",\"")
    append(ascii: name)
    append(ascii: "\":\"")
    append(ascii: value)
    append(ASCII.quote)
  }
}

internal import HTTPModel
package import Logging
package import Platform
internal import Primitives

/// How the operational log looks.
package enum OperationalLogFormat: String, Sendable, CaseIterable {
  /// For machines: one JSON object a line.
  case json
  /// For people: time, level, message, facts.
  case text
}

/// The program's own log by swift-log: constant messages, facts as fields, written off the loops.
package enum OperationalLog {
  /// The log to standard error that `install` writes to. Loss notices have the log's own format.
  package static func open(
    _ target: LogTarget = .standardError, format: OperationalLogFormat
  ) throws(SystemError) -> LineLog {
    try LineLog(target, feeders: 0) { line, lost, now in
      let facts: Logger.Metadata = ["lines": .stringConvertible(lost)]
      switch format {
      case .json:
        line.append(
          json: facts, level: .warning, message: "log lines lost", label: "log", at: now)
      case .text:
        line.append(text: facts, level: .warning, message: "log lines lost", at: now)
      }
    }
  }

  /// Makes every `Logger` of the process write to `log`. Once in a process, before the first logger
  /// is made.
  package static func install(
    _ log: LineLog, format: OperationalLogFormat, level: Logger.Level
  ) {
    let feeder = log.sharedFeeder
    LoggingSystem.bootstrap { label in
      OperationalLogHandler(label: label, feeder: feeder, format: format, logLevel: level)
    }
  }
}

/// Writes the events of one logger as lines of a `LineLog`.
package struct OperationalLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let feeder: LineFeeder
  private let format: OperationalLogFormat

  package init(
    label: String, feeder: LineFeeder, format: OperationalLogFormat, logLevel: Logger.Level
  ) {
    self.label = label
    self.feeder = feeder
    self.format = format
    self.logLevel = logLevel
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var facts = metadata
    if let provided = metadataProvider?.get() { facts.merge(provided) { $1 } }
    if let own = event.metadata { facts.merge(own) { $1 } }
    if let error = event.error { facts["error"] = .string("\(error)") }
    let now = Clock.wall
    feeder.append { line in
      let message = event.message.description
      switch format {
      case .json:
        line.append(json: facts, level: event.level, message: message, label: label, at: now)
      case .text:
        line.append(text: facts, level: event.level, message: message, at: now)
      }
    }
    if event.level >= .notice { feeder.flush() }
  }
}

extension [UInt8] {
  /// Appends `{"time":…,"level":…,"logger":…,"message":…,"facts":{…}}`, the facts by name.
  fileprivate mutating func append(
    json facts: Logger.Metadata, level: Logger.Level, message: String, label: String,
    at now: WallTime
  ) {
    append(ascii: #"{"time":""#)
    append(timestamp: now)
    append(ascii: #"","level":"#)
    append(jsonString: level.rawValue)
    append(ascii: #","logger":"#)
    append(jsonString: label)
    append(ascii: #","message":"#)
    append(jsonString: message)
    if !facts.isEmpty {
      append(ascii: #","facts":"#)
      append(json: .dictionary(facts))
    }
    append(ascii: "}")
  }

  /// Appends `time level message name=value …`, the facts by name, quoted where they are not plain.
  fileprivate mutating func append(
    text facts: Logger.Metadata, level: Logger.Level, message: String, at now: WallTime
  ) {
    append(timestamp: now)
    append(ASCII.space)
    append(contentsOf: level.rawValue.utf8)
    append(ASCII.space)
    append(plainOrQuoted: message, plainWithSpaces: true)
    for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
      append(ASCII.space)
      append(plainOrQuoted: name)
      append(ASCII.equals)
      switch value {
      case .string(let text): append(plainOrQuoted: text)
      case .stringConvertible(let item): append(plainOrQuoted: item.description)
      case .array, .dictionary: append(json: value)
      }
    }
  }

  private mutating func append(json value: Logger.Metadata.Value) {
    switch value {
    case .string(let text): append(jsonString: text)
    case .stringConvertible(let item): append(jsonString: item.description)
    case .array(let items):
      var separator: StaticString = "["
      for item in items {
        append(ascii: separator)
        append(json: item)
        separator = ","
      }
      append(ascii: items.isEmpty ? "[]" : "]")
    case .dictionary(let members):
      var separator: StaticString = "{"
      for (name, member) in members.sorted(by: { $0.key < $1.key }) {
        append(ascii: separator)
        append(jsonString: name)
        append(ASCII.colon)
        append(json: member)
        separator = ","
      }
      append(ascii: members.isEmpty ? "{}" : "}")
    }
  }

  /// Appends text as it is when it is visible ASCII that cannot be mistaken, else as a JSON string.
  private mutating func append(plainOrQuoted text: String, plainWithSpaces: Bool = false) {
    let isPlain = text.utf8.allSatisfy { byte in
      byte > ASCII.space && byte < 0x7F && byte != ASCII.quote && byte != ASCII.equals
        || plainWithSpaces && byte == ASCII.space
    }
    if isPlain, !text.isEmpty {
      append(contentsOf: text.utf8)
    } else {
      append(jsonString: text)
    }
  }
}

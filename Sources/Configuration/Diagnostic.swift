/// Where a text stands in a settings file. Lines and columns count from 1; columns count characters
/// (Unicode scalars).
package struct SourcePlace: Hashable, Sendable {
  package var file: String
  package var line: Int
  package var column: Int
  /// How many characters the marker spans; at least 1.
  package var length: Int

  package init(file: String, line: Int, column: Int, length: Int) {
    self.file = file
    self.line = line
    self.column = column
    self.length = max(length, 1)
  }
}

/// One thing the operator should know about the settings.
package struct Diagnostic: Sendable, Equatable {
  package enum Severity: String, Sendable {
    /// Nothing starts.
    case error
    /// It runs, and is probably not what was meant.
    case warning
  }

  /// A further place that explains the first.
  package struct Note: Sendable, Equatable {
    package var text: String
    package var place: SourcePlace
    package var line: String?
  }

  package var severity: Severity
  /// Stable, for tools: `unknown-key`, or the id of a check (`CFG-10`).
  package var code: String
  /// A sentence without a full stop.
  package var message: String
  /// Nil for what no line of a file says.
  package var place: SourcePlace?
  /// The line of the place, as it stands in the file.
  package var line: String?
  /// What to write instead, or what is possible.
  package var help: String?
  package var note: Note?

  package init(
    _ severity: Severity, code: String, message: String, place: SourcePlace? = nil,
    line: String? = nil, help: String? = nil, note: Note? = nil
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.place = place
    self.line = line
    self.help = help
    self.note = note
  }
}

// MARK: Text

extension Diagnostic {
  /// The diagnostic for a person:
  ///
  ///     error[unknown-key]: 'rutes' is no key here
  ///      --> countersign.yaml:5:1
  ///       |
  ///     5 | rutes:
  ///       | ^^^^^ did you mean 'routes'?
  package func rendered(inColour: Bool = false) -> String {
    let paint = Paint(isOn: inColour)
    let title =
      paint.severity("\(severity.rawValue)[\(code)]", severity)
      + paint.bold(": \(Self.visible(message))")
    let help = help.map(Self.visible)
    guard let place else {
      return title + (help.map { "\n  = \($0)" } ?? "")
    }
    let width = max(String(place.line).count, note.map { String($0.place.line).count } ?? 0)
    var lines = [title]
    lines += Self.excerpt(
      place, line, remark: help, width: width, paint: paint, mark: { paint.severity($0, severity) })
    if let note {
      lines.append(paint.faint(String(repeating: " ", count: width) + " = ") + note.text)
      lines += Self.excerpt(
        note.place, note.line, remark: nil, width: width, paint: paint, mark: paint.faint)
    }
    return lines.joined(separator: "\n")
  }

  private static func excerpt(
    _ place: SourcePlace, _ text: String?, remark: String?, width: Int, paint: Paint,
    mark: (String) -> String
  ) -> [String] {
    let blank = String(repeating: " ", count: width)
    let here = "\(place.file):\(place.line):\(place.column)"
    var lines = [paint.faint("\(blank)--> ") + here]
    guard let text else {
      return lines + (remark.map { [paint.faint("\(blank) = ") + $0] } ?? [])
    }
    let number = String(place.line)
    let gap = String(repeating: " ", count: width - number.count)
    let shown = Self.visible(text)
    // A marker stays on its line, and one place after it where the line ends too soon.
    let room = max(shown.unicodeScalars.count - place.column + 1, 1)
    let marker =
      String(repeating: " ", count: max(place.column - 1, 0))
      + mark(String(repeating: "^", count: min(place.length, room)))
    lines.append(paint.faint("\(blank) |"))
    lines.append(paint.faint("\(gap)\(number) |") + (shown.isEmpty ? "" : " \(shown)"))
    lines.append(paint.faint("\(blank) | ") + marker + (remark.map { " \($0)" } ?? ""))
    return lines
  }

  /// The text with tabs and control characters shown as one space each, so that columns stay and
  /// nothing commands the terminal.
  private static func visible(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      shown.append(scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? " " : scalar)
    }
    return String(shown)
  }
}

/// Colours of a terminal, or none.
private struct Paint {
  let isOn: Bool

  func severity(_ text: String, _ severity: Diagnostic.Severity) -> String {
    wrap(text, severity == .error ? "1;31" : "1;33")
  }
  func bold(_ text: String) -> String { wrap(text, "1") }
  func faint(_ text: String) -> String { wrap(text, "2") }

  private func wrap(_ text: String, _ code: String) -> String {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

// MARK: JSON

extension Diagnostic {
  /// The diagnostic as one JSON object, for editors and pipelines.
  package var json: String {
    var members = [
      "\"severity\":\(jsonText(severity.rawValue))", "\"code\":\(jsonText(code))",
      "\"message\":\(jsonText(message))",
    ]
    if let place { members.append(contentsOf: Self.members(of: place)) }
    if let help { members.append("\"help\":\(jsonText(help))") }
    if let note {
      let place = Self.members(of: note.place).joined(separator: ",")
      members.append("\"note\":{\"message\":\(jsonText(note.text)),\(place)}")
    }
    return "{" + members.joined(separator: ",") + "}"
  }

  private static func members(of place: SourcePlace) -> [String] {
    [
      "\"file\":\(jsonText(place.file))", "\"line\":\(place.line)", "\"column\":\(place.column)",
      "\"length\":\(place.length)",
    ]
  }
}

/// A JSON string (RFC 8259 §7).
func jsonText(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case let control where control.value < 0x20:
      let digits = String(control.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

package import CachePolicy
internal import Primitives

/// Why one exchange goes the way it goes: a line for each thing that was decided, in order.
package struct Explanation: Sendable, Equatable {
  /// One thing that was decided.
  package struct Line: Sendable, Equatable {
    /// One word, unique: `route`, `lane`, `store`.
    package let name: String
    package let value: String
    /// What gave this outcome, where it has a reason.
    package var reason: CacheReason?
    /// More, a line each.
    package var details: [String] = []
  }

  package private(set) var lines: [Line] = []

  mutating func add(
    _ name: String, _ value: String, _ reason: CacheReason? = nil, details: [String] = []
  ) {
    lines.append(Line(name: name, value: value, reason: reason, details: details))
  }

  /// The line of this name, if anything was decided about it.
  package subscript(name: String) -> Line? { lines.first { $0.name == name } }

  // MARK: Rendering

  private static let indent = 12

  /// For people.
  ///
  ///     store       no: response-private (RFC 9111 §5.2.2.7)
  ///                 The response says private, and this cache is shared.
  ///                 → Have the service leave private out, if the response is for everybody.
  package var text: String {
    var text = ""
    let margin = String(repeating: " ", count: Self.indent)
    for line in lines {
      text += line.name
      text += String(repeating: " ", count: max(Self.indent - line.name.count, 1))
      text += line.value
      if let reason = line.reason {
        text += ": \(reason.code) (\(reason.row.section))\n\(margin)\(reason.row.meaning)"
        if let remedy = reason.remedy { text += "\n\(margin)→ \(remedy)" }
      }
      text += "\n"
      for detail in line.details { text += "\(margin)\(detail)\n" }
    }
    return text
  }

  /// For tools: one object, a member for each line.
  package var json: [UInt8] {
    var text = [UInt8](ascii: "{")
    for (number, line) in lines.enumerated() {
      text.append(ascii: number == 0 ? "\n  " : ",\n  ")
      text.append(jsonString: line.name)
      text.append(ascii: ": {\"value\": ")
      text.append(jsonString: line.value)
      if let reason = line.reason {
        Self.append("code", "\(reason.code)", to: &text)
        Self.append("rule", "\(reason.row.section)", to: &text)
        Self.append("meaning", "\(reason.row.meaning)", to: &text)
        if let remedy = reason.remedy { Self.append("change", remedy, to: &text) }
      }
      if !line.details.isEmpty {
        text.append(ascii: ", \"details\": [")
        for (number, detail) in line.details.enumerated() {
          if number > 0 { text.append(ascii: ", ") }
          text.append(jsonString: detail)
        }
        text.append(ascii: "]")
      }
      text.append(ascii: "}")
    }
    text.append(ascii: "\n}\n")
    return text
  }

  private static func append(_ name: StaticString, _ value: String, to text: inout [UInt8]) {
    text.append(ascii: ", \"")
    text.append(ascii: name)
    text.append(ascii: "\": ")
    text.append(jsonString: value)
  }
}

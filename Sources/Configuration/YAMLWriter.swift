/// Writes trees as YAML: mappings as blocks, short lists of scalars within brackets.
enum YAMLWriter {
  static func text(_ tree: Tree) -> String {
    var lines: [String] = []
    write(tree, indentation: 0, lead: "", into: &lines)
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes a value. `lead` is what stands on its first line before it: a key and `:`, or `-`.
  private static func write(
    _ tree: Tree, indentation: Int, lead: String, into lines: inout [String]
  ) {
    let margin = String(repeating: " ", count: indentation)
    if let inline = inline(tree) {
      lines.append(margin + (lead.isEmpty ? inline : "\(lead) \(inline)"))
      return
    }
    let isItem = lead == "-"
    switch tree.content {
    case .list(let items):
      if !lead.isEmpty { lines.append(margin + lead) }
      let inner = lead.isEmpty ? indentation : indentation + 2
      for item in items { write(item, indentation: inner, lead: "-", into: &lines) }
    case .map(let entries):
      if !lead.isEmpty, !isItem { lines.append(margin + lead) }
      let inner = lead.isEmpty ? indentation : indentation + 2
      let start = lines.count
      for entry in entries {
        write(
          entry.value, indentation: inner, lead: scalar(entry.key, isPlain: false) + ":",
          into: &lines)
      }
      if isItem, lines.indices.contains(start) {
        lines[start] = margin + "- " + lines[start].dropFirst(inner)
      }
    case .null, .text: break  // Written in line, above.
    }
  }

  /// The value on one line, or nil when it needs several.
  private static func inline(_ tree: Tree) -> String? {
    switch tree.content {
    case .null: return "null"
    case .text(let text, let isPlain): return scalar(text, isPlain: isPlain)
    case .map(let entries): return entries.isEmpty ? "{}" : nil
    case .list(let items):
      var texts: [String] = []
      for item in items {
        guard case .text(let text, let isPlain) = item.content else {
          return items.isEmpty ? "[]" : nil
        }
        texts.append(scalar(text, isPlain: isPlain))
      }
      return "[" + texts.joined(separator: ", ") + "]"
    }
  }

  /// The text, in double quotes unless it is surely read back as the same text without.
  private static func scalar(_ text: String, isPlain: Bool) -> String {
    isPlain || isSafeWithoutQuotes(text) ? text : quoted(text)
  }

  /// Double quotes, with what YAML does not take as it is written as numbers (YAML 1.2 §5.1, §5.7).
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x20..<0x7F, 0xA0..<0x2028, 0x202A..<0xFEFF, 0x10000...:
        result.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }

  private static func isSafeWithoutQuotes(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, isLetter(first) || first == "/" else {
      return false
    }
    guard !["true", "false", "null", "auto", "off", "none", "all"].contains(text.lowercased())
    else {
      return ["auto", "off", "none", "all"].contains(text)
    }
    // A ':' only before what is no space, as in a URL; YAML within brackets also minds ',' and
    // brackets.
    return text.unicodeScalars.allSatisfy {
      isLetter($0) || ("0"..."9").contains($0) || "/._-*+:@%=~".unicodeScalars.contains($0)
    } && text.last != ":"
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
  }
}

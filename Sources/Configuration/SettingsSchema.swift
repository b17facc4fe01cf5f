internal import Primitives

/// The JSON Schema (2020-12) of settings files, for editors: made of the same tables as the parser.
package enum SettingsSchema {
  /// The schema as indented JSON, ending with a line end.
  package static var text: String {
    var root = section(Section<Draft>.settings.shape)
    // A file may be one of several, so no key is required of it.
    root.removeAll { $0.name == "required" }
    let head: [Member] = [
      Member("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      Member("title", .text("Countersign settings")),
    ]
    return JSON.object(head + root).text(indentation: "") + "\n"
  }

  // MARK: Shapes

  private static func schema(_ shape: Shape) -> [Member] {
    switch shape {
    case .text(let noun, let pattern, let example):
      [Member("type", .text("string")), Member("description", .text(noun))]
        + (pattern.map { [Member("pattern", .text($0))] } ?? [])
        + [Member("examples", .list([.text(example)]))]
    case .boolean: [Member("type", .text("boolean"))]
    case .integer(let range):
      [
        Member("type", .text("integer")), Member("minimum", .number(range.lowerBound)),
        Member("maximum", .number(range.upperBound)),
      ]
    case .duration:
      [Member("type", .text("string")), Member("pattern", .text("^[0-9]+(ms|s|m|h|d)$"))]
    case .size:
      [
        Member("type", .text("string")),
        Member("pattern", .text("^[0-9]+(B|kB|KiB|MB|MiB|GB|GiB)$")),
      ]
    case .choice(let words): [Member("enum", .list(words.map(word)))]
    case .list(let item):
      [Member("type", .text("array")), Member("items", .object(schema(item)))]
    case .oneOrMore(let item):
      [Member("anyOf", .list([.object(schema(item)), .object(schema(.list(item)))]))]
    case .map(_, let item):
      [Member("type", .text("object")), Member("additionalProperties", .object(schema(item)))]
    case .section(let shape): section(shape)
    case .either(let shapes): [Member("anyOf", .list(shapes.map { .object(schema($0)) }))]
    case .any: []
    }
  }

  /// A plain `true` or `1.3` is no string to an editor.
  private static func word(_ word: String) -> JSON {
    word == "true" ? .boolean(true) : .text(word)
  }

  private static func section(_ section: SectionShape) -> [Member] {
    let properties = section.keys.map { key in
      var members = schema(key.shape).filter { $0.name != "description" }
      members.insert(Member("description", .text(key.about)), at: 0)
      if let standard = key.standard.flatMap(value) { members.append(Member("default", standard)) }
      return Member(key.name, .object(members))
    }
    let required = section.keys.filter(\.isRequired).map { JSON.text($0.name) }
    return [
      Member("type", .text("object")), Member("properties", .object(properties)),
      Member("additionalProperties", .boolean(false)),
    ] + (required.isEmpty ? [] : [Member("required", .list(required))])
  }

  /// A default of a single value; sections show the defaults of their own keys.
  private static func value(_ tree: Tree) -> JSON? {
    switch tree.content {
    case .text("true", isPlain: true): .boolean(true)
    case .text("false", isPlain: true): .boolean(false)
    case .text(let text, let isPlain):
      isPlain ? Int(text).map { .number($0) } ?? .text(text) : .text(text)
    case .null, .list, .map: nil
    }
  }
}

/// One member of a JSON object.
private struct Member {
  var name: String
  var value: JSON

  init(_ name: String, _ value: JSON) {
    self.name = name
    self.value = value
  }
}

/// As much of JSON as a schema needs, members in the order given.
private indirect enum JSON {
  case text(String)
  case number(Int)
  case boolean(Bool)
  case list([JSON])
  case object([Member])

  func text(indentation: String) -> String {
    let inner = indentation + "  "
    switch self {
    case .text(let text): return jsonText(text)
    case .number(let number): return String(number)
    case .boolean(let boolean): return boolean ? "true" : "false"
    case .list(let items):
      return block("[", items.map { $0.text(indentation: inner) }, "]", indentation)
    case .object(let members):
      return block(
        "{",
        members.map { "\(jsonText($0.name)): \($0.value.text(indentation: inner))" }, "}",
        indentation)
    }
  }

  private func block(_ open: String, _ items: [String], _ close: String, _ indentation: String)
    -> String
  {
    guard !items.isEmpty else { return open + close }
    let lines = items.map { "\(indentation)  \($0)" }.joined(separator: ",\n")
    return "\(open)\n\(lines)\n\(indentation)\(close)"
  }
}

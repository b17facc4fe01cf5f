internal import Yams

/// What Yams says of a text that is no YAML, in words for an operator.
struct SyntaxError {
  private var message: String
  private var help: String?
  private var place: Tree.Place
  private var note: String?
  private var noted: Tree.Place?
  private var repeatedKey: String?

  init(_ error: YamlError, text: String, source: Int) {
    place = Tree.Place(source: source, line: 1, column: 1)
    message = "the text cannot be read as YAML"
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      place.line = mark.line
      place.column = mark.column
      describe(problem, context, source)
    case .reader(let problem, let offset, _, _):
      message =
        problem.lowercased().contains("control") ? "a control character stands here" : problem
      locate(offset: offset ?? 0, in: text)
    case .duplicatedKeysInMapping(let keys, let context):
      place.line = context.mark.line
      place.column = context.mark.column
      repeatedKey = keys.first
    default: break
    }
  }

  private mutating func describe(_ problem: String, _ context: YamlError.Context?, _ source: Int) {
    message = Self.sentences[problem]?.message ?? "YAML: \(problem)"
    help = Self.sentences[problem]?.help
    if let context, context.text != "expected a single document in the stream" {
      note = context.text
      noted = Tree.Place(source: source, line: context.mark.line, column: context.mark.column)
    }
  }

  private mutating func locate(offset: Int, in text: String) {
    for character in text.prefix(offset) {
      if character.isNewline {
        place.line += 1
        place.column = 1
      } else {
        place.column += character.unicodeScalars.count
      }
    }
  }

  private struct Sentence {
    var message: String
    var help: String?
  }

  /// libYAML's problems, as far as operators run into them, by its own words.
  private static let sentences: [String: Sentence] = [
    "mapping values are not allowed in this context": Sentence(
      message: "a ':' cannot stand here",
      help: "indent the line like its neighbours, or quote the text"),
    "did not find expected key": Sentence(
      message: "the indentation fits no key above", help: "indent keys of one section alike"),
    "did not find expected '-' indicator": Sentence(
      message: "the indentation fits no list item above", help: "indent the items of a list alike"),
    "could not find expected ':'": Sentence(
      message: "a ':' is missing after a key", help: "write 'key: value'"),
    "found unexpected end of stream": Sentence(
      message: "the file ends within a quoted text", help: "close the quotes"),
    "did not find expected ',' or ']'": Sentence(
      message: "a ',' or ']' is missing", help: "close the list"),
    "did not find expected ',' or '}'": Sentence(
      message: "a ',' or '}' is missing", help: "close the mapping, or quote the text"),
    "found undefined alias": Sentence(message: "no anchor has this name", help: nil),
    "found unknown escape character": Sentence(
      message: "this escape is unknown in double quotes", help: "use single quotes, or write '\\\\'"
    ),
    "but found another document": Sentence(
      message: "a settings file is one document", help: "remove the '---'"),
    "did not find expected node content": Sentence(message: "a value is missing here", help: nil),
    "block sequence entries are not allowed in this context": Sentence(
      message: "a list item cannot stand here", help: "put the list on lines of its own"),
  ]

  /// Reports the error. A tab and a repeated key are looked up in the lines first.
  func report(to reading: inout Reading, lines: [Substring]) {
    var error = self
    if let key = repeatedKey {
      error.pointAtRepetition(of: key, in: lines)
      reading.error(
        "repeated-key", "the key '\(key)' is written twice", at: error.place, help: "keep one",
        note: error.note, noted: error.noted)
      return
    }
    let line = lines.indices.contains(place.line - 1) ? lines[place.line - 1] : ""
    if let tab = line.unicodeScalars.prefix(place.column).firstIndex(of: "\t"),
      line[..<tab].allSatisfy({ $0 == " " || $0 == "-" })
    {
      error.message = "a tab stands where YAML wants spaces"
      error.help = "indent with spaces"
      error.note = nil
      error.place.column = line.unicodeScalars.distance(from: line.startIndex, to: tab) + 1
    }
    reading.error(
      "yaml", error.message, at: error.place, help: error.help, note: error.note, noted: error.noted
    )
  }

  /// Yams tells where the first of the two stands; the second follows in the same column, or on the same
  /// line within braces.
  private mutating func pointAtRepetition(of key: String, in lines: [Substring]) {
    place.length = max(key.unicodeScalars.count, 1)
    for number in place.line..<max(lines.count, place.line) {
      let scalars = lines[number].unicodeScalars
      let indentation = scalars.prefix { $0 == " " }.count
      let rest = Substring(scalars.dropFirst(indentation))
      guard indentation == place.column - 1,
        ["", "'", "\""].contains(where: { rest.hasPrefix("\($0)\(key)\($0):") })
      else { continue }
      note = "it is written here first"
      noted = place
      place.line = number + 1
      return
    }
  }
}

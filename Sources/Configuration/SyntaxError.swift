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
    if let context, let beginning = Self.beginnings[context.text] {
      note = beginning
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

  /// What libYAML was reading, by its own words.
  private static let beginnings = [
    "while parsing a flow sequence": "the list begins here",
    "while parsing a flow mapping": "the mapping begins here",
    "while parsing a block mapping": "the mapping begins here",
    "while parsing a block collection": "the list begins here",
    "while scanning a quoted scalar": "the text begins here",
    "while parsing a quoted scalar": "the text begins here",
    "while scanning a simple key": "the key begins here",
  ]

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
  func report(to reading: inout Reading, lines: [String]) {
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

  /// Yams tells where the first of the two stands; the second follows in the same column, or on the
  /// same line within braces.
  private mutating func pointAtRepetition(of key: String, in lines: [String]) {
    place.length = max(key.unicodeScalars.count, 1)
    guard let second = repetition(of: key, in: lines) else { return }
    note = "it is written here first"
    noted = place
    place = second
  }

  private func repetition(of key: String, in lines: [String]) -> Tree.Place? {
    let spellings = ["", "'", "\""].map { Array("\($0)\(key)\($0):".unicodeScalars) }
    func stands(in line: [Unicode.Scalar], at column: Int) -> Bool {
      line.indices.contains(column) && spellings.contains { line[column...].starts(with: $0) }
    }
    var second = place
    for number in (place.line - 1)..<max(lines.count, place.line) where number < lines.count {
      let line = Array(lines[number].unicodeScalars)
      let own = place.column - 1
      let further = line.indices.dropFirst(place.column).first { column in
        stands(in: line, at: column) && " ,{".unicodeScalars.contains(line[column - 1])
      }
      let isFirstLine = number == place.line - 1
      let isIndented = line.prefix(own).allSatisfy { $0 == " " }
      guard
        let column = isFirstLine ? further : (isIndented && stands(in: line, at: own) ? own : nil)
      else { continue }
      second.line = number + 1
      second.column = column + 1
      return second
    }
    return nil
  }
}

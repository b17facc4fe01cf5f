/// What a value may look like: for messages, the schema and the reference page.
indirect enum Shape {
  /// A text; `pattern` is a regular expression (ECMA-262) for editors, `example` one that fits.
  case text(String, pattern: String? = nil, example: String)
  case boolean
  case integer(ClosedRange<Int>)
  /// In milliseconds.
  case duration(ClosedRange<Int64>)
  /// In bytes.
  case size(ClosedRange<Int>)
  case choice([String])
  case list(Shape)
  /// One, or a list of them.
  case oneOrMore(Shape)
  /// A mapping with keys of the operator's choice.
  case map(keys: String, Shape)
  case section(SectionShape)
  case either([Shape])
  case any(String)
}

/// One section of the settings without the types behind it.
struct SectionShape {
  /// Unique among sections; the anchor on the reference page.
  var name: String
  var about: String
  var keys: [KeyShape]
}

/// One key of a section without the types behind it.
struct KeyShape {
  var name: String
  var about: String
  var isRequired: Bool
  var isAlwaysWritten: Bool
  /// How the default is written; nil where there is none.
  var standard: Tree?
  var shape: Shape
}

/// How a value of one type is written in settings.
///
/// `write` is the inverse of `read`: what it answers, read again, is the same value.
struct Form<Value> {
  let shape: Shape
  /// Nil, or less than the whole, when an error was reported.
  let read: (Tree, inout Reading) -> Value?
  let write: (Value) -> Tree
}

extension Shape {
  /// What is wanted, for messages: `a duration`.
  var noun: String {
    switch self {
    case .text(let noun, _, _): noun
    case .boolean: "true or false"
    case .integer: "a whole number"
    case .duration: "a duration"
    case .size: "a size"
    case .choice(let words): words.count == 1 ? "'\(words[0])'" : "one of " + listed(words, "or")
    case .list: "a list"
    case .oneOrMore(let one): "\(one.noun), or a list of them,"
    case .map, .section: "a mapping"
    case .either(let shapes): shapes.map(\.noun).joined(separator: " or ")
    case .any(let noun): noun
    }
  }
}

/// `'a', 'b' and 'c'`, in the order given.
func listed(_ words: [String], _ conjunction: String = "and") -> String {
  let quoted = words.map { "'\($0)'" }
  guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
  return quoted.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
}

// MARK: Reading scalars

extension Tree {
  /// The text of a scalar; anything else is reported.
  func scalar(_ shape: Shape, _ reading: inout Reading) -> String? {
    if case .text(let text, _) = content { return text }
    mismatch(shape, &reading)
    return nil
  }

  /// Reports that this is not what was wanted.
  func mismatch(_ shape: Shape, _ reading: inout Reading, help: String? = nil) {
    if content == .null {
      reading.error(
        "no-value", "a value is missing: \(shape.noun) belongs here", at: place,
        help: help ?? "write one, or remove the key")
      return
    }
    var found = description
    if case .text(let text, let isPlain) = content {
      found = isPlain ? "'\(text.prefix(60))'" : "the text \"\(text.prefix(60))\""
    }
    reading.error("wrong-type", "\(shape.noun) belongs here, not \(found)", at: place, help: help)
  }
}

extension Form<Bool> {
  static var boolean: Form<Bool> {
    Form(shape: .boolean) { tree, reading in
      switch tree.content {
      case .text("true", isPlain: true): return true
      case .text("false", isPlain: true): return false
      case .text(let text, _):
        let word: [String: String] = ["yes": "true", "on": "true", "no": "false", "off": "false"]
        let meant = word[text.lowercased()] ?? text.lowercased()
        let help = meant == "true" || meant == "false" ? "write \(meant)" : nil
        tree.mismatch(.boolean, &reading, help: help)
      default: tree.mismatch(.boolean, &reading)
      }
      return nil
    } write: {
      .plain($0 ? "true" : "false")
    }
  }
}

extension Form<Int> {
  static func integer(_ range: ClosedRange<Int>) -> Form<Int> {
    let shape = Shape.integer(range)
    return Form(shape: shape) { tree, reading in
      guard case .text(let text, isPlain: true) = tree.content, let digits = Digits(text) else {
        tree.mismatch(shape, &reading)
        return nil
      }
      guard let number = digits.value, let value = Int(exactly: number), range.contains(value)
      else {
        reading.error(
          "out-of-range",
          "this number is from \(range.lowerBound) to \(range.upperBound), not \(text)",
          at: tree.place)
        return nil
      }
      return value
    } write: {
      .plain(String($0))
    }
  }
}

/// A whole number in decimal digits, with a sign or without.
private struct Digits {
  /// Nil when it is too large.
  let value: Int64?

  init?(_ text: String) {
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    value = Int64(text)
  }
}

extension Form {
  /// One of a set of words.
  static func choice(_ words: [(String, Value)]) -> Form where Value: Equatable {
    let names = words.map(\.0)
    let shape = Shape.choice(names)
    return Form(shape: shape) { tree, reading in
      guard let text = tree.scalar(shape, &reading) else { return nil }
      if let word = words.first(where: { $0.0 == text }) { return word.1 }
      let nearest = Nearest.word(to: text, among: names)
      reading.error(
        "unknown-word", "'\(text)' is not \(shape.noun)", at: tree.place,
        help: nearest.map { "did you mean '\($0)'?" })
      return nil
    } write: { value in
      .text(words.first { $0.1 == value }?.0 ?? "")
    }
  }

  /// A text that a function understands, or answers with what is wrong: the end of a sentence.
  static func parsed(
    _ noun: String, example: String, pattern: String? = nil,
    _ parse: @escaping (String) -> Parsed<Value>, write: @escaping (Value) -> String
  ) -> Form {
    located(noun, example: example, pattern: pattern, { text, _ in parse(text) }, write: write)
  }

  /// The same for a text that means something else in another directory.
  static func located(
    _ noun: String, example: String, pattern: String? = nil,
    _ parse: @escaping (String, _ directory: String) -> Parsed<Value>,
    write: @escaping (Value) -> String
  ) -> Form {
    let shape = Shape.text(noun, pattern: pattern, example: example)
    return Form(shape: shape) { tree, reading in
      guard let text = tree.scalar(shape, &reading) else { return nil }
      switch parse(text, reading.directory(at: tree.place)) {
      case .value(let value): return value
      case .flaw(let message, let help):
        reading.error(
          "bad-value", message, at: tree.place, help: help ?? "for example \(example)")
        return nil
      }
    } write: {
      .text(write($0))
    }
  }

  /// This form, which tells the reading where the file stands that the value names, if any.
  func naming(_ file: @escaping (Value) -> String?) -> Form {
    Form(shape: shape) { tree, reading in
      let value = self.read(tree, &reading)
      if let path = value.flatMap(file) { reading.names(path, at: tree.place) }
      return value
    } write: {
      self.write($0)
    }
  }

  /// A form by way of another: the value is made of what that form reads.
  static func mapped<Draft>(
    _ form: Form<Draft>, to value: @escaping (Draft) -> Value,
    from draft: @escaping (Value) -> Draft
  ) -> Form {
    Form(shape: form.shape) { tree, reading in
      form.read(tree, &reading).map(value)
    } write: {
      form.write(draft($0))
    }
  }
}

extension Form where Value: CaseIterable & RawRepresentable<String> & Equatable {
  /// The words of an enumeration.
  static var words: Form { choice(Value.allCases.map { ($0.rawValue, $0) }) }
}

/// What became of a text.
enum Parsed<Value> {
  case value(Value)
  case flaw(String, help: String? = nil)
}

// MARK: Lists and maps

extension Form {
  /// A list; every item is read, also after one that is wrong.
  static func list<Item>(_ item: Form<Item>, atLeast least: Int = 0, atMost most: Int = 1_000)
    -> Form where Value == [Item]
  {
    let shape = Shape.list(item.shape)
    return Form(shape: shape) { tree, reading in
      guard case .list(let items) = tree.content else {
        tree.mismatch(shape, &reading)
        return nil
      }
      return read(items, item, least...most, tree.place, &reading)
    } write: { values in
      .list(values.map(item.write))
    }
  }

  /// A list, or one item that stands for a list of one.
  static func oneOrMore<Item>(_ item: Form<Item>, atMost most: Int = 100) -> Form
  where Value == [Item] {
    let shape = Shape.oneOrMore(item.shape)
    return Form(shape: shape) { tree, reading in
      switch tree.content {
      case .list(let items): return read(items, item, 1...most, tree.place, &reading)
      case .null, .map, .text: return read([tree], item, 1...most, tree.place, &reading)
      }
    } write: { values in
      values.count == 1 ? item.write(values[0]) : .list(values.map(item.write))
    }
  }

  private static func read<Item>(
    _ items: [Tree], _ form: Form<Item>, _ count: ClosedRange<Int>, _ place: Tree.Place,
    _ reading: inout Reading
  ) -> [Item]? {
    guard count.contains(items.count) else {
      let bound =
        items.count < count.lowerBound
        ? "at least \(count.lowerBound)" : "at most \(count.upperBound)"
      reading.error(
        "out-of-range", "this list needs \(bound) item\(bound.hasSuffix(" 1") ? "" : "s")",
        at: place)
      return nil
    }
    var values: [Item] = []
    for item in items {
      if let value = form.read(item, &reading) { values.append(value) }
    }
    return values
  }

  /// A mapping whose keys the operator chooses. `name` reads a key.
  static func map<Name, Item>(
    _ keys: String, _ name: Form<Name>, _ item: Form<Item>
  ) -> Form where Value == [Named<Name, Item>] {
    let shape = Shape.map(keys: keys, item.shape)
    return Form(shape: shape) { tree, reading in
      guard case .map(let entries) = tree.content else {
        tree.mismatch(shape, &reading)
        return nil
      }
      var values: [Value.Element] = []
      for entry in entries {
        let key = name.read(
          Tree(.text(entry.key, isPlain: false), at: entry.keyPlace), &reading)
        let value = item.read(entry.value, &reading)
        if let key, let value {
          values.append(Named(name: key, value: value, place: entry.keyPlace))
        }
      }
      return values
    } write: { values in
      .map(
        values.map { named in
          guard case .text(let key, _) = name.write(named.name).content else {
            return ("", item.write(named.value))
          }
          return (key, item.write(named.value))
        })
    }
  }

  /// The word `off` for nil, anything else for a value.
  static func orOff<Wrapped>(_ form: Form<Wrapped>) -> Form where Value == Wrapped? {
    wordOr("off", form)
  }

  /// The word `none` for nil, anything else for a value.
  static func orNone<Wrapped>(_ form: Form<Wrapped>) -> Form where Value == Wrapped? {
    wordOr("none", form)
  }

  private static func wordOr<Wrapped>(_ word: String, _ form: Form<Wrapped>) -> Form
  where Value == Wrapped? {
    let shape = Shape.either([.choice([word]), form.shape])
    return Form(shape: shape) { tree, reading in
      if tree.content == .text(word, isPlain: true) { return .some(nil) }
      if case .section(let section) = form.shape, !tree.isMap {
        tree.mismatch(shape, &reading, help: section.keyList)
        return nil
      }
      return form.read(tree, &reading).map { .some($0) }
    } write: { value in
      value.map(form.write) ?? .plain(word)
    }
  }
}

/// A value under a key of the operator's choice.
struct Named<Name, Value> {
  var name: Name
  var value: Value
  /// Of the key.
  var place = Tree.Place()
}

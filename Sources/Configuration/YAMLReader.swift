internal import Primitives
internal import Yams

/// Reads the text of one settings file into a tree, or says what is wrong with it.
///
/// What an operator, or a generator gone wrong, could make too large is bounded: bytes, the length
/// of a line, depth, and the number of nodes once aliases are written out.
enum YAMLReader {
  static let maximumBytes = 1 << 20
  static let maximumLineBytes = 8_192
  static let maximumDepth = 32
  static let maximumNodes = 50_000

  /// The tree, or nil with an error reported. An empty file is an empty mapping.
  static func read(_ bytes: [UInt8], name: String, path: String, into reading: inout Reading)
    -> Tree?
  {
    var bytes = bytes[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = bytes.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false).map {
      line in
      String(
        decoding: line.last == ASCII.carriageReturn ? line.dropLast() : line, as: UTF8.self)
    }
    let source = reading.add(SourceText(name: name, path: path, lines: lines))
    let start = Tree.Place(source: source, line: 1, column: 1)
    guard isReadable(bytes, at: start, &reading) else { return nil }
    do {
      // The basic resolver leaves every plain text a text: what it means, the tables say.
      let parser = try Parser(yaml: text, resolver: .basic)
      guard let root = try parser.singleRoot() else { return Tree(.map([]), at: start) }
      var conversion = Conversion(source: source)
      return conversion.tree(root, depth: 0, &reading)
    } catch let error as YamlError {
      SyntaxError(error, text: text, source: source).report(to: &reading, lines: lines)
    } catch {
      reading.error("yaml", "the text cannot be read as YAML", at: start)
    }
    return nil
  }

  private static func isReadable(
    _ bytes: ArraySlice<UInt8>, at start: Tree.Place, _ reading: inout Reading
  ) -> Bool {
    guard bytes.count <= maximumBytes else {
      reading.error("too-large", "a settings file has at most \(maximumBytes >> 20) MiB", at: start)
      return false
    }
    var place = start
    for line in bytes.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false) {
      if let column = firstInvalidColumn(line) {
        place.column = column
        reading.error(
          "utf-8", "this is not UTF-8", at: place, help: "save the file as UTF-8")
        return false
      }
      if line.count > maximumLineBytes {
        reading.error("too-large", "a line has at most \(maximumLineBytes) bytes", at: place)
        return false
      }
      place.line += 1
    }
    return isShallow(bytes, start, &reading)
  }

  /// The column of the first character that is not UTF-8, or nil.
  private static func firstInvalidColumn(_ line: ArraySlice<UInt8>) -> Int? {
    var decoder = UTF8()
    var bytes = line.makeIterator()
    var column = 1
    while true {
      switch decoder.decode(&bytes) {
      case .scalarValue: column += 1
      case .emptyInput: return nil
      case .error: return column
      }
    }
  }

  /// Refuses what nests so deeply that the parser, which recurses, could run out of stack.
  private static func isShallow(
    _ bytes: ArraySlice<UInt8>, _ start: Tree.Place, _ reading: inout Reading
  ) -> Bool {
    var depth = 0
    for byte in bytes {
      if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth = max(depth - 1, 0) }
      guard depth <= 1_000 else {
        reading.error("too-deep", "brackets open too often and are not closed", at: start)
        return false
      }
    }
    return true
  }
}

/// Makes trees of Yams nodes, counting what aliases multiply.
private struct Conversion {
  let source: Int
  private var nodes = 0
  private var isExhausted = false

  init(source: Int) { self.source = source }

  mutating func tree(_ node: Node, depth: Int, _ reading: inout Reading) -> Tree? {
    let place = place(of: node)
    nodes += 1
    guard nodes <= YAMLReader.maximumNodes else {
      if !isExhausted {
        reading.error(
          "too-large",
          "with its aliases written out, the file has more than "
            + "\(YAMLReader.maximumNodes) values", at: place)
      }
      isExhausted = true
      return nil
    }
    guard depth <= YAMLReader.maximumDepth else {
      reading.error(
        "too-deep", "settings nest at most \(YAMLReader.maximumDepth) levels", at: place)
      return nil
    }
    switch node {
    case .scalar(let scalar): return scalarTree(scalar, place, &reading)
    case .sequence(let sequence):
      var items: [Tree] = []
      for item in sequence {
        guard let item = tree(item, depth: depth + 1, &reading) else { return nil }
        items.append(item)
      }
      return Tree(.list(items), at: place)
    case .mapping(let mapping): return mapTree(mapping, place, depth, &reading)
    case .alias: return nil  // The parser has put what was anchored in its place.
    }
  }

  private func scalarTree(
    _ scalar: Node.Scalar, _ place: Tree.Place, _ reading: inout Reading
  ) -> Tree? {
    // Yams gives quoted text the tag of strings.
    guard ["", "tag:yaml.org,2002:str"].contains(String(describing: scalar.tag)) else {
      reading.error(
        "yaml-tag", "tags such as !!int are not read in settings", at: place,
        help: "leave the tag out")
      return nil
    }
    let isPlain = scalar.style == .plain
    if isPlain, ["", "~", "null"].contains(scalar.string) { return Tree(.null, at: place) }
    return Tree(.text(scalar.string, isPlain: isPlain), at: place)
  }

  private mutating func mapTree(
    _ mapping: Node.Mapping, _ place: Tree.Place, _ depth: Int, _ reading: inout Reading
  ) -> Tree? {
    var entries: [Tree.Entry] = []
    var place = place
    for (key, value) in mapping {
      guard case .scalar(let name) = key else {
        reading.error("yaml-key", "a key is a text", at: self.place(of: key))
        return nil
      }
      let keyPlace = self.place(of: key)
      if name.string == "<<" {
        reading.error(
          "yaml-merge", "the merge key '<<' is not read in settings", at: keyPlace,
          help: "write the keys out, or include a file")
        return nil
      }
      if entries.isEmpty, keyPlace.line == place.line, keyPlace.column == place.column {
        place.length = keyPlace.length
      }
      guard let value = tree(value, depth: depth + 1, &reading) else { return nil }
      entries.append(Tree.Entry(key: name.string, keyPlace: keyPlace, value: value))
    }
    return Tree(.map(entries), at: place)
  }

  /// Yams tells where a node begins; for a scalar its text tells how long it is, quotes included.
  private func place(of node: Node) -> Tree.Place {
    var place = Tree.Place(source: source, line: 1, column: 1)
    if let mark = node.mark {
      place.line = mark.line
      place.column = mark.column
    }
    if case .scalar(let scalar) = node {
      let isQuoted = scalar.style == .doubleQuoted || scalar.style == .singleQuoted
      let isBlock = scalar.style == .literal || scalar.style == .folded
      place.length = isBlock ? 1 : max(scalar.string.unicodeScalars.count + (isQuoted ? 2 : 0), 1)
    }
    return place
  }
}

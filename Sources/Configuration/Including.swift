/// Reads a settings file and those it includes, and makes one mapping of them.
///
/// An include is read where it stands: its routes come before those below it in the including file.
struct Including {
  static let maximumDepth = 8
  static let maximumFiles = 200

  private let files: any SettingsFiles
  private var count = 0

  init(_ files: any SettingsFiles) { self.files = files }

  /// The mapping, or nil with errors reported. `path` is absolute; `name` is shown in diagnostics.
  mutating func read(_ path: String, name: String, _ reading: inout Reading) -> Tree? {
    guard let root = tree(at: path, name: name, from: nil, &reading) else { return nil }
    var merging = Merging(place: root.place)
    collect(root, chain: [path], into: &merging, &reading)
    return reading.hasErrors ? nil : merging.tree
  }

  private mutating func tree(
    at path: String, name: String, from place: Tree.Place?, _ reading: inout Reading
  ) -> Tree? {
    count += 1
    guard count <= Self.maximumFiles else {
      reading.error("too-many-files", "settings have at most \(Self.maximumFiles) files", at: place)
      return nil
    }
    do throws(FileTrouble) {
      let bytes = try files.read(path)
      return YAMLReader.read(bytes, name: name, path: path, into: &reading)
    } catch {
      reading.error("unreadable", "\(name) cannot be read: \(error.reason)", at: place)
      return nil
    }
  }

  private mutating func collect(
    _ root: Tree, chain: [String], into merging: inout Merging, _ reading: inout Reading
  ) {
    guard case .map(let entries) = root.content else {
      if root.content != .null {
        reading.error(
          "wrong-type", "settings are a mapping of keys, not \(root.description)", at: root.place,
          help: "for example 'listeners:'")
      }
      return
    }
    for entry in entries {
      if entry.key == Section<Draft>.include {
        include(entry.value, chain, into: &merging, &reading)
      } else {
        merging.add(entry, &reading)
      }
    }
  }

  private mutating func include(
    _ value: Tree, _ chain: [String], into merging: inout Merging, _ reading: inout Reading
  ) {
    let form = Form<[Located]>.oneOrMore(.located)
    for pattern in form.read(value, &reading) ?? [] {
      for path in paths(pattern, &reading) {
        if let start = chain.firstIndex(of: path) {
          let cycle = (chain[start...] + [path]).map(Paths.name).joined(separator: " → ")
          reading.error("include-cycle", "files include each other: \(cycle)", at: pattern.place)
          continue
        }
        guard chain.count < Self.maximumDepth else {
          reading.error(
            "include-depth", "includes nest at most \(Self.maximumDepth) deep", at: pattern.place)
          continue
        }
        let name = shownName(path, reading)
        if let root = tree(at: path, name: name, from: pattern.place, &reading) {
          collect(root, chain: chain + [path], into: &merging, &reading)
        }
      }
    }
  }

  /// The files a pattern names, in the order of their names. A pattern with `*` may name none.
  private func paths(_ pattern: Located, _ reading: inout Reading) -> [String] {
    let path = Paths.resolve(pattern.text, from: reading.directory(at: pattern.place))
    let directory = Paths.directory(of: path)
    let name = Paths.name(of: path)
    guard !directory.contains("*") else {
      reading.error(
        "include-pattern", "'*' stands in the last part of a path only", at: pattern.place)
      return []
    }
    guard name.contains("*") else { return [path] }
    let wildcard = Wildcard(name.utf8)
    return files.names(in: directory).filter {
      !$0.hasPrefix(".") && wildcard.matches(Array($0.utf8)[...])
    }.sorted().map { Paths.resolve($0, from: directory) }
  }

  /// An included file is called by its path from the first file, where it lies below that.
  private func shownName(_ path: String, _ reading: Reading) -> String {
    guard let first = reading.sources.first else { return path }
    let prefix = first.directory == "/" ? "/" : first.directory + "/"
    guard path.hasPrefix(prefix) else { return path }
    let shown = Paths.directory(of: first.name)
    let rest = String(path.dropFirst(prefix.count))
    return shown == "." && !first.name.hasPrefix("./") ? rest : shown + "/" + rest
  }
}

/// A text and where it stands.
private struct Located {
  var text: String
  var place: Tree.Place
}

extension Form<Located> {
  fileprivate static var located: Form<Located> {
    let shape = Shape.text("a path", example: "conf.d/*.yaml")
    return Form(shape: shape) { tree, reading in
      tree.scalar(shape, &reading).map { Located(text: $0, place: tree.place) }
    } write: {
      .text($0.text)
    }
  }
}

/// The sections of several files made one: lists are put together in order, services by name; any
/// other section stands in one file only.
private struct Merging {
  private var entries: [Tree.Entry] = []
  private let place: Tree.Place

  init(place: Tree.Place) { self.place = place }

  var tree: Tree { Tree(.map(entries), at: place) }

  mutating func add(_ entry: Tree.Entry, _ reading: inout Reading) {
    guard let index = entries.firstIndex(where: { $0.key == entry.key }) else {
      entries.append(entry)
      return
    }
    let first = entries[index]
    switch (first.value.content, entry.value.content) {
    case (.list(let items), .list(let more)) where ["listeners", "routes"].contains(entry.key):
      entries[index].value.content = .list(items + more)
    case (.map(let items), .map(let more)) where entry.key == "services":
      for one in more {
        if let earlier = items.first(where: { $0.key == one.key }) {
          reading.error(
            "repeated-key", "the service '\(one.key)' is given twice", at: one.keyPlace,
            note: "it is given here first", noted: earlier.keyPlace)
        }
      }
      entries[index].value.content = .map(items + more)
    default:
      reading.error(
        "repeated-key", "'\(entry.key)' is given in two files", at: entry.keyPlace,
        help: "keep one",
        note: "it is given here first", noted: first.keyPlace)
    }
  }
}

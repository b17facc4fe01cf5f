/// One section of the settings: a mapping with known keys, read into a value of one type.
///
/// The table of keys is the only place that knows them: the parser, the printed settings, the
/// schema, the reference page and suggestions all read it.
struct Section<Owner> {
  let name: String
  let about: String
  let keys: [Key<Owner>]
  /// The value before a key is read: every default.
  let blank: () -> Owner
  /// Looks at the whole once every key has been read, also when some were wrong.
  var check: (inout Owner, KeyPlaces, inout Reading) -> Void = { _, _, _ in }
}

/// Where the keys of a section and their values stand.
struct KeyPlaces {
  private var entries: [String: Tree.Entry] = [:]
  /// Where the section begins.
  let whole: Tree.Place

  init(_ entries: [Tree.Entry], whole: Tree.Place) {
    self.whole = whole
    for entry in entries { self.entries[entry.key] = entry }
  }

  func has(_ key: String) -> Bool { entries[key] != nil }
  /// The place of the key, or of the section where the key is not given.
  func key(_ key: String) -> Tree.Place { entries[key]?.keyPlace ?? whole }
  /// The place of the value, or of the section where the key is not given.
  func value(_ key: String) -> Tree.Place { entries[key]?.value.place ?? whole }
  func tree(_ key: String) -> Tree? { entries[key]?.value }
}

/// One key of a section.
struct Key<Owner> {
  let name: String
  let about: String
  let isRequired: Bool
  /// Whether the key is read before those beside it, which then say more than it.
  var isReadFirst = false
  /// Whether the key is written although it has its default: where leaving it out is a warning.
  var isAlwaysWritten = false
  let shape: Shape
  let read: (Tree, inout Owner, inout Reading) -> Void
  /// Nil where there is nothing to write.
  let write: (Owner) -> Tree?
}

extension Key {
  /// A key with a default, that of the blank owner, unless it is required.
  init<Value>(
    _ name: String, _ path: WritableKeyPath<Owner, Value>, _ form: Form<Value>,
    isRequired: Bool = false, isAlwaysWritten: Bool = false, _ about: String
  ) {
    self.init(
      name: name, about: about, isRequired: isRequired, isAlwaysWritten: isAlwaysWritten,
      shape: form.shape,
      read: { tree, owner, reading in
        if let value = form.read(tree, &reading) { owner[keyPath: path] = value }
      },
      write: { form.write($0[keyPath: path]) })
  }

  /// A key that may be absent.
  init<Value>(
    optional name: String, _ path: WritableKeyPath<Owner, Value?>, _ form: Form<Value>,
    isRequired: Bool = false, _ about: String
  ) {
    self.init(
      name: name, about: about, isRequired: isRequired, shape: form.shape,
      read: { tree, owner, reading in
        if let value = form.read(tree, &reading) { owner[keyPath: path] = value }
      },
      write: { $0[keyPath: path].map(form.write) })
  }

  /// A key whose empty list counts as absent.
  init<Value>(
    list name: String, _ path: WritableKeyPath<Owner, [Value]>, _ form: Form<[Value]>,
    isRequired: Bool = false, _ about: String
  ) {
    self.init(
      name: name, about: about, isRequired: isRequired, shape: form.shape,
      read: { tree, owner, reading in
        if let value = form.read(tree, &reading) { owner[keyPath: path] = value }
      },
      write: { $0[keyPath: path].isEmpty ? nil : form.write($0[keyPath: path]) })
  }
}

extension Section {
  var shape: SectionShape {
    let blank = blank()
    return SectionShape(
      name: name, about: about,
      keys: keys.map {
        KeyShape(
          name: $0.name, about: $0.about, isRequired: $0.isRequired,
          isAlwaysWritten: $0.isAlwaysWritten, standard: $0.isRequired ? nil : $0.write(blank),
          shape: $0.shape)
      })
  }

  /// The section as the form of a value.
  var form: Form<Owner> {
    Form(shape: .section(shape)) { tree, reading in
      self.read(tree, &reading)
    } write: { owner in
      self.write(owner)
    }
  }

  private func read(_ tree: Tree, _ reading: inout Reading) -> Owner? {
    guard case .map(let entries) = tree.content else {
      tree.mismatch(.section(shape), &reading, help: shape.keyList)
      return nil
    }
    var owner = blank()
    // What a misspelled key was meant to be is not missing as well.
    var meant: Set<String> = []
    for entry in firstToLast(entries) {
      if let key = keys.first(where: { $0.name == entry.key }) {
        key.read(entry.value, &owner, &reading)
      } else {
        if let name = reportUnknown(entry, &reading) { meant.insert(name) }
      }
    }
    for key in keys where key.isRequired && !meant.contains(key.name) {
      if entries.contains(where: { $0.key == key.name }) { continue }
      reading.error(
        "missing-key", "the key '\(key.name)' is missing in \(name)", at: tree.place,
        help: "'\(key.name)': \(key.about.firstSentence)")
    }
    check(&owner, KeyPlaces(entries, whole: tree.place), &reading)
    return owner
  }

  /// The entries in their order, but for those that are read first.
  private func firstToLast(_ entries: [Tree.Entry]) -> [Tree.Entry] {
    let first = Set(keys.filter(\.isReadFirst).map(\.name))
    guard !first.isEmpty else { return entries }
    return entries.filter { first.contains($0.key) } + entries.filter { !first.contains($0.key) }
  }

  /// Answers with the key that was probably meant.
  private func reportUnknown(_ entry: Tree.Entry, _ reading: inout Reading) -> String? {
    let meant = Nearest.word(to: entry.key, among: keys.map(\.name))
    reading.error(
      "unknown-key", "'\(entry.key)' is no key of \(name)", at: entry.keyPlace,
      help: meant.map { "did you mean '\($0)'?" } ?? shape.keyList)
    return meant
  }

  /// Every key in the order of the table; those that are as they are by default are marked by being
  /// equal to the blank section's.
  private func write(_ owner: Owner) -> Tree {
    .map(keys.compactMap { key in key.write(owner).map { (key.name, $0) } })
  }

  /// The tree without what is as it is by default.
  func changes(_ tree: Tree) -> Tree { shape.changes(tree) }
}

extension String {
  /// Up to the first full stop that ends a sentence, without it.
  fileprivate var firstSentence: Substring {
    var index = startIndex
    while index < endIndex {
      let next = self.index(after: index)
      if self[index] == ".", next == endIndex || self[next] == " " { return self[..<index] }
      index = next
    }
    return self[...]
  }
}

extension SectionShape {
  /// Which keys there are, for messages.
  var keyList: String {
    keys.count == 1
      ? "its only key is '\(keys[0].name)'" : "its keys are \(listed(keys.map(\.name)))"
  }

  /// The tree without what is as it is by default, in nested sections too.
  func changes(_ tree: Tree) -> Tree {
    guard case .map(let entries) = tree.content else { return tree }
    return Tree(
      .map(
        entries.compactMap { entry in
          guard let key = keys.first(where: { $0.name == entry.key }) else { return entry }
          if !key.isAlwaysWritten, let standard = key.standard, standard == entry.value {
            return nil
          }
          var entry = entry
          entry.value = key.shape.changes(entry.value)
          return entry
        }))
  }
}

extension Shape {
  fileprivate func changes(_ tree: Tree) -> Tree {
    switch (self, tree.content) {
    case (.section(let section), _): return section.changes(tree)
    case (.list(let shape), .list(let items)), (.oneOrMore(let shape), .list(let items)):
      return .list(items.map(shape.changes))
    case (.oneOrMore(let shape), _): return shape.changes(tree)
    case (.map(_, let shape), .map(let entries)):
      return .map(entries.map { ($0.key, shape.changes($0.value)) })
    case (.either(let shapes), .map):
      return shapes.first { if case .section = $0 { true } else { false } }?.changes(tree) ?? tree
    default: return tree
    }
  }
}

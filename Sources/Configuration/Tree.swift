/// One node of a settings text: what the tables of keys read from and write to.
///
/// Equality regards content only, not places.
struct Tree {
  enum Content: Equatable {
    /// A key without a value, or a plain `null` or `~`.
    case null
    /// `isPlain` when written without quotes: only plain text may be a number or a boolean.
    case text(String, isPlain: Bool)
    case list([Tree])
    case map([Entry])
  }

  /// A key and its value, in the order of the file.
  struct Entry: Equatable {
    var key: String
    var keyPlace: Place
    var value: Tree

    static func == (left: Entry, right: Entry) -> Bool {
      left.key == right.key && left.value == right.value
    }
  }

  /// A place in one of the files of a reading.
  struct Place {
    /// The index into `Reading.sources`, or -1 where nothing was read.
    var source = -1
    var line = 0
    var column = 0
    var length = 1
  }

  var content: Content
  var place = Place()

  init(_ content: Content, at place: Place = Place()) {
    self.content = content
    self.place = place
  }

  /// What this is, for messages.
  var description: String {
    switch content {
    case .null: "nothing"
    case .text: "text"
    case .list: "a list"
    case .map: "a mapping"
    }
  }
}

extension Tree: Equatable {
  static func == (left: Tree, right: Tree) -> Bool { left.content == right.content }
}

extension Tree {
  /// Text that needs no quotes, such as a number or a duration.
  static func plain(_ text: String) -> Tree { Tree(.text(text, isPlain: true)) }
  /// Text that is text whatever it looks like.
  static func text(_ text: String) -> Tree { Tree(.text(text, isPlain: false)) }
  static func list(_ items: [Tree]) -> Tree { Tree(.list(items)) }
  static func map(_ entries: [(String, Tree)]) -> Tree {
    Tree(.map(entries.map { Entry(key: $0.0, keyPlace: Place(), value: $0.1) }))
  }

  var isMap: Bool { if case .map = content { true } else { false } }

  subscript(key: String) -> Tree? {
    guard case .map(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }
}

internal import Primitives

/// The reference page of settings in Markdown: made of the same tables as the parser.
package enum SettingsReference {
  /// The page, ending with a line end.
  package static var text: String {
    var page = Page()
    page.add(Section<Draft>.settings.shape)
    return introduction + page.text
  }

  private static let introduction = """
    # Settings

    Written by `countersign reference` from the tables that the parser reads; `make docs` \
    writes it anew.

    Settings are one YAML file and those it includes. Everything but listeners, services and \
    routes has a default. Unknown keys, missing units and values out of range are errors, all of \
    them told at once; `countersign check FILE` tells them without starting anything.

    - **Durations** are a whole number and `ms`, `s`, `m`, `h` or `d`. **Sizes** are a whole \
    number and `B`, `kB`, `KiB`, `MB`, `MiB`, `GB` or `GiB`.
    - **Paths** start from the directory of the file they stand in.
    - **Secrets** are never values, only files are named; so settings can be shown and shared.
    - Where a key takes one or more, a single value may stand without brackets.


    """

  /// Sections in the order in which keys lead to them, each once.
  private struct Page {
    private(set) var text = ""
    private var done: Set<String> = []

    mutating func add(_ section: SectionShape) {
      guard done.insert(section.name).inserted else { return }
      let heading = section.name == "settings" ? "Top of the file" : "`\(section.name)`"
      text += "## \(heading)\n\n\(section.about)\n\n"
      text += "| key | value | default | |\n|---|---|---|---|\n"
      for key in section.keys { text += row(key) }
      text += "\n"
      for key in section.keys {
        for nested in key.shape.sections { add(nested) }
      }
      if section.name == "settings" {
        while text.hasSuffix("\n\n") { text.removeLast() }
      }
    }

    private func row(_ key: KeyShape) -> String {
      let standard = key.isRequired ? "**required**" : key.standard.flatMap(Self.shown) ?? ""
      let cells = ["`\(key.name)`", key.shape.reference, standard, key.about]
      return "| "
        + cells.map { $0.replacingPipes }.joined(separator: " | ") + " |\n"
    }

    /// A default that fits into a cell; sections show the defaults of their own keys.
    private static func shown(_ tree: Tree) -> String? {
      switch tree.content {
      case .text(let text, _): return "`\(text)`"
      case .list(let items): return items.first.flatMap(shown)
      case .null, .map: return nil
      }
    }
  }
}

extension String {
  /// A `|` would end the cell of a table.
  fileprivate var replacingPipes: String {
    split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
  }
}

extension Shape {
  /// The value as the page describes it.
  fileprivate var reference: String {
    switch self {
    case .text(let noun, _, let example): "\(noun), such as `\(example)`"
    case .boolean: "`true` or `false`"
    case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .duration(let range):
      "`\(Quantity.text(of: Milliseconds(range.lowerBound)))` to "
        + "`\(Quantity.text(of: Milliseconds(range.upperBound)))`"
    case .size(let range):
      "`\(Quantity.text(ofBytes: Int64(range.lowerBound)))` to "
        + "`\(Quantity.text(ofBytes: Int64(range.upperBound)))`"
    case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
    case .list(let item): "a list: \(item.reference)"
    case .oneOrMore(let item): "one or more: \(item.reference)"
    case .map(let keys, let item): "by \(keys): \(item.reference)"
    case .section(let section): "[`\(section.name)`](#\(section.anchor))"
    case .either(let shapes): shapes.map(\.reference).joined(separator: ", or ")
    case .any(let noun): noun
    }
  }

  /// The sections within.
  fileprivate var sections: [SectionShape] {
    switch self {
    case .section(let section): [section]
    case .list(let shape), .oneOrMore(let shape), .map(_, let shape): shape.sections
    case .either(let shapes): shapes.flatMap(\.sections)
    case .text, .boolean, .integer, .duration, .size, .choice, .any: []
    }
  }
}

extension SectionShape {
  /// The heading as Markdown readers make an anchor of it: without dots.
  fileprivate var anchor: String { name.filter { $0 != "." } }
}

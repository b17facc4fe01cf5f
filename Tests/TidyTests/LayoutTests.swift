import Testing

/// What every file looks like.
@Suite struct LayoutTests {
  @Test func `no Swift file is longer than 600 lines`() {
    let found = Checkout.swift.filter { $0.lines.count > 601 }.map(\.path)
    #expect(found == [])
  }

  @Test func `no Swift line is wider than 100 characters unless it holds a link`() {
    let found = places { $0.count > 100 && !$0.contains("://") }
    #expect(found == [])
  }

  @Test func `nothing is left for later`() {
    // Put together here, so that this file does not contain what it looks for.
    let words: Set<Substring> = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    let found = places(in: Checkout.files) { line in
      line.split { !$0.isLetter }.contains(where: words.contains)
    }
    #expect(found == [])
  }

  @Test func `no file knows the machine it was written on`() {
    let machine = [
      "/wo" + "rk/", "/tmp/" + "wt", "/tmp/" + "mini", "/opt/" + "swift", "/ho" + "me/",
    ]
    let found = places(in: Checkout.files) { line in machine.contains(where: line.contains) }
    #expect(found == [])
  }

  @Test func `text ends with one line end and holds no tab or trailing space`() {
    let prose = Checkout.files.filter { $0.path.hasSuffix(".swift") || $0.path.hasSuffix(".md") }
    let found = places(in: prose) { $0.hasSuffix(" ") || $0.contains("\t") }
    #expect(found == [])
    let endings = prose.filter { !$0.text.hasSuffix("\n") || $0.text.hasSuffix("\n\n") }
    #expect(endings.map(\.path) == [])
  }

  /// The lines of which something is true, as `path:line`.
  private func places(
    in files: [TextFile] = Checkout.swift, where holds: (String) -> Bool
  ) -> [String] {
    files.flatMap { file in
      file.lines.enumerated().filter { holds($0.element) }.map { "\(file.path):\($0.offset + 1)" }
    }
  }
}

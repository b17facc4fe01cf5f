import Testing

/// What the code may not say.
@Suite struct CodeTests {
  /// `file: how many`: every use is an argument, made in the comment above it.
  private static let unchecked: [String: Int] = [
    "Sources/Cryptography/EVPKey.swift": 1,
    "Sources/Cryptography/HMACSHA256Key.swift": 1,
    "Sources/TLS/TLSClientContext.swift": 1,
    "Sources/TLS/TLSServerContext.swift": 1,
    "Sources/TLS/TicketKeyRing.swift": 1,
  ]

  @Test func `no source unwraps, casts or tries by force`() {
    let found = Checkout.sources.flatMap { $0.occurrences(of: /[\w\)\]\}\?]!(?![=])/) }
    #expect(found == [])
  }

  @Test func `no source ends the process where a peer could make it`() {
    let found = Checkout.sources.flatMap {
      $0.occurrences(of: /\b(fatalError|preconditionFailure|assertionFailure)\(/)
    }
    #expect(found == [])
  }

  @Test func `nothing is declared Sendable unchecked without an entry and a proof`() {
    for file in Checkout.sources {
      let found = file.occurrences(of: /@unchecked/)
      #expect(found.count == Self.unchecked[file.path, default: 0], "\(found)")
      let isProved = found.isEmpty || file.text.contains("proof:")
      #expect(isProved, "\(file.path) has no 'proof:'")
    }
    for path in Self.unchecked.keys {
      #expect(Checkout.exists(path), "\(path) has an entry but is not there")
    }
  }

  @Test func `no test sleeps`() {
    let calls = /(^|[^.\w])(u|nano)?sleep\(|\b(Task|Thread)\.sleep\(/
    let found = Checkout.tests.flatMap { $0.occurrences(of: calls) }
    #expect(found == [])
  }

  @Test func `tests are named by sentences`() {
    var found: [String] = []
    for file in Checkout.tests {
      var isAwaited = false
      for (number, line) in file.code.enumerated() {
        if line.contains(/@Test\b/) { isAwaited = true }
        guard isAwaited, line.contains(/\bfunc\b/) else { continue }
        isAwaited = false
        if !line.contains("func `") { found.append("\(file.path):\(number + 1)") }
      }
    }
    #expect(found == [])
  }

  @Test func `what other targets see is explained`() {
    let declaration =
      #/
      ^(package|public)\s+(final\s+|indirect\s+)*(func|struct|enum|class|actor|protocol)\s
      /#
    var found: [String] = []
    for file in Checkout.sources {
      for (number, line) in file.code.enumerated() where line.contains(declaration) {
        if !isExplained(number, in: file) { found.append("\(file.path):\(number + 1)") }
      }
    }
    #expect(found == [])
  }

  /// Whether a documentation comment ends above the line, attributes between them apart.
  private func isExplained(_ number: Int, in file: TextFile) -> Bool {
    var above = number - 1
    while above >= 0 {
      let line = file.lines[above].trimmingPrefix(/\s*/)
      if line.hasPrefix("///") { return true }
      guard line.hasPrefix("@") || line.hasPrefix("#") else { return false }
      above -= 1
    }
    return false
  }
}

import Foundation
import FuzzTargets
import Testing

/// What the fuzzers have found worth keeping, replayed without them.
@Suite struct CorpusTests {
  private static let corpora: URL = {
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.appending(path: "Fuzzers/Corpora")
  }()

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `every file of a corpus is read, and what is said of it holds`(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let directory = Self.corpora.appending(path: name)
    let files = try FileManager.default.contentsOfDirectory(
      at: directory, includingPropertiesForKeys: nil)
    #expect(files.count >= 5)
    for file in files {
      let bytes = Array(try Data(contentsOf: file))
      #expect(target.check(bytes) == nil, "\(file.lastPathComponent)")
      // And everything that a broken connection could leave of it.
      for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 64)) {
        #expect(target.check(Array(bytes[..<end])) == nil, "\(file.lastPathComponent) to \(end)")
      }
    }
  }

  @Test func `no corpus is without a target`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.corpora.path)
    #expect(Set(names) == Set(FuzzTarget.all.map(\.name)))
  }
}

import Configuration
import HTTPModel
import Primitives
import Verdict

/// What operators write: settings in YAML, addresses, patterns, places in messages.
enum FuzzSettings {
  private struct OneFile: SettingsFiles {
    let bytes: [UInt8]

    func read(_ path: String) throws(FileTrouble) -> [UInt8] {
      guard path.hasSuffix("countersign.yaml") else { throw FileTrouble(reason: "is not there") }
      return bytes
    }

    func names(in directory: String) -> [String] { [] }
    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/\(path)" }
  }

  static func check(_ bytes: [UInt8]) -> String? {
    let loaded = Settings.load("countersign.yaml", from: OneFile(bytes: bytes))
    for diagnostic in loaded.diagnostics {
      if diagnostic.rendered().isEmpty { return "a diagnostic without words" }
      guard let place = diagnostic.place else { continue }
      if place.line < 1 || place.column < 1 { return "a diagnostic that points nowhere" }
    }
    return nil
  }

  static func addresses(_ bytes: [UInt8]) -> String? {
    if let block = AddressBlock(text: bytes), !block.contains(block.base) {
      return "a block without its own address"
    }
    if let pattern = try? PathPattern(bytes), !pattern.covers(pattern) {
      return "a pattern that does not cover itself"
    }
    _ = IPAddress(text: bytes)
    _ = try? VerdictSource(parsing: bytes)
    _ = try? RequestSource(parsing: bytes)
    return nil
  }
}

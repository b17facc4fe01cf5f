import Foundation

/// A directory that is gone when nobody holds it any more.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() throws {
    var template = Array(
      "\(FileManager.default.temporaryDirectory.path)/journey-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw JourneyFailure.call("mkdtemp") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of `name` in here.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and says where it is.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  /// The bytes of a file.
  package func contents(of name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// What the file holds; empty when there is none.
  package func text(of name: String) -> String {
    (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? ""
  }
}

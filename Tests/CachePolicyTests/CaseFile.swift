import Foundation
import Testing

/// One row of a `.case` file: a title, and a script of steps and expectations in order.
///
///     == A private response is not stored
///     section: RFC 9111 §5.2.2.7
///     request: GET /keys
///       Accept: */*                      indented lines belong to the step above
///     response: 200
///       Cache-Control: private
///     stored: response-private
///
/// Lines that begin with `#` say why. `{T+60}` in a value is the HTTP date 60 seconds after the
/// response came.
struct PolicyCase: Sendable, CustomTestStringConvertible {
  struct Step: Sendable {
    var word: String
    var argument: String
    var fields: [(name: String, value: String)] = []
    var line: Int
  }

  var file: String
  var title: String
  var steps: [Step] = []

  var testDescription: String { "\(file): \(title)" }

  /// Every row of every file.
  static let all: [PolicyCase] = {
    let folder = Bundle.module.url(forResource: "Cases", withExtension: nil)
    let files = folder.flatMap {
      try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
    }
    return (files ?? []).filter { $0.pathExtension == "case" }
      .sorted { $0.path < $1.path }
      .flatMap { url in
        let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        return parse(text, file: url.lastPathComponent)
      }
  }()

  static func parse(_ text: String, file: String) -> [PolicyCase] {
    var cases: [PolicyCase] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if line.allSatisfy({ $0 == " " }) || line.hasPrefix("#") { continue }
      if line.hasPrefix("== ") {
        cases.append(PolicyCase(file: file, title: String(line.dropFirst(3))))
        continue
      }
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      let word = line[..<colon].trimmingCharacters(in: .whitespaces)
      let rest = line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
      let last = cases.count - 1
      if line.hasPrefix(" ") {
        cases[last].steps[cases[last].steps.count - 1].fields.append((word, rest))
      } else {
        cases[last].steps.append(Step(word: word, argument: rest, line: index + 1))
      }
    }
    return cases
  }
}

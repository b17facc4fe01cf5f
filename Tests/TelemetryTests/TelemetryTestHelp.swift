import Dispatch
import Foundation
import Testing

@testable import Telemetry

/// A directory of a test's own, gone with it.
final class TemporaryPlace: Sendable {
  private let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("countersign-telemetry-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  subscript(name: String) -> String { directory.appendingPathComponent(name).path }

  /// The complete lines of a file; none when there is no such file.
  func lines(_ name: String) -> [String] {
    guard let data = FileManager.default.contents(atPath: self[name]) else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The lines of all files here.
  func allLines() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return names.flatMap { lines($0) }
  }

  func awaitLines(_ expected: [String], in name: String) throws {
    try awaitCondition { self.lines(name) == expected }
  }

  func awaitLine(_ expected: String, in name: String) throws {
    try awaitCondition { self.lines(name).contains(expected) }
  }

  private func awaitCondition(_ condition: () -> Bool) throws {
    let end = DispatchTime.now() + .seconds(10)
    while !condition() {
      try #require(DispatchTime.now() < end, "the condition did not come about in time")
      sched_yield()
    }
  }
}

extension LogTarget {
  /// A file whose directory is made first.
  static func file(path: String, in place: TemporaryPlace) throws -> LogTarget {
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    return .file(path: path)
  }
}

/// Holds one thread until another lets it go.
final class Gate: Sendable {
  private let arrival = DispatchSemaphore(value: 0)
  private let passage = DispatchSemaphore(value: 0)

  /// Called by the one to be held. Once opened, the gate holds nobody.
  func wait() {
    arrival.signal()
    passage.wait()
    passage.signal()
  }

  func awaitArrival() { arrival.wait() }

  func open() { passage.signal() }
}

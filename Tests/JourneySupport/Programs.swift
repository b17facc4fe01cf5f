import Foundation

/// Where the programs are that journeys start.
package enum Programs {
  /// The root of this checkout.
  package static let root: String = {
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }()

  /// Whether these tests and the program were built for a sanitizer, which needs memory of its own:
  /// `make check` sets the options of each.
  package static let isSanitized = ["TSAN_OPTIONS", "ASAN_OPTIONS"].contains {
    ProcessInfo.processInfo.environment[$0] != nil
  }

  /// `countersign` as it was built together with these tests.
  package static func countersign() throws -> String {
    let directory = URL(
      fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/self/exe")
    ).deletingLastPathComponent().path
    return try found("countersign", at: ["\(directory)/countersign"], advice: "swift build")
  }

  /// The sample auth service, from the package in `Examples`.
  package static func sampleAuth() throws -> String {
    let build = "\(root)/Examples/.build"
    return try found(
      "sample-auth", at: ["\(build)/debug/sample-auth", "\(build)/release/sample-auth"],
      advice: "make examples")
  }

  /// Debian's nginx.
  package static func nginx() throws -> String {
    try found("nginx", at: ["/usr/sbin/nginx", "/usr/bin/nginx"], advice: "make deps")
  }

  private static func found(_ name: String, at paths: [String], advice: String) throws -> String {
    guard let path = paths.first(where: FileManager.default.isExecutableFile) else {
      throw JourneyFailure("\(name) is not there; '\(advice)' puts it there")
    }
    return path
  }
}

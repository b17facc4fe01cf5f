internal import ArgumentParser
internal import Foundation
internal import Proxy

/// What the program ends with, beside 0 (sysexits.h).
enum ExitStatus: Int32 {
  /// The arguments are wrong.
  case usage = 64
  /// Something the program needs is not there, such as a free port.
  case unavailable = 69
  /// The operating system refused.
  case system = 71
  /// A file cannot be written.
  case cannotCreate = 73
  /// Exchanges were broken off at the end of the grace.
  case brokenOff = 75
  /// The settings are wrong: nothing was started.
  case configuration = 78

  init(_ kind: StartError.Kind) {
    self =
      switch kind {
      case .configuration: .configuration
      case .unavailable: .unavailable
      case .cannotCreate: .cannotCreate
      case .system: .system
      }
  }

  var code: ExitCode { ExitCode(rawValue) }
}

/// Writes whole lines to the standard streams; the last line end may be left out.
enum Terminal {
  static func tell(_ text: String) {
    FileHandle.standardOutput.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
  }

  static func complain(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  /// Whether standard error is somebody's screen that takes colours.
  static var errorTakesColour: Bool {
    isatty(2) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  }
}

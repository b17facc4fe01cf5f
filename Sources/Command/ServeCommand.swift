internal import ArgumentParser
internal import Configuration
internal import Foundation
internal import Logging
internal import Platform
internal import Primitives
internal import Proxy
internal import Telemetry

/// `countersign serve`: the proxy, by a settings file.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the proxy by a settings file.",
    discussion: """
      Reads the file, refuses to start on any error in it (exit status 78, every diagnostic on \
      standard error), binds the listeners, gives up the rights of root where a user is named, and \
      serves until SIGTERM.

        SIGHUP   read the file again: taken over whole, or not at all
        SIGUSR1  open the log files anew, after they were rotated
        SIGTERM  stop: no new connections, exchanges finish within the grace

        countersign check countersign.yaml && countersign serve countersign.yaml
      """)

  @Argument(help: "The settings file.")
  var file = SettingsFile.standardPath

  @Flag(help: "Print the settings in force, every default filled in, and start nothing.")
  var printConfig = false

  func run() throws {
    let source = SettingsFile(path: file)
    let settings = try source.settings()
    if printConfig { return Terminal.tell(settings.yaml()) }
    try Serving.run(settings, reload: source.reload)
  }
}

/// Runs the proxy until it is told to stop, and ends the program as sysexits.h says.
enum Serving {
  static func run(
    _ settings: Settings, reload: RunningProxy.Reload?
  ) throws {
    let (log, lines) = try logger(settings.log)
    let isComplete: Bool
    do throws(StartError) {
      isComplete = try RunningProxy.run(settings, reload: reload, log: log) { addresses in
        Terminal.complain(
          "countersign \(ProxyVersion.text) listens on \(addresses.joined(separator: ", "))")
      }
    } catch {
      _ = lines.stop(within: Milliseconds(500))
      Terminal.complain("countersign: \(error.description)")
      throw ExitStatus(error.kind).code
    }
    _ = lines.stop(within: Milliseconds(2_000))
    if !isComplete { throw ExitStatus.brokenOff.code }
  }

  /// The operational log, on standard error.
  private static func logger(_ settings: LogSettings) throws -> (Logger, LineLog) {
    let format: OperationalLogFormat = settings.format == .json ? .json : .text
    let lines: LineLog
    do throws(SystemError) {
      lines = try OperationalLog.open(format: format)
    } catch {
      Terminal.complain("countersign: standard error cannot be written: \(error)")
      throw ExitStatus.cannotCreate.code
    }
    let level = Logger.Level(rawValue: settings.level.rawValue) ?? .info
    OperationalLog.install(lines, format: format, level: level)
    return (Logger(label: "countersign"), lines)
  }
}

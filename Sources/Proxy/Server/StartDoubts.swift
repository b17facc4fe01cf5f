package import Configuration
internal import Platform

extension ProxyServer {
  /// What a start on this machine, by this user, would stumble over: directories of logs and
  /// sockets, the user to become. Doubts and no errors, since settings are also checked on machines
  /// where they are never served.
  package static func doubts(about settings: Settings) -> [FileProblem] {
    var doubts: [FileProblem] = []
    for use in directoryUses(settings) {
      guard let problem = problem(of: DirectoryLook.at(use.directory)) else { continue }
      doubts.append(
        FileProblem(
          owner: use.owner, path: use.path,
          message: "on this machine, the directory \(use.directory) \(problem)"))
    }
    return doubts + diskDoubts(settings) + userDoubts(settings.process)
  }

  private struct DirectoryUse {
    var owner: String
    var path: String

    var directory: String { StartError.directory(of: path) }
  }

  private static func directoryUses(_ settings: Settings) -> [DirectoryUse] {
    var uses: [DirectoryUse] = []
    if case .file(let path) = settings.audit.log {
      uses.append(DirectoryUse(owner: "audit", path: path))
    }
    if case .file(let path) = settings.accessLog.destination {
      uses.append(DirectoryUse(owner: "access_log", path: path))
    }
    for listener in settings.listeners {
      guard case .unix(let path) = listener.address else { continue }
      uses.append(DirectoryUse(owner: "listener \(listener.address)", path: path))
    }
    if case .unix(let path) = settings.admin?.address {
      uses.append(DirectoryUse(owner: "admin", path: path))
    }
    return uses
  }

  private static func problem(of look: DirectoryLook) -> String? {
    switch look {
    case .usable: nil
    case .missing: "is not there: 'serve' needs it, and does not make it"
    case .notADirectory: "is no directory"
    case .notWritable: "cannot be written in by the user who checks"
    }
  }

  /// What would keep the cache off its disk: it serves from memory then.
  private static func diskDoubts(_ settings: Settings) -> [FileProblem] {
    guard let disk = settings.cache.disk,
      let flaw = DirectoryFlaw(of: disk.directory, user: settings.process.user)
    else { return [] }
    return [
      FileProblem(
        owner: "cache", path: disk.directory,
        message: "on this machine, nothing is kept on the disk: \(flaw.sentence)")
    ]
  }

  private static func userDoubts(_ process: ProcessSettings) -> [FileProblem] {
    guard let user = process.user else { return [] }
    do throws(SystemError) {
      try Privileges.find(user: user, group: process.group)
      return []
    } catch {
      let message =
        error.isMissing
        ? "on this machine, there is no \(error.subject)"
        : "on this machine, \(error.subject) cannot be looked up: \(error.reason)"
      return [FileProblem(owner: "process", path: nil, message: message)]
    }
  }
}

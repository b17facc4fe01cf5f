internal import Configuration
internal import Platform
internal import Telemetry

// What the system refuses at start, as a sentence that ends with what to do about it.
extension StartError {
  /// An address that cannot be listened on.
  ///
  /// - Parameter setting: the key that names it.
  static func cannotListen(
    on address: ListenAddress, setting: String, _ error: SystemError
  ) -> StartError {
    let sentence = "cannot listen on \(address), which '\(setting)' says"
    guard let remedy = remedy(for: address, error) else {
      return StartError(.unavailable, "\(sentence): \(error)")
    }
    return StartError(.unavailable, "\(sentence): \(error.reason); \(remedy)")
  }

  private static func remedy(for address: ListenAddress, _ error: SystemError) -> String? {
    switch address {
    case .ip(_, let port):
      if error.isAddressInUse { return "'ss -ltnp' shows the program that listens there" }
      if error.isForeignAddress { return "'ip address' lists the addresses of this machine" }
      return error.isPermissionDenied && port < 1024
        ? "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE" : nil
    case .unix(let path):
      if error.isAddressInUse { return "'ss -lxp' shows the program that listens there" }
      if error.isMissing { return "make the directory \(directory(of: path)) first" }
      return error.isPermissionDenied
        ? "the user who starts the program must be able to write in \(directory(of: path))" : nil
    }
  }

  /// A log that cannot be opened.
  ///
  /// - Parameter name: what it is called in sentences, such as `audit log`.
  static func cannotOpen(_ name: String, _ target: LogTarget, _ error: SystemError) -> StartError {
    guard case .file(let path) = target, error.isMissing || error.isPermissionDenied else {
      return StartError(.cannotCreate, "the \(name) cannot be opened: \(error)")
    }
    let directory = directory(of: path)
    let remedy =
      error.isMissing
      ? "make the directory \(directory) first"
      : "the user who starts the program must be able to write in \(directory)"
    return StartError(
      .cannotCreate, "the \(name) \(path) cannot be opened: \(error.reason); \(remedy)")
  }

  /// A user whose rights cannot be taken on.
  static func cannotBecome(_ user: String, _ error: SystemError) -> StartError {
    guard error.isMissing else {
      return StartError(
        .system, "cannot give up the rights of root for user \(user): \(error)")
    }
    return StartError(
      .configuration,
      "there is no \(error.subject), which 'process' names: 'useradd --system' makes a user, "
        + "'groupadd --system' a group")
  }

  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}

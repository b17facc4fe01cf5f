internal import CLinux
internal import Glibc

/// Why a directory could not serve as one for a process alone, found out without changing anything.
package enum DirectoryFlaw: Sendable, Hashable {
  case noDirectory
  /// It belongs to another user than the one who is to use it.
  case foreign
  case writableByOthers
  case notWritable
  /// It is not there, and neither is the one to make it in.
  case noParent
  case parentNotWritable

  /// A sentence without a full stop.
  package var sentence: String {
    switch self {
    case .noDirectory: "this is no directory"
    case .foreign: "this directory belongs to another user than the one who serves"
    case .writableByOthers: "others may write into this directory; chmod 700 it"
    case .notWritable: "this directory cannot be written"
    case .noParent: "there is no directory to make it in"
    case .parentNotWritable: "it cannot be made in the directory above it"
    }
  }

  /// Nil where nothing speaks against it.
  ///
  /// - Parameter user: who is to use it; nil for whoever runs this.
  package init?(of path: String, user: String? = nil) {
    var facts = stat()
    if unsafe lstat(path, &facts) == 0 {
      guard let flaw = Self.flaw(of: facts, at: path, user: user) else { return nil }
      self = flaw
    } else if errno == ENOENT {
      let above = Self.above(path)
      guard unsafe stat(above, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
        self = .noParent
        return
      }
      guard unsafe access(above, W_OK | X_OK) != 0 else { return nil }
      self = .parentNotWritable
    } else {
      self = .noParent
    }
  }

  private static func flaw(of facts: stat, at path: String, user: String?) -> DirectoryFlaw? {
    guard facts.st_mode & S_IFMT == S_IFDIR else { return .noDirectory }
    let isOther = Privileges.isRoot ? user : nil
    let owner = isOther.flatMap { Privileges.number(ofUser: $0) } ?? geteuid()
    guard facts.st_uid == owner else { return .foreign }
    guard facts.st_mode & 0o022 == 0 else { return .writableByOthers }
    guard facts.st_mode & 0o300 == 0o300 else { return .notWritable }
    return unsafe isOther != nil || access(path, W_OK | X_OK) == 0 ? nil : .notWritable
  }

  private static func above(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

internal import CLinux
internal import Glibc

/// The user this process runs as.
package enum Privileges {
  /// Whether this process may become another user.
  package static var isRoot: Bool { geteuid() == 0 }

  /// Becomes the user `name`, with the user's groups (or `group`, when named), for good: to be
  /// called when all that needs privileges is bound and read. Core dumps have to be disabled after
  /// this, not before.
  ///
  /// Throws when there is no such user or group, or when the change is refused or could be taken
  /// back.
  package static func drop(toUser name: String, group: String? = nil) throws(SystemError) {
    let user = try user(named: name)
    let groupNumber = if let group { try groupNumber(of: group) } else { user.group }
    guard unsafe initgroups(name, groupNumber) == 0 else { throw .last("initgroups", on: name) }
    guard setgid(groupNumber) == 0 else { throw .last("setgid", on: name) }
    guard setuid(user.number) == 0 else { throw .last("setuid", on: name) }
    guard user.number == 0 || setuid(0) != 0 else {
      throw SystemError(call: "setuid", code: EPERM, subject: "\(name), since it can be undone")
    }
  }

  /// Throws what `drop` would throw because this machine knows no such user or group.
  package static func find(user name: String, group: String? = nil) throws(SystemError) {
    _ = try user(named: name)
    if let group { _ = try groupNumber(of: group) }
  }

  /// Makes a directory, mode 0700, that belongs to the user `name`. One that is there already stays
  /// as it is, and so is a path that cannot be made: whoever opens it finds out.
  package static func makeDirectory(_ path: String, forUser name: String) throws(SystemError) {
    let user = try user(named: name)
    guard unsafe mkdir(path, 0o700) == 0 else { return }
    guard unsafe lchown(path, user.number, user.group) == 0 else { throw .last("chown", on: path) }
  }

  /// The number of a user; nil where there is none of this name.
  static func number(ofUser name: String) -> UInt32? {
    do throws(SystemError) {
      return try user(named: name).number
    } catch {
      return nil
    }
  }

  private struct User {
    var number: uid_t
    var group: gid_t
  }

  private static let roomForNames = 16_384

  private static func user(named name: String) throws(SystemError) -> User {
    var found: User?
    var code: Int32 = 0
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: roomForNames) { buffer in
      guard let start = buffer.baseAddress else { return }
      var entry = unsafe passwd()
      var result: UnsafeMutablePointer<passwd>?
      code = unsafe getpwnam_r(name, &entry, start, buffer.count, &result)
      if unsafe result != nil { found = unsafe User(number: entry.pw_uid, group: entry.pw_gid) }
    }
    guard let found else {
      throw SystemError(call: "getpwnam", code: code == 0 ? ENOENT : code, subject: "user \(name)")
    }
    return found
  }

  private static func groupNumber(of name: String) throws(SystemError) -> gid_t {
    var found: gid_t?
    var code: Int32 = 0
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: roomForNames) { buffer in
      guard let start = buffer.baseAddress else { return }
      var entry = unsafe group()
      var result: UnsafeMutablePointer<group>?
      code = unsafe getgrnam_r(name, &entry, start, buffer.count, &result)
      if unsafe result != nil { found = unsafe entry.gr_gid }
    }
    guard let found else {
      throw SystemError(call: "getgrnam", code: code == 0 ? ENOENT : code, subject: "group \(name)")
    }
    return found
  }
}

internal import Glibc
internal import Synchronization

/// The file of a listening Unix socket: claimed before binding, removed when this object goes.
///
/// A name in Linux's abstract space (`@name`) has no file; all calls do nothing then.
package final class UnixSocketFile: Sendable {
  // Inode numbers are used again; the time of the change tells such files apart.
  private struct Identity: Equatable {
    var device: UInt
    var inode: UInt
    var changed: Int
    var changedNanoseconds: Int
  }

  private let path: String
  // The file this process made; another may have taken the path since.
  private let identity = Mutex<Identity?>(nil)

  /// Makes way for a socket at `path`. Removes a socket that nobody listens on; throws when
  /// somebody does (`EADDRINUSE`) or when the file is no socket (`EEXIST`).
  package init(claiming path: String) throws(SystemError) {
    self.path = path
    guard !path.hasPrefix("@") else { return }
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw .last("lstat", on: path)
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw SystemError(call: "bind", code: EEXIST, subject: path)
    }
    let address = SocketAddress.unix(path: path)
    let probe = try Descriptor.stream(for: address)
    do throws(SystemError) {
      _ = try probe.connect(to: address)
    } catch  where error.code == ECONNREFUSED {
      guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .last("unlink", on: path) }
      return
    } catch  where error.code == ENOENT {
      return
    }
    throw SystemError(call: "bind", code: EADDRINUSE, subject: path)
  }

  deinit { remove() }

  /// To be called when the socket is bound: sets the permissions and remembers the file.
  package func created(mode: UInt32) throws(SystemError) {
    guard !path.hasPrefix("@") else { return }
    guard unsafe chmod(path, mode_t(mode)) == 0 else { throw .last("chmod", on: path) }
    let made = Self.identity(of: path)
    identity.withLock { $0 = made }
  }

  /// Removes the file, if it is still the one this process made.
  package func remove() {
    let made = identity.withLock { $0.take() }
    guard let made, Self.identity(of: path) == made else { return }
    unsafe unlink(path)
  }

  private static func identity(of path: String) -> Identity? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    return Identity(
      device: UInt(status.st_dev), inode: UInt(status.st_ino), changed: status.st_ctim.tv_sec,
      changedNanoseconds: status.st_ctim.tv_nsec)
  }
}

extension Descriptor {
  /// Sets the permissions that the file of this Unix socket is made with.
  package borrowing func setMode(_ mode: UInt32) throws(SystemError) {
    guard fchmod(number, mode_t(mode)) == 0 else { throw .last("fchmod") }
  }
}

internal import Glibc

/// A small file that holds a secret: what is in it, and who may look.
package struct SecretFile: Sendable {
  package let bytes: [UInt8]
  private let permissions: UInt32

  /// Whether every user of the machine may read or write the file.
  package var isOpenToOthers: Bool { permissions & 0o006 != 0 }

  /// Reads the regular file at `path`, symbolic links followed, `limit` bytes of it at most.
  ///
  /// Contents and permissions are those of one file, whatever happens to the path meanwhile.
  package init(path: String, limit: Int) throws(SystemError) {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard number >= 0 else { throw .last("open", on: path) }
    let file = Descriptor(owning: number)
    var facts = stat()
    guard unsafe fstat(file.number, &facts) == 0 else { throw .last("fstat", on: path) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      throw SystemError(call: "open", code: EINVAL, subject: path)
    }
    permissions = facts.st_mode & 0o777
    var content = [UInt8](repeating: 0, count: max(limit, 0))
    var count = 0
    while count < content.count {
      let result = unsafe content.withUnsafeMutableBytes { buffer in
        unsafe read(file.number, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      }
      if result < 0, errno == EINTR { continue }
      guard result >= 0 else { throw .last("read", on: path) }
      if result == 0 { break }
      count += result
    }
    bytes = Array(content.prefix(count))
  }

  /// Makes the file at `path`, mode 0600, with these bytes in it and on the disk. What is there is
  /// left as it is: the error is `EEXIST`, also for a symbolic link that leads nowhere.
  package static func make(path: String, holding bytes: Span<UInt8>) throws(SystemError) {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY
    let number = unsafe open(path, flags, 0o600)
    guard number >= 0 else { throw .last("open", on: path) }
    let file = Descriptor(owning: number)
    do throws(SystemError) {
      // The mask of the process can only have taken rights away.
      guard fchmod(file.number, 0o600) == 0 else { throw .last("fchmod", on: path) }
      try write(bytes, to: file.number, path: path)
      guard fsync(file.number) == 0 else { throw .last("fsync", on: path) }
    } catch {
      _ = unsafe unlink(path)
      throw error
    }
  }

  private static func write(
    _ bytes: Span<UInt8>, to number: Int32, path: String
  ) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.extracting(written...).withUnsafeBytes { rest in
        unsafe Glibc.write(number, rest.baseAddress, rest.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .last("write", on: path) }
      written += count
    }
  }
}

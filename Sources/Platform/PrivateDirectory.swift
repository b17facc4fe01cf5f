internal import CLinux
internal import Glibc

/// A directory that belongs to this process alone: files by name, nobody else's writing in it.
///
/// Names are single components, given by the program; a name with a slash in it is refused.
package struct PrivateDirectory: ~Copyable, Sendable {
  package let path: String
  private let descriptor: Descriptor
  private let permissions: UInt32
  private let owner: UInt32

  /// Opens the directory at `path`, and makes it, mode 0700, where there is none. A symbolic link
  /// is not followed.
  package init(path: String) throws(SystemError) {
    if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw .last("mkdir", on: path) }
    let number = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { throw .last("open", on: path) }
    let opened = Descriptor(owning: number)
    var facts = stat()
    guard unsafe fstat(opened.number, &facts) == 0 else { throw .last("fstat", on: path) }
    descriptor = opened
    self.path = path
    permissions = facts.st_mode & 0o777
    owner = facts.st_uid
  }

  /// Whether somebody but this process's user may change what is in it.
  package var isWritableByOthers: Bool { permissions & 0o022 != 0 || owner != geteuid() }

  /// Keeps other processes out that ask the same, until this value goes; false when one is in.
  package borrowing func lock() throws(SystemError) -> Bool {
    if countersign_lock_file(descriptor.number) == 0 { return true }
    guard errno == EWOULDBLOCK else { throw .last("flock", on: path) }
    return false
  }

  /// Lets other processes in before this value goes.
  package borrowing func unlock() { _ = countersign_unlock_file(descriptor.number) }

  /// The names of what is in it, in no order.
  package borrowing func names() throws(SystemError) -> [String] {
    // A descriptor of its own: reading a directory moves the place in it.
    let number = unsafe openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw .last("open", on: path) }
    guard let stream = unsafe fdopendir(number) else {
      _ = Glibc.close(number)
      throw .last("fdopendir", on: path)
    }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
        unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Makes a file that is not there yet, mode 0600, for reading and writing.
  package borrowing func create(_ name: String) throws(SystemError) -> DataFile {
    try open(name, O_RDWR | O_CREAT | O_EXCL)
  }

  /// Opens a regular file for reading.
  package borrowing func open(_ name: String) throws(SystemError) -> DataFile {
    try open(name, O_RDONLY | O_NONBLOCK)
  }

  private borrowing func open(_ name: String, _ flags: Int32) throws(SystemError) -> DataFile {
    guard !name.utf8.contains(0x2F) else {
      throw SystemError(call: "open", code: EINVAL, subject: name)
    }
    let number = unsafe openat(
      descriptor.number, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0o600)
    guard number >= 0 else { throw .last("open", on: "\(path)/\(name)") }
    return try DataFile(owning: number, name: "\(path)/\(name)")
  }

  /// Gives a file another name, in place of whatever has that.
  package borrowing func rename(_ name: String, to other: String) throws(SystemError) {
    guard unsafe renameat(descriptor.number, name, descriptor.number, other) == 0 else {
      throw .last("rename", on: "\(path)/\(name)")
    }
  }

  /// Waits until the names of new files are on the disk.
  package borrowing func synchronize() throws(SystemError) {
    guard fsync(descriptor.number) == 0 else { throw .last("fsync", on: path) }
  }

  /// Takes a file away; what has it open reads on.
  package borrowing func remove(_ name: String) throws(SystemError) {
    guard unsafe unlinkat(descriptor.number, name, 0) == 0 else {
      throw .last("unlink", on: "\(path)/\(name)")
    }
  }
}

/// A regular file that is read and written at given places.
package struct DataFile: ~Copyable, Sendable {
  /// What messages call it.
  package let name: String
  private let descriptor: Descriptor

  fileprivate init(owning number: Int32, name: String) throws(SystemError) {
    let opened = Descriptor(owning: number)
    var facts = stat()
    guard unsafe fstat(opened.number, &facts) == 0 else { throw .last("fstat", on: name) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      throw SystemError(call: "open", code: EINVAL, subject: name)
    }
    descriptor = opened
    self.name = name
  }

  /// How long it is now, in bytes.
  package borrowing func size() throws(SystemError) -> Int {
    var facts = stat()
    guard unsafe fstat(descriptor.number, &facts) == 0 else { throw .last("fstat", on: name) }
    return Int(facts.st_size)
  }

  /// Reads up to `count` bytes from a place; fewer only where the file ends.
  package borrowing func read(at position: Int, count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(count, 0))
    var filled = 0
    while filled < bytes.count {
      let result = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(
          descriptor.number, buffer.baseAddress?.advanced(by: filled), buffer.count - filled,
          position + filled)
      }
      if result < 0, errno == EINTR { continue }
      guard result >= 0 else { throw .last("pread", on: name) }
      if result == 0 { break }
      filled += result
    }
    if filled < bytes.count { bytes.removeLast(bytes.count - filled) }
    return bytes
  }

  /// Writes all bytes at a place.
  package borrowing func write(_ bytes: [UInt8], at position: Int) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let result = unsafe bytes.withUnsafeBytes { buffer in
        unsafe pwrite(
          descriptor.number, buffer.baseAddress?.advanced(by: written), buffer.count - written,
          position + written)
      }
      if result < 0, errno == EINTR { continue }
      guard result > 0 else { throw .last("pwrite", on: name) }
      written += result
    }
  }

  /// Cuts off what lies beyond a place.
  package borrowing func truncate(to count: Int) throws(SystemError) {
    guard ftruncate(descriptor.number, count) == 0 else { throw .last("ftruncate", on: name) }
  }

  /// Waits until what was written is on the disk.
  package borrowing func synchronize() throws(SystemError) {
    guard fdatasync(descriptor.number) == 0 else { throw .last("fdatasync", on: name) }
  }
}

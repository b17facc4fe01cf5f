internal import Glibc

/// Which file a path or a descriptor stands for: two that are equal are one file.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let node: UInt64

  fileprivate init(_ facts: stat) {
    device = UInt64(facts.st_dev)
    node = UInt64(facts.st_ino)
  }

  /// The file at `path`, symbolic links followed, or nil when there is none or it cannot be looked
  /// at.
  package init?(path: String) {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    self.init(facts)
  }
}

/// A file that is only ever written at its end: a log.
package struct AppendFile: ~Copyable, Sendable {
  /// What messages call it: the path, or `standard error`.
  package let name: String
  private let descriptor: Descriptor

  /// Opens or creates the file at `path`, mode 0640. Does not wait for the reader of a named pipe.
  package init(path: String) throws(SystemError) {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    let number = unsafe open(path, flags, 0o640)
    guard number >= 0 else { throw .last("open", on: path) }
    name = path
    descriptor = Descriptor(owning: number)
  }

  /// Another descriptor for one of the process's own streams.
  private init(duplicating stream: Int32, named name: String) throws(SystemError) {
    let copy = fcntl(stream, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .last("fcntl(F_DUPFD_CLOEXEC)", on: name) }
    self.name = name
    descriptor = Descriptor(owning: copy)
  }

  package static func standardError() throws(SystemError) -> AppendFile {
    try AppendFile(duplicating: STDERR_FILENO, named: "standard error")
  }

  package static func standardOutput() throws(SystemError) -> AppendFile {
    try AppendFile(duplicating: STDOUT_FILENO, named: "standard output")
  }

  /// Which file is open, or nil when the system does not say.
  package var identity: FileIdentity? {
    var facts = stat()
    guard unsafe fstat(descriptor.number, &facts) == 0 else { return nil }
    return FileIdentity(facts)
  }

  /// Whether the file ends within a line: a writer died there. False also where it cannot be read.
  package var endsWithinLine: Bool {
    var facts = stat()
    guard unsafe fstat(descriptor.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
      facts.st_size > 0
    else { return false }
    let number = unsafe open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { return false }
    let reader = Descriptor(owning: number)
    var last: UInt8 = 0x0A
    let count = unsafe pread(reader.number, &last, 1, facts.st_size - 1)
    return count == 1 && last != 0x0A
  }

  /// Writes what the file takes of `bytes`, in one call. May block, on a disk or a terminal.
  package borrowing func append(_ bytes: Span<UInt8>) -> TransferResult {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      while true {
        let count = unsafe write(descriptor.number, buffer.baseAddress, buffer.count)
        if count >= 0 { return .transferred(count) }
        if errno == EINTR { continue }
        return errno == EAGAIN ? .wouldBlock : .failed(errno)
      }
    }
  }
}

internal import Glibc

/// What this process may do with a directory, without trying it.
package enum DirectoryLook: Hashable, Sendable {
  /// Files can be made in it.
  case usable
  case missing
  case notADirectory
  /// This process's user may not make files in it.
  case notWritable

  /// Looks at `path`; what cannot be looked at counts as not writable.
  package static func at(_ path: String) -> DirectoryLook {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else {
      return errno == ENOENT || errno == ENOTDIR ? .missing : .notWritable
    }
    guard facts.st_mode & S_IFMT == S_IFDIR else { return .notADirectory }
    return unsafe faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0 ? .usable : .notWritable
  }
}

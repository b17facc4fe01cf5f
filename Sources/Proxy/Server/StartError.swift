/// Why the program cannot start, or a reload cannot be taken over: one sentence, with the place
/// and, where there is one, the remedy.
package struct StartError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of thing failed; `Command` makes the exit status of it (sysexits.h).
  package enum Kind: Sendable {
    /// Settings that cannot work: 78.
    case configuration
    /// Something the program needs is not there, such as a free port: 69.
    case unavailable
    /// A file cannot be written: 73.
    case cannotCreate
    /// The operating system refused: 71.
    case system
  }

  package let kind: Kind
  package let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

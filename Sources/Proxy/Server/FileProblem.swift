/// Why a file that settings name cannot be used.
package struct FileProblem: Sendable, Equatable {
  /// What of the settings needs it, such as `listener 0.0.0.0:8443`.
  package var owner: String
  /// The file, or the one nearest to the problem; nil where no file is named.
  package var path: String?
  /// A sentence without a full stop.
  package var message: String

  package init(owner: String, path: String?, message: String) {
    self.owner = owner
    self.path = path
    self.message = message
  }
}

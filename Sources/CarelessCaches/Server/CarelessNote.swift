internal import Primitives

/// What became of one exchange, for the log: no query, no field, no content, so nothing secret.
package struct CarelessNote: Equatable, Sendable {
  /// So much of a path is told.
  private static let longestPath = 200

  package let method: [UInt8]
  /// Without its query.
  package let path: [UInt8]
  package let status: UInt16
  package let deeds: [Deed]

  package init(method: [UInt8], path: [UInt8], status: UInt16, deeds: [Deed]) {
    self.method = method
    self.path = path
    self.status = status
    self.deeds = deeds
  }

  /// One line: `POST /login 200 replayed, stamped`.
  package var line: String {
    let deeds = deeds.map(\.rawValue).joined(separator: ", ")
    let shown = path.prefix(Self.longestPath).displayText
    return "\(method.displayText) \(shown) \(status) \(deeds)"
  }
}

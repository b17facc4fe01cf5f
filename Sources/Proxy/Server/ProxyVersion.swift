/// What is running.
package enum ProxyVersion {
  /// The version of this program, as `countersign version` and the metrics tell it.
  package static let text = "0.1.0"
}

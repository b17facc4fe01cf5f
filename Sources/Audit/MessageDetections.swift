internal import Verdict

extension Detection {
  /// What a message was refused for before any route was asked, where that is a check's business;
  /// `code` is the stable one of the refusal. Nothing of it went on, so it is said as low.
  package init?(refusedMessage code: String) {
    let check: CheckID
    let reason: ReasonCode
    switch code {
    case "bare-line-feed", "bare-carriage-return", "folded-line", "space-before-colon",
      "content-length-and-transfer-encoding", "repeated-content-length", "invalid-content-length",
      "repeated-transfer-encoding", "invalid-transfer-encoding", "unsupported-transfer-coding",
      "transfer-encoding-in-http-1-0", "invalid-chunk-size", "chunk-size-too-large",
      "missing-chunk-end", "repeated-host", "host-mismatch":
      (check, reason) = (.psn05, "ambiguous-message")
    case "connection-names-end-to-end-field", "invalid-connection-option":
      (check, reason) = (.psn06, "connection-option")
    case "broken-escape-in-path", "escaped-control-in-path", "backslash-in-path":
      (check, reason) = (.pth03, "unreadable-path")
    case "disguised-field-name": (check, reason) = (.psn01, "disguised-field-name")
    default: return nil
    }
    self.init(
      check, reason, severity: .low, action: .refused,
      [Evidence("violation", .published(code.utf8))])
  }
}

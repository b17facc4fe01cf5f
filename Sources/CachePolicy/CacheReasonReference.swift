/// The page about all reasons, as Markdown, made of their table.
package enum CacheReasonReference {
  package static var text: String {
    var text = """
      # Why the cache did what it did

      Written by `make docs` from the program's own table. The code is the same in `detail` of \
      `Cache-Status` (RFC 9211 §2.7), in `cache` of the access log, in the label `reason` of \
      `countersign_cache_outcomes_total` of the [metrics](metrics.md) and in `countersign \
      explain`. A response that was stored says so by `stored` in `Cache-Status`, whose `detail` \
      then is why it was asked for. Codes are stable. *operator* marks what a setting decides, \
      *Countersign* what this program adds to the RFCs, an id such as *PSN-03* the \
      [check](findings.md) that it serves.

      | code | `fwd` | rule | what it says | what would change it |
      |---|---|---|---|---|

      """
    for reason in CacheReason.allCases {
      let row = reason.row
      text += "| `\(row.code)` | \(reason.forwardColumn) | \(row.section) | \(row.meaning) | "
      text += "\(reason.remedy ?? "")" + " |\n"
    }
    return text
  }
}

extension CacheReason {
  /// What `fwd` says where a request goes to the origin for this reason; nothing where none does.
  fileprivate var forwardColumn: String {
    let cause = forwardCause
    return cause == .bypass && !isBypass ? "" : "`\(cause.token)`"
  }

  /// Whether a request passes the store by for this reason.
  private var isBypass: Bool {
    switch self {
    case .decision, .cacheDisabled, .requestContent, .requestAuthorization, .requestCredential,
      .requestCookie,
      .requestPrecondition, .bypassRule, .methodOverride, .ambiguousPath:
      true
    default: false
    }
  }
}

internal import Verdict

/// The page about findings and all checks, as Markdown, made of the catalogue.
package enum FindingReference {
  package static var text: String {
    var text = introduction
    for family in families {
      text += "\n## \(family.prefix)\n\n\(family.about)\n\n"
      text += "| id | severity | status | what is looked for | what is done against it |\n"
      text += "|---|---|---|---|---|\n"
      for check in CheckCatalogue.all where check.id.rawValue.hasPrefix(family.prefix) {
        text += "| `\(check.id.rawValue)` | \(check.severity.name) | \(check.status) | "
        text += "\(check.condition) | \(check.prevention ?? "") |\n"
      }
    }
    return text
  }

  private static let introduction = """
    # Findings

    Written by `make docs` from the program's own catalogue.

    A finding is one occurrence of a check: something on the path between a consumer and its auth \
    service that lets, or could let, a wrong verdict through. Each is one line of JSON in the \
    audit log, with the id of the check, its severity, the route, the consumer, a reason, and \
    evidence taken only from what is no secret. The ids never change their meaning.

    The one to know first is `BND-01`: the answer does not carry the transaction token of the \
    request that it is given for. On an enforcing route that answer is refused; somewhere behind \
    Countersign something keeps verdicts.

    The `status` of a check:

    | status | means |
    |---|---|
    | found | there is a finding where its condition holds |
    | found, prevented | a finding, and the danger is taken away, unless the route only audits |
    | prevented | the danger is taken away; there is nothing to find |
    | announced | the id is reserved; this version neither looks for it nor does anything about it |

    What the catalogue says besides, why each check matters and what to do about it, is at `GET \
    /checks` of the [admin listener](admin.md), with the severity it has where nothing softens it. \
    A finding is less severe than that where Countersign took the danger away. Its `action` says \
    what was done:

    | action | means |
    |---|---|
    | `refused` | it did not reach the client, or a request did not reach the service |
    | `hardened` | it did, with fields that keep caches off |
    | `withheld` | it did, and was kept out of the store |
    | `removed` | it did; the field that the finding is about did not reach the service |
    | `keyed` | it did, and was stored for requests with the same value of that field only |
    | `observed` | nothing was done |

    """

  private struct Family {
    let prefix: String
    let about: String
  }

  private static let families: [Family] = [
    Family(
      prefix: "BND",
      about: "A verdict that is not bound to its request: wrong or no token, another subject."),
    Family(prefix: "REP", about: "A verdict, session or token that was delivered before."),
    Family(prefix: "RSP", about: "A decision that a cache may store, as the service sent it."),
    Family(prefix: "UPS", about: "Signs of a cache between Countersign and the service."),
    Family(prefix: "REQ", about: "Signs of a cache between the consumer and Countersign."),
    Family(prefix: "KEY", about: "Cache keys that leave out what the response depends on."),
    Family(prefix: "PTH", about: "Paths that two readers understand differently."),
    Family(
      prefix: "PSN",
      about: "Inputs that change a response and are in no key; ambiguous messages."),
    Family(prefix: "CFG", about: "Configuration that invites any of the above."),
    Family(prefix: "PRB", about: "Journeys that were probed and went wrong."),
  ]
}

extension Check {
  fileprivate var status: String {
    switch (isDetected, prevention != nil) {
    case (true, true): "found, prevented"
    case (true, false): "found"
    case (false, true): "prevented"
    case (false, false): "announced"
    }
  }
}

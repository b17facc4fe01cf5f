internal import Verdict

extension Check {
  /// What this program does against it on its own account, found or not; nil where it only looks,
  /// or not even that.
  package var prevention: String? { preventions[id] }
}

private let hardened: String =
  "the decision goes out with fields that keep every cache off it"
private let refused: String = "refused on routes that enforce"
private let neverStored: String = "decisions are never stored, reused or collapsed"
private let lint: String = "`countersign check` warns of it"

/// By check; what stands here is true of every release that has the row.
private let preventions: [CheckID: String] = [
  .rsp01: hardened, .rsp02: hardened, .rsp03: hardened, .rsp04: hardened, .rsp05: hardened,
  .rsp06: hardened, .rsp07: hardened, .rsp08: hardened, .rsp09: hardened, .rsp10: hardened,
  .rsp11: hardened, .rsp13: hardened,
  .rsp14: "no range and no coding is asked for on decision routes; what is partial or coded all "
    + "the same is refused where it enforces",
  .ups01: refused, .ups06: refused,
  .req01: "preconditions and ranges of a decision request end here",
  .bnd01: refused, .bnd02: refused, .bnd03: refused, .bnd04: refused,
  .bnd05: refused, .rep01: refused, .rep02: refused, .rep03: refused,
  .bnd06: refused, .bnd07: refused, .bnd08: refused,
  .key01: neverStored, .key02: neverStored,
  .key03: "answers to POST are not stored, but one that says it is what GET gets; a GET with "
    + "content is neither looked up nor stored",
  .key04: "what a peer that is not trusted says of hosts and addresses does not reach the service; "
    + "`key.fields` puts what a trusted one says into the key",
  .key05: "keys are compared whole",
  .key06: "every part of a key has its length before it",
  .key07: "scheme, host and port are in every key",
  .key08: "cookies and credentials stand in keys as keyed digests; logs show no queries",
  .key09: "what is coded is stored as if `Vary` named Accept-Encoding",
  .key10: "no more variants are kept than `max_variants`",
  .key11: "stored as if `Vary` named Origin",
  .pth01: "not stored",
  .pth02: "a declared decision is verified in every spelling; nothing is stored under such a path",
  .pth03: "broken escapes, escaped control characters and backslashes are refused with 400; a "
    + "declared decision is verified in every spelling; nothing is stored under such a path",
  .pth04: "a declared decision is verified in every spelling; nothing is stored under a path with "
    + "empty segments",
  .pth05: "not stored",
  .pth06: "the whole query is the key; `drop_parameters` never drops one with `;`",
  .psn01: "does not reach the service from a peer that is not trusted; X-Original-URL and its like "
    + "make the request one for a decision",
  .psn02: "neither looked up nor stored",
  .psn03: "neither looked up nor stored with the field",
  .psn04: "not stored",
  .psn05: "refused with 400",
  .psn06: "refused with 400, or the named field ends here",
  .cfg01: lint, .cfg02: lint, .cfg03: lint, .cfg10: lint, .cfg12: lint,
]

extension CacheReason {
  /// This reason's row: code, origin of the rule, meaning.
  package var row: CacheReasonRow {
    switch self {
    case .decision:
      CacheReasonRow(
        code: "decision", section: "Countersign",
        meaning: "The exchange is a decision: it is never stored, reused or collapsed.")
    case .cacheDisabled:
      CacheReasonRow(
        code: "cache-disabled", section: "operator",
        meaning: "No cache rule enables the cache for this route.")
    case .methodNotCacheable:
      CacheReasonRow(
        code: "method-not-cacheable", section: "RFC 9111 §3",
        meaning: "Only GET is stored, and only GET and HEAD are answered from the store.")
    case .requestContent:
      CacheReasonRow(
        code: "request-content", section: "RFC 9110 §9.3.1",
        meaning: "A GET or HEAD with content is neither stored nor answered from the store.")
    case .requestAuthorization:
      CacheReasonRow(
        code: "request-authorization", section: "operator",
        meaning: "The request carries Authorization and the rules share nothing with such requests."
      )
    case .requestCredential:
      CacheReasonRow(
        code: "request-credential", section: "operator",
        meaning: "The request carries an API key or token in a field that is no part of the key.")
    case .requestCookie:
      CacheReasonRow(
        code: "request-cookie", section: "operator",
        meaning: "The request carries a cookie that the rules do not name as ignorable.")
    case .requestPrecondition:
      CacheReasonRow(
        code: "request-precondition", section: "RFC 9111 §4.3.2",
        meaning: "If-Match and If-Unmodified-Since are for the origin to evaluate.")
    case .bypassRule:
      CacheReasonRow(
        code: "bypass-rule", section: "operator",
        meaning: "A rule keeps requests with this field or cookie out of the cache.")
    case .methodOverride:
      CacheReasonRow(
        code: "method-override", section: "PSN-03",
        meaning: "A field asks the origin to read the request as another method.")
    case .requestNoStore:
      CacheReasonRow(
        code: "request-no-store", section: "RFC 9111 §5.2.1.5",
        meaning: "The request says no-store.")
    case .responseNoStore:
      CacheReasonRow(
        code: "response-no-store", section: "RFC 9111 §5.2.2.5",
        meaning: "The response says no-store.")
    case .responsePrivate:
      CacheReasonRow(
        code: "response-private", section: "RFC 9111 §5.2.2.7",
        meaning: "The response says private, and this cache is shared.")
    case .statusNotFinal:
      CacheReasonRow(
        code: "status-not-final", section: "RFC 9111 §3",
        meaning: "An interim response is not stored.")
    case .statusNotUnderstood:
      CacheReasonRow(
        code: "status-not-understood", section: "RFC 9111 §5.2.2.3",
        meaning: "The response says must-understand and its status is not understood.")
    case .statusNotStorable:
      CacheReasonRow(
        code: "status-not-storable", section: "RFC 9111 §3",
        meaning: "A 206 or 304 is not stored by itself.")
    case .authorizationNotShared:
      CacheReasonRow(
        code: "authorization-not-shared", section: "RFC 9111 §3.5",
        meaning: "The request carried Authorization and the response does not allow sharing.")
    case .setCookie:
      CacheReasonRow(
        code: "set-cookie", section: "RFC 9111 §7.3",
        meaning: "The response sets a cookie and the rules do not store such responses.")
    case .varyAny:
      CacheReasonRow(
        code: "vary-any", section: "RFC 9111 §4.1",
        meaning: "Vary says *: no later request can match.")
    case .varyTooLarge:
      CacheReasonRow(
        code: "vary-too-large", section: "RFC 9111 §4.1",
        meaning: "Vary names more fields, or longer values, than the limits allow.")
    case .noFreshness:
      CacheReasonRow(
        code: "no-freshness", section: "RFC 9111 §3",
        meaning: "No explicit freshness, and none may be assumed for this status.")
    case .uselessWhenStale:
      CacheReasonRow(
        code: "useless-when-stale", section: "RFC 9111 §4.2",
        meaning: "The response is stale on arrival and has no validator.")
    case .contentUnseen:
      CacheReasonRow(
        code: "content-unseen", section: "Countersign",
        meaning:
          "What an auth service says here is coded or too long to look at: a decision, maybe.")
    case .personalPage:
      CacheReasonRow(
        code: "personal-page", section: "Countersign",
        meaning: "A page of an auth service shows signs of one user.")
    case .unexpectedPage:
      CacheReasonRow(
        code: "unexpected-page", section: "Countersign",
        meaning: "An auth service answered with a page where an asset or a document was asked for.")
    case .postNotForTarget:
      CacheReasonRow(
        code: "post-not-for-target", section: "RFC 9110 §9.3.3",
        meaning:
          "A POST is stored only with explicit freshness and its target as Content-Location."
      )
    case .partContradiction:
      CacheReasonRow(
        code: "part-contradiction", section: "RFC 9110 §15.3.7",
        meaning: "The 206 contradicts its own range, its length, or what was asked.")
    case .multipartPart:
      CacheReasonRow(
        code: "multipart-part", section: "RFC 9111 §3.3",
        meaning: "A 206 with several parts is not stored.")
    case .errorOfRequest:
      CacheReasonRow(
        code: "error-of-request", section: "PSN-04",
        meaning: "The error is about fields or content of this request, not about its target.")
    case .ambiguousPath:
      CacheReasonRow(
        code: "ambiguous-path", section: "RFC 3986 §6.2.2",
        meaning:
          "The path holds hidden delimiters, dot or empty segments, or parameters: readers differ.")
    case .otherSpelling:
      CacheReasonRow(
        code: "other-spelling", section: "RFC 3986 §6.2.2",
        meaning:
          "The path holds escapes that need not be, and the answer, no success, may be about those."
      )
    case .suffixMismatch:
      CacheReasonRow(
        code: "suffix-mismatch", section: "Countersign",
        meaning: "The path ends like a static file of one type, and the response is of another.")
    case .staticNameMismatch:
      CacheReasonRow(
        code: "static-name-mismatch", section: "PTH-05",
        meaning:
          "A name for static content was answered with a page or data for somebody signed in.")
    case .stored:
      CacheReasonRow(
        code: "stored", section: "RFC 9111 §3",
        meaning: "The response was stored.")
    case .objectTooLarge:
      CacheReasonRow(
        code: "object-too-large", section: "operator",
        meaning: "The content is longer than the object limit.")
    case .incomplete:
      CacheReasonRow(
        code: "incomplete", section: "RFC 9111 §3.3",
        meaning: "The content ended early or disagreed with its length.")
    case .storeCancelled:
      CacheReasonRow(
        code: "store-cancelled", section: "operator",
        meaning: "The exchange ended before the content was complete.")
    case .storeFull:
      CacheReasonRow(
        code: "store-full", section: "operator",
        meaning: "The object does not fit into the store's budget.")
    case .invalidated:
      CacheReasonRow(
        code: "invalidated", section: "RFC 9111 §4.4",
        meaning: "The key was invalidated or purged while the response was on its way.")
    case .incompleteKept:
      CacheReasonRow(
        code: "incomplete-kept", section: "RFC 9111 §3.3",
        meaning: "The content broke off; what came is kept, to be completed by a range.")
    case .nothingStored:
      CacheReasonRow(
        code: "nothing-stored", section: "RFC 9111 §4",
        meaning: "Nothing is stored under this key.")
    case .noMatchingVariant:
      CacheReasonRow(
        code: "no-matching-variant", section: "RFC 9111 §4.1",
        meaning: "What is stored under this key was selected by other request fields.")
    case .requestNoCache:
      CacheReasonRow(
        code: "request-no-cache", section: "RFC 9111 §5.2.1.4",
        meaning: "The request says no-cache.")
    case .requestPragma:
      CacheReasonRow(
        code: "request-pragma", section: "RFC 9111 §5.4",
        meaning: "The request says Pragma: no-cache and has no Cache-Control.")
    case .requestMaxAge:
      CacheReasonRow(
        code: "request-max-age", section: "RFC 9111 §5.2.1.1",
        meaning: "The stored response is older than the request's max-age.")
    case .requestMinFresh:
      CacheReasonRow(
        code: "request-min-fresh", section: "RFC 9111 §5.2.1.3",
        meaning: "The stored response will not stay fresh for as long as min-fresh asks.")
    case .responseNoCache:
      CacheReasonRow(
        code: "response-no-cache", section: "RFC 9111 §5.2.2.4",
        meaning: "The stored response says no-cache: it is validated before each use.")
    case .stale:
      CacheReasonRow(
        code: "stale", section: "RFC 9111 §4.2",
        meaning: "The stored response is stale.")
    case .mustRevalidate:
      CacheReasonRow(
        code: "must-revalidate", section: "RFC 9111 §4.2.4",
        meaning:
          "The stored response is stale, and a directive forbids its use without validation."
      )
    case .fresh:
      CacheReasonRow(
        code: "fresh", section: "RFC 9111 §4.2",
        meaning: "The stored response is fresh.")
    case .fromDisk:
      CacheReasonRow(
        code: "from-disk", section: "Countersign",
        meaning: "The stored response is within its lifetime; the disk had it, the memory had not.")
    case .maxStale:
      CacheReasonRow(
        code: "max-stale", section: "RFC 9111 §5.2.1.2",
        meaning: "The stored response is stale within the request's max-stale.")
    case .staleWhileRevalidate:
      CacheReasonRow(
        code: "stale-while-revalidate", section: "RFC 5861 §3",
        meaning: "The stored response is stale and served while it is validated in the background.")
    case .staleIfError:
      CacheReasonRow(
        code: "stale-if-error", section: "RFC 5861 §4",
        meaning: "The origin failed and the stored response is stale within stale-if-error.")
    case .disconnected:
      CacheReasonRow(
        code: "disconnected", section: "RFC 9111 §4.2.4",
        meaning: "The origin cannot be reached and the stored response may be served stale.")
    case .validated:
      CacheReasonRow(
        code: "validated", section: "RFC 9111 §4.3.3",
        meaning: "The origin confirmed the stored response with a 304.")
    case .notModified:
      CacheReasonRow(
        code: "not-modified", section: "RFC 9111 §4.3.2",
        meaning: "The client holds the stored response already: it is answered with 304.")
    case .onlyIfCached:
      CacheReasonRow(
        code: "only-if-cached", section: "RFC 9111 §5.2.1.7",
        meaning: "The request says only-if-cached and nothing stored may be used: 504.")
    case .staleTooLong:
      CacheReasonRow(
        code: "stale-too-long", section: "RFC 5861 §4",
        meaning: "The origin failed and the stored response is stale beyond what is allowed.")
    case .errorNotCovered:
      CacheReasonRow(
        code: "error-not-covered", section: "RFC 5861 §4",
        meaning: "The origin's answer is not an error that a stale response may stand in for.")
    case .validatorMismatch:
      CacheReasonRow(
        code: "validator-mismatch", section: "RFC 9111 §4.3.4",
        meaning: "The 304 is about another representation than the stored one.")
    case .notAValidation:
      CacheReasonRow(
        code: "not-a-validation", section: "RFC 9111 §4.3.3",
        meaning: "The response is not a 304: it replaces the stored one or passes.")
    case .unsafeMethod:
      CacheReasonRow(
        code: "unsafe-method", section: "RFC 9111 §4.4",
        meaning: "An unsafe request succeeded: what is stored for its target is invalid.")
    case .groupInvalidated:
      CacheReasonRow(
        code: "group-invalidated", section: "RFC 9875 §3",
        meaning: "An unsafe request succeeded and named a group that the stored response is in.")
    case .rangeAnswered:
      CacheReasonRow(
        code: "range-answered", section: "RFC 9110 §15.3.7",
        meaning: "The ranges asked for were answered from what is stored.")
    case .rangeIgnored:
      CacheReasonRow(
        code: "range-ignored", section: "RFC 9110 §14.2",
        meaning: "The Range field means nothing here: the whole is the answer.")
    case .ifRangeFailed:
      CacheReasonRow(
        code: "if-range-failed", section: "RFC 9110 §13.1.5",
        meaning:
          "If-Range names another representation than the stored one: the whole is the answer.")
    case .rangeNotSatisfiable:
      CacheReasonRow(
        code: "range-not-satisfiable", section: "RFC 9110 §15.5.17",
        meaning: "No range asked for lies within the stored representation: 416.")
    case .partMissing:
      CacheReasonRow(
        code: "part-missing", section: "RFC 9111 §3.3",
        meaning: "A part is stored, and it does not hold all that was asked for.")
    case .partWithoutValidator:
      CacheReasonRow(
        code: "part-without-validator", section: "RFC 9111 §3.4",
        meaning: "A part is stored that nothing can be added to: it has no strong validator.")
    case .partCombined:
      CacheReasonRow(
        code: "part-combined", section: "RFC 9111 §3.4",
        meaning: "The stored part and the new one were combined.")
    case .partMismatch:
      CacheReasonRow(
        code: "part-mismatch", section: "RFC 9111 §3.4",
        meaning: "The new part is of another representation than the stored one.")
    case .partNotAdjacent:
      CacheReasonRow(
        code: "part-not-adjacent", section: "RFC 9111 §3.4",
        meaning: "Between the stored part and the new one bytes are missing.")
    case .headFreshened:
      CacheReasonRow(
        code: "head-freshened", section: "RFC 9111 §4.3.5",
        meaning: "The answer to a HEAD confirmed the stored response.")
    case .headContradiction:
      CacheReasonRow(
        code: "head-contradiction", section: "RFC 9111 §4.3.5",
        meaning: "The answer to a HEAD is about another representation than the stored one.")
    case .headSaysNothing:
      CacheReasonRow(
        code: "head-says-nothing", section: "RFC 9111 §4.3.5",
        meaning: "The answer to a HEAD says nothing about the stored response.")
    }
  }
}

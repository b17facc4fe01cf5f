internal import Verdict

/// UPS: signs of a cache between this program and the service.
let upstreamChecks: [Check] = [
  Check(
    .ups01, .critical, detected: true, "a decision has an Age above zero",
    why: "it has lain in a cache: it answers an earlier request",
    remedy: "find the cache between here and the service and take decisions out of it",
    source: "RFC 9111 §5.1"),
  Check(
    .ups02, .critical, detected: true, "Cache-Status says hit, collapsed, or answered from store",
    why: "a cache says itself that the service was not asked for this request",
    remedy: "take decisions out of that cache", source: "RFC 9211 §2"),
  Check(
    .ups03, .critical, detected: true, "a vendor's field says that a cache answered",
    why: "the service was not asked for this request",
    remedy: "take decisions out of that cache", source: "vendor documentation"),
  Check(
    .ups04, .medium, detected: true, "the same fields say miss, pass or dynamic",
    why: "a cache is there; its rules may change",
    remedy: "make it pass decisions by rule, or go around it", source: "vendor documentation"),
  Check(
    .ups05, .medium, detected: true,
    "Via, X-Served-By, X-Amz-Cf-Id or CF-RAY on the way from the service",
    why: "an intermediary nobody may know of handles verdicts",
    remedy: "connect to the service directly, or declare the hop", source: "RFC 9110 §7.6.3"),
  Check(
    .ups06, .critical, detected: true, "304 to a request without a precondition",
    why: "only something that had an older answer in mind says that",
    remedy: "find the cache or the framework that answers 304", source: "RFC 9110 §15.4.5"),
  Check(
    .ups07, .high, detected: true, "Date is earlier than the moment the request was sent",
    why: "the answer was made before the question",
    remedy: "find the cache, or set the service's clock", source: "RFC 9110 §6.6.1"),
  Check(
    .ups08, .medium, detected: false, "an answer far quicker than any password check before",
    why: "a slow hash was not computed, so somebody else answered",
    remedy: "compare with the service's own log", source: "observed hashing times"),
  Check(
    .ups09, .high, detected: true, "Warning 110, 111 or 113, or a negative ttl in Cache-Status",
    why: "a cache gave a stale answer", remedy: "take decisions out of that cache",
    source: "RFC 7234 §5.5; RFC 9211 §2.4"),
  Check(
    .ups10, .medium, detected: false,
    "the service answers with another identity than the pinned one",
    why: "somebody else may be answering", remedy: "compare addresses and certificates",
    source: "operations"),
]

/// REQ: signs of a cache between the consumer and this program.
let requestChecks: [Check] = [
  Check(
    .req01, .high, detected: true, "If-None-Match or If-Modified-Since on a decision request",
    why: "something on the consumer's side has stored a decision and wants to use it again",
    remedy: "find that cache; harden decisions so that it forgets them", source: "RFC 9110 §13"),
  Check(
    .req02, .medium, detected: true, "fields that only intermediaries add",
    why: "a hop stands between the consumer and this program; a new one deserves a look",
    remedy: "declare the hop, or go around it", source: "RFC 9110 §7.6.3; Railway, 2026"),
  Check(
    .req03, .high, detected: false, "a token that the consumer always sends is missing or repeated",
    why: "a hop strips fields or replays requests", remedy: "let the field pass every hop",
    source: "roles origin and edge"),
  Check(
    .req04, .medium, detected: false, "far fewer requests than the consumer counts logins",
    why: "the rest was answered from elsewhere", remedy: "find out who answered",
    source: "a login answered from a website's cache"),
  Check(
    .req05, .medium, detected: false, "credentials are missing where the route always had them",
    why: "a hop strips them so that it may cache", remedy: "let them pass",
    source: "observed configurations"),
  Check(
    .req06, .low, detected: true, "HTTP/1.0, or the defaults of old forward proxies",
    why: "old proxies cache what is not forbidden in their own terms",
    remedy: "send Pragma and Expires too; this program does", source: "proxy defaults"),
  Check(
    .req07, .medium, detected: false, "many identical requests in flight arrive as one",
    why: "a hop collapses them and gives one answer to many", remedy: "switch collapsing off",
    source: "Zulip, 2021"),
]

/// PTH: one path, two readings.
let pathChecks: [Check] = [
  Check(
    .pth01, .high, detected: true, "a static suffix and a response that is no such thing",
    why: "a cache stores by the suffix what is somebody's page",
    remedy: "compare the type; refuse unknown suffixes", source: "web cache deception, 2017"),
  Check(
    .pth02, .high, detected: true, "a decision route with an extra segment or parameter",
    why: "the service still answers it, a cache takes it for a file",
    remedy: "match routes exactly", source: "web cache deception, 2017"),
  Check(
    .pth03, .high, detected: true, "escaped delimiters or dot segments that change the route",
    why: "hops disagree on what the path is", remedy: "refuse them on decision routes",
    source: "web cache deception, 2017"),
  Check(
    .pth04, .medium, detected: true, "slashes, case, dots or spaces that change the route's class",
    why: "hops disagree on what the path is", remedy: "compare with the normal form",
    source: "web cache deception, 2017"),
  Check(
    .pth05, .medium, detected: true, "a well-known static name answered with a signed-in page",
    why: "caches store such names without looking", remedy: "answer 404",
    source: "web cache deception, 2017"),
  Check(
    .pth06, .medium, detected: false, "query delimiters and repeated parameters read in two ways",
    why: "the key and the service see different parameters", remedy: "refuse repetition",
    source: "published research"),
]

/// PSN: what changes an answer and stands in no key.
let poisoningChecks: [Check] = [
  Check(
    .psn01, .high, detected: true,
    "host, scheme, port or path override from a peer that is not trusted, and a storable answer",
    why: "a stranger decides what is stored under a key without that field",
    remedy: "drop these fields from untrusted peers", source: "published research"),
  Check(
    .psn02, .high, detected: true, "GET or HEAD with a body",
    why: "the body may change the answer and stands in no key", remedy: "refuse it",
    source: "RFC 9110 §9.3.1"),
  Check(
    .psn03, .high, detected: true, "a field or parameter overrides the method",
    why: "a cache sees GET, the service does something else", remedy: "drop the field",
    source: "published research"),
  Check(
    .psn04, .medium, detected: true, "odd fields that lead to storable errors",
    why: "an error is stored in place of the page", remedy: "limit fields; do not store errors",
    source: "published research"),
  Check(
    .psn05, .high, detected: true, "ambiguous framing",
    why: "hops disagree on where a message ends", remedy: "such messages are refused here",
    source: "RFC 9112 §6.3"),
  Check(
    .psn06, .medium, detected: true, "Connection names fields that matter",
    why: "a hop removes what the next one needs", remedy: "such fields stay here",
    source: "RFC 9110 §7.6.1"),
]

internal import Verdict

/// RSP: how a decision may be stored on its way back.
let storingChecks: [Check] = [
  Check(
    .rsp01, .high, detected: true,
    "a decision says neither no-store nor private",
    why: "a cache that stores whatever is not forbidden keeps it and gives it to the next one",
    remedy: "send Cache-Control: private, no-store with every decision",
    source: "RFC 9111 §3; Railway, 2026"),
  Check(
    .rsp02, .critical, detected: true,
    "a decision has an explicit lifetime: max-age, s-maxage, Expires, or a targeted field",
    why: "every shared cache on the way is invited to answer with it until the lifetime ends",
    remedy: "remove the lifetime; look for a framework or gateway that adds it to everything",
    source: "RFC 9111 §4.2.1; RFC 9213"),
  Check(
    .rsp03, .critical, detected: true,
    "public, must-revalidate or s-maxage on the answer to a request with Authorization",
    why: "each of the three lifts the ban on sharing answers to authorized requests",
    remedy: "remove them; on decisions they promise nothing that no-store does not keep better",
    source: "RFC 9111 §3.5"),
  Check(
    .rsp04, .critical, detected: true,
    "Set-Cookie on a response that a cache may store",
    why: "whoever gets the stored response gets the session of somebody else",
    remedy: "forbid storing responses that set cookies, or set them elsewhere",
    source: "RFC 9111 §7.3; Loom, 2023"),
  Check(
    .rsp05, .high, detected: true,
    "the request carries a credential and the response may be stored",
    why: "an answer for one person can be given to another",
    remedy: "send Cache-Control: private, no-store",
    source: "RFC 9111 §3.5; Steam, 2015"),
  Check(
    .rsp06, .high, detected: true,
    "a redirection of a sign-in may be stored; 301 and 308 even without a word about caching",
    why: "a stored one loops, locks people out, or repeats a code that counts once",
    remedy: "answer 303 with no-store",
    source: "RFC 9110 §15.4; laravel/framework#14229"),
  Check(
    .rsp07, .medium, detected: true,
    "a decision has a status that may be cached by rule of thumb, and no word about caching",
    why: "a cache may choose a lifetime of its own",
    remedy: "send Cache-Control: private, no-store",
    source: "RFC 9110 §15.1; RFC 9111 §4.2.2"),
  Check(
    .rsp08, .medium, detected: true,
    "a decision has an ETag or Last-Modified",
    why: "an old yes can be found valid and used again without being asked for anew",
    remedy: "switch entity tags off for decisions",
    source: "RFC 9110 §13"),
  Check(
    .rsp09, .high, detected: true,
    "the answer to POST or PUT has a lifetime, or a Content-Location equal to the target",
    why:
      "it may be stored and given to a GET, or to the POST of another body",
    remedy: "remove both",
    source: "RFC 9110 §9.3.3; kwhitley/apicache#64"),
  Check(
    .rsp10, .medium, detected: true,
    "directives contradict one another, repeat, or cannot be read",
    why: "caches differ on which one counts",
    remedy: "send one Cache-Control line with each directive once",
    source: "RFC 9111 §4.2.1"),
  Check(
    .rsp11, .medium, detected: true,
    "stale-while-revalidate or stale-if-error on a decision",
    why: "an old yes is allowed while the service is down",
    remedy: "remove them from decisions",
    source: "RFC 5861"),
  Check(
    .rsp12, .low, detected: true,
    "the verdict is its status alone: it names no user and nothing binds it",
    why: "one bare 200 looks like every other; no consumer can tell whose it is",
    remedy: "name the user and return the transaction token",
    source: "a login answered from a website's cache"),
  Check(
    .rsp13, .medium, detected: true,
    "no-store without private where a hop is known that heeds only private",
    why: "that hop stores it",
    remedy: "send both: private, no-store",
    source: "vendor documentation"),
  Check(
    .rsp14, .high, detected: true,
    "a decision is partial, or was coded although identity was asked for",
    why: "something on the way changed it, and what proves it may be in the part that is missing",
    remedy: "take ranges and compression off decision routes; send no-transform",
    source: "RFC 9110 §14, §8.4"),
]

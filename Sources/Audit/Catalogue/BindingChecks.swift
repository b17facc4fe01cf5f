internal import Verdict

/// BND: does the verdict answer this request?
let bindingChecks: [Check] = [
  Check(
    .bnd01, .critical, detected: true, "the token is missing or another one",
    why: "nothing shows that the verdict answers this request: it may be somebody else's yes",
    remedy: "let the service return the token; then look for the cache or the mixed-up connection",
    source: "a login answered from a website's cache; Zulip, 2021; ChatGPT, 2023; GitHub, 2021"),
  Check(
    .bnd02, .critical, detected: true,
    "signature or code bad, key unknown, algorithm not allowed, coverage short",
    why: "the proof proves nothing", remedy: "compare keys and policy", source: "RFC 9421; RFC 8725"
  ),
  Check(
    .bnd03, .critical, detected: true, "the user in the verdict is not the user in the request",
    why: "one person gets in as another", remedy: "find where the two were mixed up",
    source: "GitHub, 2021; Wyze, 2024"),
  Check(
    .bnd04, .critical, detected: true,
    "issued before the request was sent, expired, or valid too long",
    why: "a verdict kept from earlier", remedy: "compare clocks and lifetimes",
    source: "RFC 7519 §4.1"),
  Check(
    .bnd05, .critical, detected: true,
    "method, target, audience, scope, action or resource differ",
    why: "a yes to one question answers another", remedy: "bind the verdict to the whole question",
    source: "CVE-2021-32701; serverless/serverless#626"),
  Check(
    .bnd06, .critical, detected: true, "no proof where policy demands one, or a weaker one",
    why: "a proof that may be left out is no proof", remedy: "send it with every verdict",
    source: "CVE-2024-3596"),
  Check(
    .bnd07, .high, detected: true, "the verdict says two things",
    why: "consumers differ on which one they read", remedy: "say it once, in one place",
    source: "RFC 8259 §4; AuthZEN 1.0"),
  Check(
    .bnd08, .high, detected: true, "an allow that names nobody",
    why: "nobody can tell whose it is", remedy: "name the user in the verdict",
    source: "a login answered from a website's cache"
  ),
  Check(
    .bnd09, .medium, detected: false, "a field has this request's identifier, the body another's",
    why: "a hop stamps stored answers", remedy: "put the token into the body, or sign",
    source: "stamping hops"),
]

/// REP: was this verdict given before?
let replayChecks: [Check] = [
  Check(
    .rep01, .critical, detected: true, "an identifier of the response was seen before",
    why: "the same verdict was given twice", remedy: "find the cache that repeats it",
    source: "ChatGPT, 2023"),
  Check(
    .rep02, .critical, detected: true, "one session for two requests with different credentials",
    why: "two people share one session", remedy: "stop storing responses that set cookies",
    source: "Loom, 2023"),
  Check(
    .rep03, .critical, detected: true, "a value that counts once comes twice",
    why: "codes, challenges and tokens against forgery lose their meaning",
    remedy: "find the cache", source: "RFC 6749 §4.1.2; WebAuthn"),
  Check(
    .rep04, .high, detected: false, "the same allow for two credentials of one user in a row",
    why: "the second password was perhaps not looked at", remedy: "try a wrong password",
    source: "a login answered from a website's cache"),
]

/// KEY: what a cache's key must hold.
let keyChecks: [Check] = [
  Check(
    .key01, .critical, detected: false, "a decision is keyed without the credential",
    why: "any password finds the stored yes", remedy: "do not store decisions",
    source: "nginxinc/nginx-ldap-auth#103; lc-at/simaster.ics#19"),
  Check(
    .key02, .critical, detected: false, "only some carriers of credentials stand in the key",
    why: "the others find somebody else's answer", remedy: "do not store decisions",
    source: "percona/pmm#5658"),
  Check(
    .key03, .critical, detected: false, "an answer to a body is keyed without the body",
    why: "every login finds the first one's answer", remedy: "do not store answers to POST",
    source: "kwhitley/apicache#64"),
  Check(
    .key04, .critical, detected: false, "a forwarded field that matters stands in no key",
    why: "one tenant gets another's answer", remedy: "add it to the key", source: "CVE-2021-32701"),
  Check(
    .key05, .critical, detected: false, "the key is cut short or weakly hashed",
    why: "different credentials share a key", remedy: "hash all of it with SHA-256",
    source: "Okta delegated authentication, 2024; CVE-2026-35030; TykTechnologies/tyk#2003"),
  Check(
    .key06, .high, detected: false, "parts are joined by what may stand in them",
    why: "different requests share a key", remedy: "write lengths before parts",
    source: "TykTechnologies/tyk#2003"),
  Check(
    .key07, .critical, detected: false, "host, scheme or port stand in no key",
    why: "one site gets another's answer", remedy: "add them", source: "CVE-2026-2836"),
  Check(
    .key08, .high, detected: false, "a secret stands in a key, a log or a file name",
    why: "whoever reads it has the secret", remedy: "use a keyed digest",
    source: "credentials as cache keys on disk"),
  Check(
    .key09, .high, detected: true, "answers differ by a field that Vary does not name",
    why: "caches give the wrong one", remedy: "name it in Vary", source: "RFC 9110 §12.5.5"),
  Check(
    .key10, .medium, detected: true, "very many variants of one address",
    why: "nothing is ever found again", remedy: "normalise the field", source: "RFC 9111 §4.1"),
  Check(
    .key11, .medium, detected: true, "the origin is reflected without Vary: Origin",
    why: "one site's permission is given to another", remedy: "send Vary: Origin",
    source: "Fetch standard"),
]

internal import Verdict

/// CFG: what settings say before anything happens.
let settingsChecks: [Check] = [
  Check(
    .cfg01, .critical, detected: false, "an auth subrequest with a cache and its usual key",
    why: "the first yes is everybody's", remedy: "no cache there",
    source: "nginxinc/nginx-ldap-auth#103"),
  Check(
    .cfg02, .critical, detected: false, "POST, PUT or PATCH may be cached on a decision route",
    why: "logins find one another's answers", remedy: "take them out",
    source: "kwhitley/apicache#64"),
  Check(
    .cfg03, .critical, detected: false,
    "Cache-Control, Set-Cookie or Vary are ignored on a decision route",
    why: "what forbids storing is not heard", remedy: "heed them", source: "percona/pmm#5658"),
  Check(
    .cfg04, .high, detected: false, "the cache stands before the authentication",
    why: "hits are never authenticated", remedy: "turn the order round", source: "gateway orders"),
  Check(
    .cfg05, .high, detected: false, "an early return skips the rule that lets credentials pass",
    why: "answers to credentials are stored", remedy: "keep the built-in rule",
    source: "Varnish VCL"),
  Check(
    .cfg06, .high, detected: false, "responses without a word about caching are cached",
    why: "silence is taken for consent", remedy: "set no default", source: "Railway, 2026"),
  Check(
    .cfg07, .high, detected: false, "an authorizer's answer is kept too long or for too much",
    why: "a yes outlives its token or covers other routes", remedy: "keep it for no time",
    source: "serverless/serverless#626"),
  Check(
    .cfg08, .high, detected: false,
    "collapsing on a decision route, or a least lifetime above zero",
    why: "one answer goes to many", remedy: "switch it off", source: "Zulip, 2021"),
  Check(
    .cfg09, .high, detected: false, "a change would make a recorded decision storable",
    why: "the next incident", remedy: "do not make the change",
    source: "Klarna, 2021; Steam, 2015"),
  Check(
    .cfg10, .medium, detected: false, "a rule never matches",
    why: "what it says does not happen", remedy: "move or remove it", source: "operations"),
  Check(
    .cfg11, .medium, detected: false, "a yes is kept longer than a no, without a reason",
    why: "revocation comes late", remedy: "keep neither", source: "operations"),
  Check(
    .cfg12, .high, detected: false, "a switch that lets requests pass on errors",
    why: "an outage is a yes", remedy: "switch it off", source: "gateway settings"),
]

/// PRB: journeys that try it out.
let probeChecks: [Check] = [
  Check(
    .prb01, .critical, detected: false, "right, wrong, right password: yes, no, yes",
    why: "a stored yes shows at once", remedy: "take decisions out of the cache",
    source: "a login answered from a website's cache"),
  Check(
    .prb02, .critical, detected: false, "two users with nearly the same token or a very long name",
    why: "keys cut short show", remedy: "hash the whole credential",
    source: "Okta delegated authentication, 2024; CVE-2026-35030"),
  Check(
    .prb03, .critical, detected: false, "many users at once, each must get his own answer",
    why: "collapsing and mixed-up connections show only so", remedy: "find the mix-up",
    source: "Loom, 2023; Zulip, 2021"),
  Check(
    .prb04, .critical, detected: false, "sign out, revoke or change, then use again",
    why: "a yes outlives its ground", remedy: "shorten what is kept", source: "operations"),
  Check(
    .prb05, .high, detected: false, "one token on another route",
    why: "decisions reused across routes show", remedy: "bind to the route",
    source: "CVE-2021-32701; serverless/serverless#626"),
  Check(
    .prb06, .high, detected: false, "the service is down: nobody gets in",
    why: "stale answers show", remedy: "serve no stale decisions", source: "RFC 5861"),
  Check(
    .prb07, .high, detected: false, "decision addresses with odd paths, signed in, then not",
    why: "deception shows", remedy: "refuse odd paths", source: "web cache deception, 2017"),
  Check(
    .prb08, .medium, detected: false, "a canary after every change of rules",
    why: "users notice after minutes what a canary sees in seconds", remedy: "run it",
    source: "Klarna, 2021"),
  Check(
    .prb09, .high, detected: false, "password reset by customer service and by the old interface",
    why: "one case's token must not finish another", remedy: "bind tokens to cases",
    source: "a login answered from a website's cache"),
]

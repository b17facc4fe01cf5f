"""What is measured: who is asked for what, how, and what it is held to."""

from dataclasses import dataclass

OURS = "Countersign"
CACHES = (OURS, "nginx", "HAProxy", "Varnish")
TLS_PEERS = (OURS, "nginx", "HAProxy")


@dataclass(frozen=True)
class Case:
    """One kind of request, as `load.lua` takes it, and the servers that are asked."""

    name: str
    method: str
    target: str
    servers: tuple = CACHES
    words: tuple = ()
    connections: int = 64
    tls: bool = False
    # So many objects are asked for once before, so that they are stored.
    objects: int = 0
    # Whether it belongs to the short run.
    short: bool = False


KIB, MIB = 1024, 1 << 20

MAIN = (
    Case("hit, 1 KiB", "GET", "/c/1024", (*CACHES, "floor server"), short=True),
    Case("hit, 0 B", "GET", "/c/0"),
    Case("hit, 16 KiB", "GET", f"/c/{16 * KIB}"),
    Case("hit, 256 KiB", "GET", f"/c/{256 * KIB}"),
    Case("hit, 10 MiB", "GET", f"/c/{10 * MIB}", connections=16),
    Case("hit, 1 connection", "GET", "/c/1024", (*CACHES, "floor server"), connections=1),
    Case("hit, 512 connections", "GET", "/c/1024", (*CACHES, "floor server"), connections=512),
    Case("hit, 10,000 connections", "GET", "/c/1024", TLS_PEERS, connections=10_000),
    Case("hit, 1,000 objects", "GET", "/c/1024/%d", words=("zipf=1000",), objects=1000),
    Case("hit, 100,000 objects", "GET", "/c/1024/%d", words=("zipf=100000",), objects=100_000),
    Case("hit, 2 variants", "GET", "/v/1024", words=("upto=2", "X-Variant: %d")),
    Case("hit, 50 variants", "GET", "/v/1024/many", words=("upto=50", "X-Variant: %d")),
    Case("validated by the client, 304", "GET", "/c/1024", words=('If-None-Match: "one"',)),
    Case("range of a hit", "GET", f"/c/{16 * KIB}", (OURS, "nginx", "Varnish"),
         words=("Range: bytes=100-1123",)),
    Case("miss and store, 1 KiB", "GET", "/c/1024/fresh%d", words=("fresh",)),
    Case("pass-through, 1 KiB", "GET", "/plain", (*CACHES, "floor proxy"), short=True),
    Case("pass-through, 1 MiB down", "GET", f"/p/{MIB}", (*CACHES, "floor proxy")),
    Case("pass-through, 1 MiB up", "POST", "/other", (*CACHES, "floor proxy"),
         words=(f"body={MIB}",)),
    Case("POST passed through", "POST", "/other", (*CACHES, "floor proxy"), words=("login",),
         short=True),
    Case("decision by echo", "POST", "/login", (OURS,), words=("login",), short=True),
    Case("decision watched (audit)", "POST", "/watched", (OURS,), words=("login",)),
    Case("TLS 1.3 hit, 1 KiB", "GET", "/c/1024", TLS_PEERS, tls=True, short=True),
    Case("TLS 1.3 new handshake each", "GET", "/c/1024", TLS_PEERS,
         words=("Connection: close",), tls=True),
)

# With an access log on a memory file system: HAProxy and Varnish log by other ways.
LOGGED = (
    Case("hit, access log on", "GET", "/c/1024", (OURS, "nginx")),
    Case("pass-through, access log on", "GET", "/plain", (OURS, "nginx")),
)

# The last of so many routes takes the request.
ROUTES = (Case("pass-through, {} routes", "GET", "/plain", (OURS,)),)

# Both cores, shared with the load: how much more work gets done.
BOTH = (
    Case("both cores: hit, 1 KiB", "GET", "/c/1024"),
    Case("both cores: pass-through, 1 KiB", "GET", "/plain"),
)

# A case, the case and server it is held to, and how much of its CPU time it may take.
AIMS = (
    ("hit, 1 KiB", "hit, 1 KiB", "nginx", 0.50),
    ("hit, 1 KiB", "hit, 1 KiB", "HAProxy", 0.60),
    ("hit, 1 KiB", "hit, 1 KiB", "floor server", 1.20),
    ("TLS 1.3 hit, 1 KiB", "TLS 1.3 hit, 1 KiB", "nginx", 0.65),
    ("TLS 1.3 new handshake each", "TLS 1.3 new handshake each", "nginx", 0.90),
    ("pass-through, 1 KiB", "pass-through, 1 KiB", "nginx", 0.77),
    ("pass-through, 1 KiB", "pass-through, 1 KiB", "floor proxy", 1.20),
    ("decision by echo", "POST passed through", OURS, 1.10),
)

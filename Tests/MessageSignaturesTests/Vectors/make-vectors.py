#!/usr/bin/env python3
"""Writes foreign.json: messages signed by an implementation that shares nothing with ours.

    pip install http-message-signatures==3.0.0
    ./make-vectors.py > foreign.json

The keys are made anew on every run; their public halves are in the file.
"""
import base64
import datetime
import hashlib
import json
import sys

import http_message_signatures as hms
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

SECRET = bytes(range(64))
KEYS = {
    "ed25519": (hms.algorithms.ED25519, ed25519.Ed25519PrivateKey.generate()),
    "ecdsa-p256-sha256": (hms.algorithms.ECDSA_P256_SHA256, ec.generate_private_key(ec.SECP256R1())),
    "ecdsa-p384-sha384": (hms.algorithms.ECDSA_P384_SHA384, ec.generate_private_key(ec.SECP384R1())),
    "rsa-v1_5-sha256": (hms.algorithms.RSA_V1_5_SHA256, rsa.generate_private_key(65537, 2048)),
    "rsa-pss-sha512": (hms.algorithms.RSA_PSS_SHA512, rsa.generate_private_key(65537, 2048)),
    "hmac-sha256": (hms.algorithms.HMAC_SHA256, SECRET),
}
COVERAGES = [
    ['"@status"', '"content-digest"', '"@method";req', '"@target-uri";req', '"content-digest";req'],
    ['"@status"', '"x-many"', '"x-many";bs', '"x-empty"', '"@authority";req', '"@scheme";req',
     '"@path";req', '"@query";req', '"@request-target";req'],
    ['"content-digest";key="sha-256"', '"content-digest";sf', '"cache-status";sf', '"x-spaces"',
     '"@query-param";name="a";req', '"@query-param";name="b%20c";req', '"host";req'],
]


class Fields(list):
    """Field lines in order."""

    def items(self):
        return list(list.__iter__(self))

    def __iter__(self):
        return iter([name for name, _ in self.items()])

    def __contains__(self, name):
        return any(n.lower() == name.lower() for n, _ in self.items())

    def __getitem__(self, name):
        return ", ".join(v for n, v in self.items() if n.lower() == name.lower())

    def __setitem__(self, name, value):
        self.append((name, value))

    def __delitem__(self, name):
        kept = [(n, v) for n, v in self.items() if n.lower() != name.lower()]
        self.clear()
        self.extend(kept)


class Request:
    pass


class Response:
    pass


def digest(content):
    return "sha-256=:%s:" % base64.b64encode(hashlib.sha256(content).digest()).decode()


def exchange(number):
    request = Request()
    request.method = ["POST", "GET", "PUT"][number % 3]
    target = ["/login?a=%2F+x&b+c=%C3%A9", "/v1/x?b%20c=&a=~*-._", "/?a=1&b%20c=2%203"][number % 3]
    host = ["auth.example", "auth.example:8443", "10.0.0.7:9443"][number % 3]
    request.url = "https://" + host + target
    request.headers = Fields([("Host", host), ("Content-Digest", digest(b"asked %d" % number))])
    response = Response()
    response.request = request
    response.status_code = [200, 303, 401][number % 3]
    response.headers = Fields([
        ("Content-Digest", digest(b"answered %d" % number)), ("X-Many", "a, b"), ("X-Many", "c"),
        ("X-Empty", ""), ("X-Spaces", "in  the   middle"), ("Cache-Status", "p;hit,  q;fwd=miss"),
    ])
    return request, target, host, response


vectors = []
for name, (algorithm, key) in KEYS.items():
    resolver = hms.MappingKeyResolver(public_keys={}, private_keys={"k": key})
    signer = hms.HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=resolver)
    for index, coverage in enumerate(COVERAGES):
        request, target, host, response = exchange(len(vectors))
        signer.sign(
            response, key_id="k", created=datetime.datetime.fromtimestamp(1_790_000_000),
            expires=datetime.datetime.fromtimestamp(1_790_000_060), nonce="n\"%d\\" % index,
            tag="verdict", label="sig%d" % index, include_alg=index != 1,
            covered_component_ids=coverage, use_existing_digest=True)
        vectors.append({
            "algorithm": name, "method": request.method, "target": target, "host": host,
            "request": request.headers.items(), "status": response.status_code,
            "response": response.headers.items(),
        })

keys = {
    name: base64.b64encode(key).decode() if isinstance(key, bytes) else key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    for name, (_, key) in KEYS.items()
}
json.dump({"keys": keys, "vectors": vectors}, sys.stdout, indent=1)
print()

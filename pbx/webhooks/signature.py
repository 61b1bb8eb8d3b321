"""How a delivery proves that it is ours: HMAC-SHA256 (RFC 2104) over its time and its body.

    Centrala-Signature: t=1790000000,v1=5257a8...[,v1=...]

`t` is when this attempt was made (UTC seconds), each v1 the lower-case hexadecimal HMAC of "<t>.<body>" under one of
the secrets that are valid: two while they change. Whoever receives it compares in constant time, and refuses a `t` that
is far from his own clock: then nobody can send an old one again.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256

HEADER = "Centrala-Signature"
TOLERANCE_S = 300
PREFIX = "whsec_"


def new_secret() -> str:
    """256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def sign(body: bytes, keys: Iterable[str], at: int) -> str:
    """The header's value. `at` is UTC seconds."""
    return ",".join([f"t={at}", *(f"v1={_mac(body, key, at)}" for key in keys)])


def verify(header: str, body: bytes, key: str, now: float, tolerance_s: float = TOLERANCE_S) -> bool:
    """Whether `header` is the signature of `body` under `key`, made within `tolerance_s` of `now`."""
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12:
        return False
    at = int(times[0])
    wanted = _mac(body, key, at)
    found = [hmac.compare_digest(value.encode(), wanted.encode()) for name, _, value in parts if name == "v1"]
    return abs(now - at) <= tolerance_s and any(found)


def _mac(body: bytes, key: str, at: int) -> str:
    return hmac.new(key.encode(), b"%d." % at + body, sha256).hexdigest()

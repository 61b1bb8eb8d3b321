"""A password written as its hashes: `{HA1}realm:md5:sha256` (H(username:realm:password), RFC 7616 section 3.4.2).

It serves digest of this user in this realm, and tells nobody the password.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

PREFIX = "{HA1}"
_FORM = re.compile(r"\{HA1\}([^\s]{1,255}):([0-9a-f]{32}):([0-9a-f]{64})")


class Hashes(NamedTuple):
    """`md5` and `sha256` are hexadecimal."""

    realm: str
    md5: str
    sha256: str

    def of(self, algorithm: str) -> str:
        """The hash for a digest with `algorithm`."""
        return self.md5 if algorithm == "MD5" else self.sha256


def hashed_secret(username: str, realm: str, password: str) -> str:
    """The hashed form of a password."""
    text = f"{username}:{realm}:{password}".encode("utf-8", "replace")
    return f"{PREFIX}{realm}:{hashlib.md5(text, usedforsecurity=False).hexdigest()}:{hashlib.sha256(text).hexdigest()}"


def is_hashed(secret: str) -> bool:
    """Whether it claims to be one; `hashes_in` says whether it is."""
    return secret.startswith(PREFIX)


def hashes_in(secret: str) -> Hashes | None:
    """What a hashed secret holds; None for a password, and for what is neither."""
    found = _FORM.fullmatch(secret) if secret.startswith(PREFIX) else None
    return Hashes(*found.groups()) if found is not None else None

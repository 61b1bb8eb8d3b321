"""How secrets are kept in the database: passwords of phones as what digest needs of them, all others sealed.

A key that lies beside the database protects its copies and backups, not the machine itself: who reads our folder reads
the key as well.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pbx.settings.documents import Document, change_secrets
from pbx.settings.sections import Area
from pbx.sip.hashed_secret import hashed_secret, is_hashed

PREFIX = "{SEALED}"
NONCE = 12  # bytes


class SealError(ValueError):
    """A secret that this key does not open."""


class Seal:
    """`key` has 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"settings " + key).digest())
        self._key = hashlib.sha256(b"tags " + key).digest()

    def seal(self, secret: str) -> str:
        """What may lie in the database."""
        nonce = os.urandom(NONCE)
        return PREFIX + base64.b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), None)).decode()

    def open(self, text: str) -> str:
        """The secret; what is not sealed is itself. Raises SealError."""
        if not text.startswith(PREFIX):
            return text
        try:
            data = base64.b64decode(text.removeprefix(PREFIX), validate=True)
            return self._cipher.decrypt(data[:NONCE], data[NONCE:], None).decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise SealError("the key beside the database does not open it; write the secret again") from None

    def tag(self, document: Any) -> str:
        """A short mark of a document's present state: who knows it learns nothing of the secrets in it."""
        text = json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
        return hmac.digest(self._key, text, "sha256")[:12].hex()


def hashed(area: Area, document: Document, realm: str) -> Document:
    """The password of a phone as its hashes: nobody who sees them can try it elsewhere."""
    secret = document.get("secret", "")
    if area.name != "extension" or not isinstance(secret, str) or not secret or is_hashed(secret):
        return document
    return {**document, "secret": hashed_secret(str(document["number"]), realm, secret)}


def sealed(area: Area, document: Document, seal: Seal) -> Document:
    """As the database keeps it."""
    return change_secrets(area, document, lambda text: text if is_hashed(text) else seal.seal(text))


def opened(area: Area, document: Document, seal: Seal) -> Document:
    """As it was before `sealed`. Raises SealError."""
    return change_secrets(area, document, seal.open)

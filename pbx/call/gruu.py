"""Addresses of one phone among several (GRUU, RFC 5627): a public one with its instance id in it, and temporary ones
that tell nobody whose they are.

A temporary one holds, encrypted, all that is needed to find the phone again: nothing is kept for it.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pbx.sip.uri import Uri, UriError, escape_user

if TYPE_CHECKING:
    from pbx.call.location import Binding

PREFIX = "tgruu."
NONCE = 12
DIGEST = 8  # bytes of an instance's hash, and of its registration's


class Gruus:
    """Makes and reads them. `secret` keeps temporary ones valid over a restart."""

    def __init__(self, domain: str, secret: bytes) -> None:
        self._domain = domain
        self._cipher = AESGCM(hashlib.sha256(b"gruu " + secret).digest())

    def public(self, extension: str, instance: str) -> str:
        """The address of the phone `instance` (RFC 5627 section 5.1)."""
        return f"sip:{escape_user(extension)}@{self._domain};gr={_parameter(instance)}"

    def temporary(self, extension: str, binding: Binding) -> str:
        """A new one, valid as long as the phone's registration with this Call-ID lasts (section 5.2)."""
        nonce = os.urandom(NONCE)
        text = _digest(binding.instance) + _digest(binding.call_id) + extension.encode()
        sealed = base64.b32encode(nonce + self._cipher.encrypt(nonce, text, None)).decode().rstrip("=").lower()
        return f"sip:{PREFIX}{sealed}@{self._domain};gr"

    def extension_of(self, user: str) -> str:
        """Whom the user part of a temporary one means; "" when it is none of ours."""
        return self._open(user)[0]

    def find(self, uri: str, bindings: Iterable[Binding]) -> list[Binding]:
        """Which of an extension's `bindings` the Request-URI `uri` means; all when it is no GRUU, none when that phone
        is gone.
        """
        try:
            parsed = Uri.parse(uri)
        except UriError:
            return list(bindings)
        if parsed.user.startswith(PREFIX):
            _, instance, call = self._open(parsed.user)
            return [
                binding
                for binding in bindings
                if _digest(binding.instance) == instance and _digest(binding.call_id) == call
            ]
        instance_id = parsed.params.get("gr", "")
        return [binding for binding in bindings if not instance_id or _bare(binding.instance) == instance_id]

    def _open(self, user: str) -> tuple[str, bytes, bytes]:
        sealed = user.removeprefix(PREFIX).upper()
        try:
            data = base64.b32decode(sealed + "=" * (-len(sealed) % 8))
            text = self._cipher.decrypt(data[:NONCE], data[NONCE:], None)
        except (ValueError, InvalidTag):
            return "", b"", b""
        return text[2 * DIGEST :].decode(), text[:DIGEST], text[DIGEST : 2 * DIGEST]


def is_gruu(uri: str) -> bool:
    """Whether a Request-URI of ours means one phone; cheap, as it is asked for every call."""
    return ";gr" in uri


def _bare(instance: str) -> str:
    return instance.strip("<>")


def _parameter(instance: str) -> str:
    """The instance id as a URI parameter's value: urn:uuid:... may stand there as it is (RFC 5627 section 3.2)."""
    return "".join(mark if mark.isalnum() or mark in "-_.!~*'():/" else f"%{ord(mark):02X}" for mark in _bare(instance))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:DIGEST]

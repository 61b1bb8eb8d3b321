"""a=crypto (SDES, RFC 4568): suites and keys of SRTP that travel in the description itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final, NamedTuple

MAX_TAG: Final = 999_999_999


class Suite(NamedTuple):
    """A crypto suite. `profile` is its number among the protection profiles of DTLS-SRTP (RFC 5764, RFC 7714)."""

    name: str
    profile: int
    key_size: int  # octets of master key and salt


SUITES: Final = {
    suite.name: suite
    for suite in (
        Suite("AEAD_AES_256_GCM", 8, 44),
        Suite("AEAD_AES_128_GCM", 7, 28),
        Suite("AES_CM_128_HMAC_SHA1_80", 1, 30),
        Suite("AES_CM_128_HMAC_SHA1_32", 2, 30),
    )
}
# What our offers name, the best first. The short tag saves six octets a packet and is taken, but not asked for.
OFFERED: Final = ("AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80")


class CryptoLine(NamedTuple):
    """One a=crypto line that can be used."""

    tag: int
    suite: Suite
    key: bytes

    def __str__(self) -> str:
        return f"a=crypto:{self.tag} {self.suite.name} inline:{base64.b64encode(self.key).decode()}\r\n"

    def __repr__(self) -> str:  # a key has no place in a log
        return f"CryptoLine({self.tag}, {self.suite.name})"


def usable_lines(attributes: Iterable[str]) -> list[CryptoLine]:
    """The lines of a medium that we can use, in its order; others are passed over (RFC 4568 section 5.1.2)."""
    found = []
    for attribute in attributes:
        if attribute.startswith("crypto:"):
            line = _read(attribute[7:])
            if line is not None:
                found.append(line)
    return found


def _read(value: str) -> CryptoLine | None:
    """`tag suite inline:key[|lifetime][|mki:length] [session-parameters]`; None for what we do not do: several keys, a
    key identifier, and session parameters other than a window hint, which may not be ignored (section 6.3).
    """
    fields = value.split()
    if len(fields) < 3 or not (fields[0].isascii() and fields[0].isdigit()) or len(fields[0]) > 9:
        return None
    suite = SUITES.get(fields[1].upper())
    if suite is None or any(not parameter.upper().startswith("WSH=") for parameter in fields[3:]):
        return None
    method, _, info = fields[2].partition(":")
    parts = info.split("|")
    if method.lower() != "inline" or ";" in info or any(":" in part for part in parts[1:]):
        return None
    try:
        key = base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return CryptoLine(int(fields[0]), suite, key) if len(key) == suite.key_size else None

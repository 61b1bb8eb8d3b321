"""Digest access authentication (RFC 7616, RFC 8760, RFC 3261 section 22): stateless challenges, MD5 and SHA-256.

A nonce is time, salt and an HMAC over both, the source and the realm: a flood of requests without credentials leaves no
state behind. State (which nonce counts have been used) is kept only for nonces that somebody has used successfully.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from core.sipvalues import pairs as read_pairs
from pbx.clock import Clock
from pbx.ids import token
from pbx.sip.hashed_secret import hashes_in, is_hashed
from pbx.sip.uri import Uri, UriError

NONCE_LIFETIME_S: Final = 60.0
MAX_NONCES: Final = 65536  # nonces with a successful use remembered at a time
WINDOW: Final = 64  # nonce counts behind the highest that may still arrive late
MAX_HEADER: Final = 4096  # characters of a credentials header
ALGORITHMS: Final = ("SHA-256", "MD5")  # strongest first

_TIME = 8  # hexadecimal digits of the nonce that carry its time, in units of 1/16 s
_SALT = 16
_MAC = 32
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PAIR = re.compile(r'\s*([A-Za-z0-9\-.!%*_+`\'~]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)', re.DOTALL)
_HEX = re.compile(r"[0-9a-fA-F]+")


try:  # Python's own: a text this short takes OpenSSL four times as long
    from _md5 import md5 as _md5  # type: ignore[import-not-found]
except ImportError:
    _md5 = partial(hashlib.md5, usedforsecurity=False)


class DigestError(ValueError):
    """A challenge that cannot be answered, or a header that breaks the grammar."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """H(username:realm:password) in hexadecimal, per algorithm. "" where it is not known."""

    ha1_md5: str = ""
    ha1_sha256: str = ""

    def __repr__(self) -> str:  # never into a log
        return "Credentials(...)"

    @classmethod
    def from_password(cls, username: str, realm: str, password: str) -> Credentials:
        return cls(_ha1("MD5", username, realm, password), _ha1("SHA-256", username, realm, password))


@dataclass(slots=True)
class DigestResult:
    """`stale`: the password was right but the nonce is too old: challenge again with `stale=True`.

    `reason` is for logs and counters, never for the client. `username` is what was claimed, "" when unreadable.
    """

    ok: bool
    stale: bool = False
    username: str = ""
    reason: str = ""


def _ha1(algorithm: str, username: str, realm: str, password: str) -> str:
    """H(username:realm:password); a password that is given as its hashes is worth something in its realm alone."""
    if is_hashed(password):
        hashes = hashes_in(password)
        if hashes is not None and hashes.realm == realm:
            return hashes.of(algorithm)
    return _hash(algorithm, f"{username}:{realm}:{password}")


def _hash(algorithm: str, text: str) -> str:
    data = text.encode("utf-8", "replace")
    if algorithm == "MD5":
        return str(_md5(data).hexdigest())
    return hashlib.sha256(data).hexdigest()


def parse_pairs(text: str) -> dict[str, str]:
    """`name=value, name="value"` with names in lower case, values unquoted. DigestError, also for a repeated name."""
    if len(text) > MAX_HEADER:
        raise DigestError("the header is too long")
    usual = read_pairs(text)
    if usual is not None:
        return usual
    pairs: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None:
            if text[at:].strip(" \t,"):
                raise DigestError("the header breaks the grammar")
            break
        name, quoted, plain = match.groups()
        name = name.lower()
        if name in pairs:
            raise DigestError(f"{name} comes twice")
        if quoted is None:
            pairs[name] = plain
        else:
            pairs[name] = quoted if "\\" not in quoted else _ESCAPED.sub(r"\1", quoted)
        at = match.end()
    return pairs


def digest_response(algorithm: str, ha1: str, method: str, uri: str, nonce: str, nc: str, cnonce: str) -> str:
    """The response value for qop=auth (RFC 7616 section 3.4.1); without qop when `nc` is "" (RFC 2069)."""
    ha2 = _hash(algorithm, f"{method}:{uri}")
    if not nc:
        return _hash(algorithm, f"{ha1}:{nonce}:{ha2}")
    return _hash(algorithm, f"{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}")


class _Use:
    """Which counts of one nonce have been used: the highest, a bitmap of the 64 below it, and who used it."""

    __slots__ = ("bitmap", "highest", "username")

    def __init__(self, username: str) -> None:
        self.username = username
        self.highest = 0
        self.bitmap = 0

    def take(self, count: int) -> bool:
        """Marks `count` as used; False when it was, or is too far behind to tell."""
        if count > self.highest:
            shift = count - self.highest
            self.bitmap = ((self.bitmap << shift) | 1) & ((1 << WINDOW) - 1) if shift < WINDOW else 1
            self.highest = count
            return True
        bit = self.highest - count
        if bit >= WINDOW or self.bitmap >> bit & 1:
            return False
        self.bitmap |= 1 << bit
        return True


class DigestVerifier:
    """Challenges and verifies for one realm. `secret` stays the same while its nonces shall stay valid.

    The same instance must see all requests of a realm, because it remembers used nonce counts. `algorithms`: those
    offered and accepted, in the order of the challenges; clients take the first one that they know.
    """

    def __init__(self, realm: str, secret: bytes, clock: Clock, algorithms: Sequence[str] = ("MD5", "SHA-256")) -> None:
        if not 16 <= len(secret) <= hashlib.blake2s.MAX_KEY_SIZE:
            raise ValueError("the nonce secret needs 16 to 32 bytes")
        if '"' in realm or "\\" in realm or not realm.isprintable():
            raise ValueError(f"a realm of printable characters without quotes is needed, not {realm!r}")
        if not algorithms or not set(algorithms) <= set(ALGORITHMS):
            raise ValueError(f"digest algorithms are {', '.join(ALGORITHMS)}, not {list(algorithms)!r}")
        self.realm = realm
        self.algorithms = tuple(algorithms)
        self._secret = secret
        self._clock = clock
        self._used: dict[str, _Use] = {}  # by nonce, oldest use first
        self._dummy = {name: _hash(name, token(32)) for name in ALGORITHMS}

    def _mac(self, stamp: str, source: str) -> str:
        # A keyed BLAKE2 (RFC 7693 section 2.9) is a MAC in itself, and costs half of an HMAC.
        text = f"{stamp}\0{source}\0{self.realm}".encode()
        return hashlib.blake2s(text, key=self._secret, digest_size=_MAC // 2).hexdigest()

    def _nonce(self, source: str) -> str:
        ticks = int(self._clock.unix() * 16) & 0xFFFF_FFFF
        stamp = f"{ticks:0{_TIME}x}{token(_SALT)}"
        return stamp + self._mac(stamp, source)

    def challenge(self, source: str, *, stale: bool = False, md5_only: bool = False) -> list[str]:
        """Values for WWW-Authenticate or Proxy-Authenticate, one line each (RFC 8760 section 2.3).

        `source`: who gets the nonce, normally the peer's IP address; it is valid from there only. `md5_only` leaves
        the others out where MD5 is offered at all.
        """
        nonce = self._nonce(source)
        tail = ",stale=true" if stale else ""
        return [
            f'Digest realm="{self.realm}",nonce="{nonce}",algorithm={name},qop="auth"{tail}'
            for name in (("MD5",) if md5_only and "MD5" in self.algorithms else self.algorithms)
        ]

    def _age(self, nonce: str, source: str) -> float | None:
        """Seconds since we made `nonce` for `source`; None when we did not."""
        if len(nonce) != _TIME + _SALT + _MAC or not nonce.isascii():
            return None
        stamp, mac = nonce[: _TIME + _SALT], nonce[_TIME + _SALT :]
        if not hmac.compare_digest(self._mac(stamp, source), mac):
            return None
        ticks = int(self._clock.unix() * 16) & 0xFFFF_FFFF
        age = (ticks - int(stamp[:_TIME], 16)) & 0xFFFF_FFFF
        return (age - (1 << 32) if age >> 31 else age) / 16

    def verify(
        self, method: str, uri: str, header_value: str, source: str, lookup: Callable[[str], Credentials | None]
    ) -> DigestResult:
        """Judges one Authorization or Proxy-Authorization value for a request with this method and Request-URI.

        Never raises. `lookup` is asked only for genuine nonces; an unknown user costs the time of a wrong password.
        """
        scheme, _, rest = header_value.strip().partition(" ")
        if scheme.lower() != "digest":
            return DigestResult(False, reason="scheme")
        try:
            given = parse_pairs(rest)
        except DigestError:
            return DigestResult(False, reason="syntax")
        username = given.get("username", "")
        fault = self._fault(given, uri)
        if fault:
            return DigestResult(False, username=username, reason=fault)
        nonce = given["nonce"]
        age = self._age(nonce, source)
        if age is None or age < -1:
            return DigestResult(False, username=username, reason="nonce")
        algorithm = given.get("algorithm", "MD5").upper()
        known = lookup(username)
        ha1 = "" if known is None else (known.ha1_md5 if algorithm == "MD5" else known.ha1_sha256)
        expected = digest_response(
            algorithm, ha1 or self._dummy[algorithm], method, given["uri"], nonce, given["nc"], given["cnonce"]
        )
        if not hmac.compare_digest(expected, given["response"].lower()) or not ha1:
            return DigestResult(False, username=username, reason="password" if ha1 else "user")
        if age > NONCE_LIFETIME_S:
            return DigestResult(False, True, username, "expired")
        return self._count(nonce, int(given["nc"], 16), username)

    def _fault(self, given: dict[str, str], uri: str) -> str:
        """What is wrong with the fields themselves, "" when nothing is."""
        for name in ("username", "nonce", "uri", "response", "cnonce"):
            if not given.get(name):
                return name
        if given.get("realm") != self.realm:
            return "realm"
        algorithm = given.get("algorithm", "MD5").upper()
        if algorithm not in self.algorithms:
            return "algorithm"
        if given.get("qop", "").lower() != "auth":  # without qop there is no nonce count, and replay would be free
            return "qop"
        nc = given.get("nc", "")
        if len(nc) != 8 or not _HEX.fullmatch(nc) or int(nc, 16) == 0:
            return "nc"
        response = given["response"]
        if len(response) != (32 if algorithm == "MD5" else 64) or not _HEX.fullmatch(response):
            return "response"
        return "" if same_target(given["uri"], uri) else "uri"

    def _count(self, nonce: str, count: int, username: str) -> DigestResult:
        use = self._used.get(nonce)
        if use is None:
            self._forget()
            if len(self._used) >= MAX_NONCES:  # better a second challenge than a replay that goes unnoticed
                return DigestResult(False, True, username, "full")
            use = self._used[nonce] = _Use(username)
        elif use.username != username:
            return DigestResult(False, username=username, reason="other user")
        if not use.take(count):
            return DigestResult(False, username=username, reason="replay")
        return DigestResult(True, username=username)

    def _forget(self) -> None:
        """Drops the uses of nonces that have expired anyway; a few per call, so that no call pays for many."""
        now = int(self._clock.unix() * 16) & 0xFFFF_FFFF
        limit = int((NONCE_LIFETIME_S + 2) * 16)
        for _ in range(4):
            oldest = next(iter(self._used), None)
            if oldest is None or (now - int(oldest[:_TIME], 16)) & 0xFFFF_FFFF <= limit:
                return
            del self._used[oldest]


def same_target(claimed: str, actual: str) -> bool:
    """Whether the uri of a digest names the Request-URI (RFC 3261 section 22.4, RFC 7616 section 3.4.6)."""
    if claimed == actual:
        return True
    try:
        return Uri.parse(claimed) == Uri.parse(actual)
    except UriError:
        return False


def answer(
    challenges: Iterable[str], method: str, uri: str, username: str, password: str, nc: int = 1, cnonce: str = ""
) -> str:
    """The Authorization value for the strongest of the `challenges` that we know (SHA-256, then MD5).

    Raises DigestError when there is none. `nc`: 1 for the first use of a nonce, then counting.
    """
    best: dict[str, str] | None = None
    rank = len(ALGORITHMS)
    for value in challenges:
        scheme, _, rest = value.strip().partition(" ")
        if scheme.lower() != "digest":
            continue
        try:
            offered = parse_pairs(rest)
        except DigestError:
            continue
        algorithm = offered.get("algorithm", "MD5").upper()
        qops = [qop.strip().lower() for qop in offered.get("qop", "").split(",")] if "qop" in offered else []
        if algorithm in ALGORITHMS and "nonce" in offered and "realm" in offered and (not qops or "auth" in qops):
            index = ALGORITHMS.index(algorithm)
            if index < rank:
                best, rank = offered, index
    if best is None:
        raise DigestError("no challenge with Digest, MD5 or SHA-256, and qop auth")
    algorithm = ALGORITHMS[rank]
    ha1 = _ha1(algorithm, username, best["realm"], password)
    count = f"{nc:08x}" if "qop" in best else ""
    cnonce = cnonce or token(16)
    response = digest_response(algorithm, ha1, method, uri, best["nonce"], count, cnonce)
    text = (
        f"Digest username={_quote(username)},realm={_quote(best['realm'])},nonce={_quote(best['nonce'])},"
        f'uri="{uri}",response="{response}",algorithm={algorithm}'
    )
    if count:
        text += f',qop=auth,nc={count},cnonce="{cnonce}"'
    if "opaque" in best:
        text += f",opaque={_quote(best['opaque'])}"
    return text


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""SIP, SIPS and tel URIs: parse, format, compare (RFC 3261 section 19.1, RFC 3966).

Unescaping happens once, after the split into parts, so that an escaped separator never becomes a separator.
"""

from __future__ import annotations

import re
from functools import lru_cache

from core.sipscan import LIMITS

MAX_URI = LIMITS["uri"]  # characters
KEPT = 4096  # URIs that are not parsed again: those of the phones that call come with every message

_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNSAFE_IN_USER = re.compile(r"[^A-Za-z0-9\-_.!~*'()&=+$,;?/]")
_UNSAFE_IN_VALUE = re.compile(r"[^A-Za-z0-9\-_.!~*'()\[\]/:&+$]")
_UNSAFE_IN_HEADER = re.compile(r"[^A-Za-z0-9\-_.!~*'()\[\]/?:+$]")

# Printable ASCII but space <>"{}|^`\ and the two separators ':' '@'. All repeats are possessive: matching is linear.
_CHARACTER = r"!#$%&'()*+,\-./0-9;=A-Z\[\]_a-z~"
_HOST = r"[A-Za-z0-9\-._]{1,255}+|\[[0-9A-Fa-f:.]{2,}+\]"
_SIP = re.compile(
    rf"(?:([{_CHARACTER}?]++)(?::([{_CHARACTER}?:]*+))?+@)?({_HOST})(?::([0-9]{{1,5}}+))?+"
    rf"(?:;([{_CHARACTER}:]++))?+(?:\?([{_CHARACTER}?:]++))?+"
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*")
_OTHER = re.compile(rf"[{_CHARACTER}?:@]++")
_HOST_PORT = re.compile(rf"({_HOST})(?::([0-9]{{1,5}}+))?+")
# URIs differ when one of these is in only one of them (RFC 3261 section 19.1.4).
_SIGNIFICANT = ("user", "ttl", "method", "maddr", "transport")


class UriError(ValueError):
    """A text that is no URI; the message says which rule it breaks."""


def _decode(match: re.Match[str]) -> str:
    raw = bytes.fromhex(match.group().replace("%", ""))
    if any(byte < 32 or byte == 127 for byte in raw):  # a control character stays escaped: it must not reach a header
        return match.group()
    return raw.decode("utf-8", "replace")


def unescape(text: str) -> str:
    """Decodes %XX once, as UTF-8; sequences with control characters stay as they are."""
    return _ESCAPE.sub(_decode, text) if "%" in text else text


def escape_user(text: str) -> str:
    """Escapes what may not stand in the user part of a URI (RFC 3261 section 25.1, user-unreserved)."""
    return _escape(_UNSAFE_IN_USER, text)


def _split_pairs(text: str, separator: str) -> dict[str, str]:
    """name=value pairs, names in lower case, flags with the value ""; raises on an empty name."""
    pairs: dict[str, str] = {}
    for item in text.split(separator):
        name, _, value = item.partition("=")
        if not name:
            raise UriError(f"empty parameter in {text!r}")
        pairs[unescape(name).lower()] = unescape(value)  # of a name that comes twice the last one counts
    return pairs


class Uri:
    """One URI. `user`, `params` and `headers` are unescaped; `host` is in lower case; `port` is None when absent.

    A tel URI keeps its number in `user` and has the host "". A URI of another scheme keeps everything in `opaque`.
    Parsed ones are shared: nobody changes them.
    """

    __slots__ = ("headers", "host", "opaque", "params", "password", "port", "scheme", "text", "user")

    def __init__(
        self,
        scheme: str,
        user: str,
        host: str,
        port: int | None = None,
        *,
        password: str = "",
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        opaque: str = "",
        text: str = "",
    ) -> None:
        self.scheme = scheme
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self.params = {} if params is None else params
        self.headers = {} if headers is None else headers
        self.opaque = opaque
        self.text = text or self.format()

    @staticmethod
    @lru_cache(KEPT)
    def parse(text: str) -> Uri:
        """Reads one URI without angle brackets. Raises UriError."""
        if len(text) > MAX_URI:
            raise UriError(f"a URI is longer than {MAX_URI} characters")
        if "%" in text and _BAD_ESCAPE.search(text):
            raise UriError(f"a '%' without two hexadecimal digits in URI {text[:80]!r}")
        scheme, _, rest = text.partition(":")
        scheme = scheme.lower()
        if scheme == "sip" or scheme == "sips":
            return Uri._parse_sip(scheme, rest, text)
        if not _OTHER.fullmatch(rest) or not _SCHEME.fullmatch(scheme):
            raise UriError(f"bad URI {text[:80]!r}")
        if scheme == "tel":
            number, _, tail = rest.partition(";")
            return Uri("tel", unescape(number), "", params=_split_pairs(tail, ";") if tail else None, text=text)
        return Uri(scheme, "", "", opaque=rest, text=text)

    @classmethod
    def _parse_sip(cls, scheme: str, rest: str, text: str) -> Uri:
        match = _SIP.fullmatch(rest)
        if match is None:
            raise UriError(f"bad SIP URI {text[:80]!r}")
        user, password, host, port, params, headers = match.groups()
        uri = cls.__new__(cls)
        uri.scheme = scheme
        uri.user = "" if user is None else unescape(user)
        uri.password = "" if password is None else unescape(password)
        uri.host = host.lower()
        uri.port = None if port is None else _port(port, text)
        uri.params = {} if params is None else _split_pairs(params, ";")
        uri.headers = {} if headers is None else _split_pairs(headers, "&")
        uri.opaque = ""
        uri.text = text
        return uri

    def format(self) -> str:
        """The URI from its parts, escaped where needed."""
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        text = f"{self.scheme}:"
        if self.user:
            text += escape_user(self.user)
            if self.password:
                text += f":{escape_user(self.password)}"
            if self.host:
                text += "@"
        text += self.host
        if self.port is not None:
            text += f":{self.port}"
        for name, value in self.params.items():
            text += f";{escape_user(name)}={_escape(_UNSAFE_IN_VALUE, value)}" if value else f";{escape_user(name)}"
        if self.headers:
            text += "?" + "&".join(f"{escape_user(n)}={_escape(_UNSAFE_IN_HEADER, v)}" for n, v in self.headers.items())
        return text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Uri({self.text!r})"

    def _key(self) -> tuple[str, str, str, str, int | None, str]:
        opaque = "".join(c for c in self.user if c not in "-.()") if self.scheme == "tel" else self.opaque
        return (self.scheme, "" if self.scheme == "tel" else self.user, self.password, self.host, self.port, opaque)

    def __eq__(self, other: object) -> bool:
        """RFC 3261 section 19.1.4. Not transitive by its nature: a parameter that one side lacks may be ignored."""
        if not isinstance(other, Uri):
            return NotImplemented
        if self._key() != other._key():
            return False
        if self.params or other.params:
            for name in _SIGNIFICANT:
                if (name in self.params) != (name in other.params):
                    return False
            for name, value in self.params.items():
                if name in other.params and other.params[name].lower() != value.lower():
                    return False
        return self.headers == other.headers

    def __hash__(self) -> int:
        return hash(self._key())


def transport_of(uri: Uri) -> str:
    """The transport that a SIP URI names (RFC 3263 section 4.1): its parameter, "tls" for sips, else "udp"."""
    named = uri.params.get("transport", "").lower()
    if uri.scheme == "sips":
        return "wss" if named in ("ws", "wss") else "tls"
    return named or "udp"


def split_host_port(text: str) -> tuple[str, int | None]:
    """Splits `host[:port]`, host being a name, an IPv4 address or a bracketed IPv6 reference. Raises UriError."""
    match = _HOST_PORT.fullmatch(text)
    if match is None:
        raise UriError(f"bad host or port in {text[:80]!r}")
    host, port = match.groups()
    return host, None if port is None else _port(port, text)


def _port(digits: str, text: str) -> int:
    port = int(digits)
    if not 1 <= port <= 65535:
        raise UriError(f"bad port in {text[:80]!r}")
    return port


def _escape(unsafe: re.Pattern[str], text: str) -> str:
    return unsafe.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "replace")), text)

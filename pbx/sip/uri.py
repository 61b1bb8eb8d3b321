"""SIP, SIPS and tel URIs: parse, format, compare (RFC 3261 section 19.1, RFC 3966).

Unescaping happens once, after the split into parts, so that an escaped separator never becomes a separator.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_UNSAFE_IN_USER = re.compile(r"[^A-Za-z0-9\-_.!~*'()&=+$,;?/]")
_HOST = re.compile(r"[A-Za-z0-9\-._]{1,255}|\[[0-9A-Fa-f:.]{2,64}\]")
# Characters that never stand in a URI as they are (space, controls, quotes, angle brackets).
_FORBIDDEN = re.compile(r'[\x00-\x20\x7f<>"\\{}|^`]')
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
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
    return _UNSAFE_IN_USER.sub(lambda m: "".join(f"%{byte:02X}" for byte in m.group().encode()), text)


def _split_pairs(text: str, separator: str) -> dict[str, str]:
    """name=value pairs, names in lower case, flags with the value ""; raises on an empty name."""
    pairs: dict[str, str] = {}
    for item in text.split(separator):
        name, _, value = item.partition("=")
        if not name:
            raise UriError(f"empty parameter in {text!r}")
        pairs[unescape(name).lower()] = unescape(value)
    return pairs


class Uri:
    """One URI. `user`, `params` and `headers` are unescaped; `host` is in lower case; `port` is None when absent.

    A tel URI keeps its number in `user` and has the host "". A URI of another scheme keeps everything in `opaque`.
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

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Reads one URI without angle brackets. Raises UriError."""
        if len(text) > 2048:
            raise UriError("a URI is longer than 2048 characters")
        if _FORBIDDEN.search(text) or ("%" in text and _BAD_ESCAPE.search(text)):
            raise UriError(f"a character that must be escaped, or a bad escape, in URI {text[:80]!r}")
        scheme, colon, rest = text.partition(":")
        if not colon or not rest or not scheme:
            raise UriError(f"no scheme in URI {text[:80]!r}")
        scheme = scheme.lower()
        if scheme == "sip" or scheme == "sips":
            return cls._parse_sip(scheme, rest, text)
        if scheme == "tel":
            number, _, tail = rest.partition(";")
            params = _split_pairs(tail, ";") if tail else None
            return cls("tel", unescape(number), "", params=params, text=text)
        if not scheme.replace("+", "").replace("-", "").replace(".", "").isalnum():
            raise UriError(f"bad scheme in URI {text[:80]!r}")
        return cls(scheme, "", "", opaque=rest, text=text)

    @classmethod
    def _parse_sip(cls, scheme: str, rest: str, text: str) -> Uri:
        user = password = ""
        if "@" in rest:
            user, _, rest = rest.partition("@")
            if not user or "@" in rest:
                raise UriError(f"bad user part in URI {text[:80]!r}")
            if ":" in user:
                user, _, password = user.partition(":")
                password = unescape(password)
            if "%" in user:
                user = unescape(user)
        params = headers = None
        if "?" in rest:
            rest, _, tail = rest.partition("?")
            headers = _split_pairs(tail, "&")
        if ";" in rest:
            rest, _, tail = rest.partition(";")
            params = _split_pairs(tail, ";")
        host, port = split_host_port(rest)
        return cls(scheme, user, host.lower(), port, password=password, params=params, headers=headers, text=text)

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
            text += f";{escape_user(name)}={_escape_value(value)}" if value else f";{escape_user(name)}"
        if self.headers:
            text += "?" + "&".join(f"{escape_user(n)}={_escape_header(v)}" for n, v in self.headers.items())
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


def split_host_port(text: str) -> tuple[str, int | None]:
    """Splits `host[:port]`, host being a name, an IPv4 address or a bracketed IPv6 reference. Raises UriError."""
    host, port = text, ""
    if text.startswith("["):
        end = text.find("]") + 1
        host, rest = text[:end], text[end:]
        if rest and (rest[0] != ":" or len(rest) == 1):
            raise UriError(f"bad port in {text[:80]!r}")
        port = rest[1:]
    elif ":" in text:
        host, _, port = text.partition(":")
        if not port:
            raise UriError(f"empty port in {text[:80]!r}")
    if not _HOST.fullmatch(host):
        raise UriError(f"bad host in {text[:80]!r}")
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit()) or len(port) > 16 or not 1 <= int(port) <= 65535:
        raise UriError(f"bad port in {text[:80]!r}")
    return host, int(port)


def _escape_value(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9\-_.!~*'()\[\]/:&+$]", lambda m: "".join(f"%{b:02X}" for b in m.group().encode()), text)


def _escape_header(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9\-_.!~*'()\[\]/?:+$]", lambda m: "".join(f"%{b:02X}" for b in m.group().encode()), text)

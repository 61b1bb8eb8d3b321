"""Structured header values: name-addr, Via, parameters, comma lists (RFC 3261 sections 7.3.1, 20 and 25.1)."""

from __future__ import annotations

import re
from functools import lru_cache

from core.sipvalues import name_addr, parameters
from pbx.sip.uri import KEPT, Uri, UriError

_NAME_CHARACTER = r"[A-Za-z0-9\-.!%*_+`'~]"
_TOKEN = re.compile(rf"{_NAME_CHARACTER}+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_PARAMETER = re.compile(
    rf"""\s*+;\s*+({_NAME_CHARACTER}++)\s*+(?:=\s*+("(?:[^"\\]|\\.)*+"|[^\s;,"<>]*+))?""", re.DOTALL
)
_VIA = re.compile(
    rf"SIP\s*+/\s*+2\.0\s*+/\s*+({_NAME_CHARACTER}++)\s++(\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9\-._]++)(?:\s*+:\s*+([0-9]{{1,5}}+))?+",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r'"(?:[^"\\]|\\.)*+"|<[^>]*+>|[^,"<]++|["<]', re.DOTALL)


class HeaderError(ValueError):
    """A header value that breaks its grammar; the message says where."""


def unquote(text: str) -> str:
    """The content of a quoted string with its backslashes resolved; other text unchanged."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
        return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if "\\" in text else text
    return text


def quote(text: str) -> str:
    """A quoted string. Control characters, which may not stand in a header, become spaces."""
    clean = "".join(c if c >= " " and c != "\x7f" else " " for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def split_values(text: str) -> list[str]:
    """Splits a comma list; commas in quoted strings and angle brackets do not count. Empty items are dropped."""
    if "," not in text:
        text = text.strip()
        return [text] if text else []
    if '"' not in text and "<" not in text:
        return [item for item in map(str.strip, text.split(",")) if item]
    values: list[str] = []
    current: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == ",":
            values.append("".join(current).strip())
            current.clear()
            at += 1
            continue
        match = _LIST_ITEM.match(text, at)
        if match is None:  # cannot happen: every character but ',' starts an item
            break
        current.append(match.group())
        at = match.end()
    values.append("".join(current).strip())
    return [value for value in values if value]


def parse_params(text: str, at: int = 0) -> dict[str, str]:
    """Reads `;name=value;flag...` from offset `at` to the end. Names in lower case, values unquoted, flags "".

    A name that comes twice keeps its first value. Raises HeaderError.
    """
    plain = parameters(text, at)
    if plain is not None:
        return plain
    params: dict[str, str] = {}
    length = len(text)
    while at < length:
        match = _PARAMETER.match(text, at)
        if match is None:
            if text[at:].isspace():
                break
            raise HeaderError(f"bad parameter at {text[at : at + 40]!r}")
        name, value = match.groups()
        params.setdefault(name.lower(), unquote(value) if value else "")
        at = match.end()
    return params


class NameAddr:
    """`"Display" <uri>;params`, as in From, To, Contact, Route (RFC 3261 section 20.10)."""

    __slots__ = ("display", "params", "uri")

    def __init__(self, uri: Uri, display: str = "", params: dict[str, str] | None = None) -> None:
        self.uri = uri
        self.display = display
        self.params = {} if params is None else params

    @property
    def tag(self) -> str:
        """The tag parameter, "" when absent."""
        return self.params.get("tag", "")

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """Reads one value. Raises HeaderError. Without angle brackets, parameters belong to the header, not the URI."""
        plain = name_addr(text)
        if plain is not None:
            try:
                return cls(Uri.parse(plain[1]), plain[0], plain[2])
            except UriError as error:
                raise HeaderError(str(error)) from error
        return cls._parse_unusual(text)

    @classmethod
    def _parse_unusual(cls, text: str) -> NameAddr:
        display = ""
        start = 0
        if text[:1] == '"':
            match = _QUOTED.match(text)
            if match is None:
                raise HeaderError(f"a quoted name never ends in {text[:80]!r}")
            display = unquote(match.group())
            start = match.end()
        opening = text.find("<", start)
        try:
            if opening < 0:
                if start:
                    raise HeaderError(f"a name without <uri> in {text[:80]!r}")
                uri, semicolon, tail = text.partition(";")
                params = parse_params(semicolon + tail) if semicolon else None
                return cls(Uri.parse(uri.strip()), "", params)
            between = text[start:opening].strip()
            if (start and between) or '"' in between:
                raise HeaderError(f"text between name and <uri> in {text[:80]!r}")
            closing = text.find(">", opening)
            if closing < 0:
                raise HeaderError(f"'<' is never closed in {text[:80]!r}")
            params = parse_params(text, closing + 1) if closing + 1 < len(text) else None
            return cls(Uri.parse(text[opening + 1 : closing]), display or between, params)
        except UriError as error:
            raise HeaderError(str(error)) from error

    def __str__(self) -> str:
        text = f"{quote(self.display)} <{self.uri}>" if self.display else f"<{self.uri}>"
        for name, value in self.params.items():
            text += f";{name}={value if _TOKEN.fullmatch(value) else quote(value)}" if value else f";{name}"
        return text

    def __repr__(self) -> str:
        return f"NameAddr({str(self)!r})"


@lru_cache(KEPT)
def parse_contact(text: str) -> NameAddr:
    """`NameAddr.parse` of what a phone repeats in each of its messages; the result is shared, so nobody changes it."""
    return NameAddr.parse(text)


class Via:
    """One Via value (RFC 3261 section 20.42). `host` has no brackets; `port` and `rport` are None when absent."""

    __slots__ = ("host", "params", "port", "transport")

    def __init__(self, transport: str, host: str, port: int | None, params: dict[str, str]) -> None:
        self.transport = transport
        self.host = host
        self.port = port
        self.params = params

    @classmethod
    def parse(cls, text: str) -> Via:
        """Reads one value. Raises HeaderError."""
        match = _VIA.match(text)
        if match is None:
            raise HeaderError(f"bad Via {text[:80]!r}")
        transport, host, digits = match.groups()
        port = None if digits is None else int(digits)
        if port is not None and not 1 <= port <= 65535:
            raise HeaderError(f"bad port in Via {text[:80]!r}")
        end = match.end()
        params = parse_params(text, end) if end < len(text) else {}
        return cls(transport.upper(), host.strip("[]").lower(), port, params)

    @property
    def branch(self) -> str:
        return self.params.get("branch", "")

    @property
    def received(self) -> str:
        return self.params.get("received", "")

    @property
    def rport(self) -> int | None:
        value = self.params.get("rport", "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else None

    @property
    def wants_rport(self) -> bool:
        """Whether the client asked for symmetric responses (RFC 3581)."""
        return "rport" in self.params

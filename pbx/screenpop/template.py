"""The template of a pop's address: what may stand in it, and filling it so that no value becomes more than a value.

Values come from callers and web pages. Each is percent-encoded whole (RFC 3986 section 2.1), so that it ends neither
its parameter nor the path; scheme and host are the template's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

NAMES = (
    *("number_e164", "number_national", "did", "queue", "call_id", "contact_id", "session_id"),
    *("utm_source", "gclid", "agent", "caller_name", "tags"),
)
IVR = "ivr."
MAX_VARIABLES = 20
MAX_VALUE = 512  # octets of one value, encoded
# Schemes that run or show what they carry, or reach into the agent's machine, instead of naming a page or a client.
REFUSED = frozenset(
    {"javascript", "vbscript", "livescript", "data", "blob", "file", "filesystem", "about", "view-source", "jar"}
    | {"mhtml", "intent", "shell", "search", "search-ms", "ws", "wss", "chrome", "resource", "res"}
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31}):")
_PART = re.compile(r"\{([^{}]*)\}")
_IVR_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+){0,5}")
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")  # RFC 3986 section 2.2 to 2.4


class TemplateError(Exception):
    """The template cannot be used; `remedy` says what to write."""

    def __init__(self, text: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Template:
    """`parts` are words and names in turn, words first."""

    parts: tuple[str, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        return self.parts[1::2]

    def fill(self, value: Callable[[str], str]) -> str:
        """The address; `value` is asked for each variable, "" where it is not known."""
        return "".join(part if at % 2 == 0 else encoded(value(part)) for at, part in enumerate(self.parts))


def encoded(value: str) -> str:
    """A value as it may stand in a path, a query or a fragment; one of dots alone would climb in a path and is none."""
    if not value.strip("."):
        return ""
    found = quote(value[:MAX_VALUE], safe="", errors="replace")
    if len(found) <= MAX_VALUE:
        return found
    kept, size = [], 0
    for mark in value:
        one = quote(mark, safe="", errors="replace")
        size += len(one)
        if size > MAX_VALUE:
            break
        kept.append(one)
    return "".join(kept)


def parse(text: str) -> Template:
    """Raises TemplateError."""
    parts = tuple(_PART.split(text))
    _check_words(parts[::2])
    _check_scheme(parts)
    if len(parts) // 2 > MAX_VARIABLES:
        raise TemplateError(f"has {len(parts) // 2} variables", f"use {MAX_VARIABLES} at most")
    for name in parts[1::2]:
        _check_name(name)
    return Template(parts)


def _check_words(words: tuple[str, ...]) -> None:
    for word in words:
        if "{" in word or "}" in word:
            raise TemplateError("has a brace without its other one", "write {name}; a brace itself is %7B or %7D")
        if not _PLAIN.fullmatch(word):
            wrong = next(mark for mark in word if not _PLAIN.fullmatch(mark))
            remedy = f"write it percent-encoded: {quote(wrong, safe='', errors='replace')}"
            raise TemplateError(f"holds {wrong!r}, which no URL may", remedy)


def _check_scheme(parts: tuple[str, ...]) -> None:
    found = _SCHEME.match(parts[0])
    if found is None:
        remedy = "begin with https://, http:// or the scheme of a CRM client, as text"
        raise TemplateError("does not begin with a scheme", remedy)
    scheme, rest = found[1].lower(), parts[0][found.end() :]
    if scheme in REFUSED or scheme.startswith("ms-"):
        text = f"the scheme {scheme!r} would run or open something on the agent's machine"
        raise TemplateError(text, "use https, http or the scheme of a CRM client")
    web = scheme in ("http", "https")
    if not (web or rest.startswith("//")):
        return
    if web and not rest.startswith("//"):
        raise TemplateError("names no host", f"write {scheme}://crm.example/...")
    host = re.split(r"[/?#]", rest[2:], maxsplit=1)
    if web and len(host) == 1 and len(parts) > 1:
        raise TemplateError("a variable would be part of the host", f"write {scheme}://crm.example/... up to the path")
    if web and not host[0]:
        raise TemplateError("names no host", f"write {scheme}://crm.example/...")
    if "@" in host[0]:
        raise TemplateError("holds a name or password before the host", "let the agent log in there instead")


def _check_name(name: str) -> None:
    if name in NAMES or (name.startswith(IVR) and _IVR_NAME.fullmatch(name.removeprefix(IVR))):
        return
    known = ", ".join(f"{{{each}}}" for each in NAMES)
    raise TemplateError(
        f"{{{name[:60]}}} is no variable", f"known: {known}, and {{ivr.NAME}} of a flow's variable NAME"
    )

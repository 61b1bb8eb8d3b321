"""Session descriptions (RFC 8866): parse whatever comes, keep what a telephone call needs, never raise but SdpError.

Lenient where old phones are sloppy (missing s= and t=, LF line ends, unknown lines and attributes), strict where media
would go to a wrong place (addresses, ports, structure). All limits are constants.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final, NamedTuple

MAX_SIZE: Final = 65536  # bytes
MAX_MEDIA: Final = 16  # m= lines
MAX_ATTRIBUTES: Final = 256  # a= lines of one section
MAX_FORMATS: Final = 256  # formats of one m= line
MAX_ADDRESS: Final = 300  # characters of a c= line
MAX_REMEMBERED: Final = 4096  # characters of a section that are worth remembering

DIRECTIONS: Final = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}", re.ASCII)
_HOST = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9\-.]{0,253}[A-Za-z0-9])?", re.ASCII)


class SdpError(Exception):
    """A description that is refused with `status` (400: broken, 413: beyond a limit, 488: not acceptable).

    `warning` is the warn-code of RFC 3261 section 20.43, 0 for none.
    """

    def __init__(self, status: int, reason: str, warning: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.warning = warning

    def headers(self, agent: str) -> tuple[str, ...]:
        """The Warning header line of the answer, with `agent` (our host) as warn-agent; () when there is no code."""
        text = self.reason.replace("\\", "/").replace('"', "'")  # parts of it may come from the far end
        return (f'Warning: {self.warning} {agent} "{text}"',) if self.warning else ()


class MediaDescription:
    """One m= section. `port` 0 means refused or switched off; `connection` is "" when the session's c= counts.

    `attributes` are the a= lines without "a=", as written, directions left out.
    """

    __slots__ = ("attributes", "connection", "direction", "formats", "kind", "port", "port_count", "proto")

    def __init__(self, kind: str, port: int, proto: str, formats: list[str], port_count: int = 1) -> None:
        self.kind = kind
        self.port = port
        self.port_count = port_count
        self.proto = proto
        self.formats = formats
        self.connection = ""
        self.direction = ""  # "" when the session's counts
        self.attributes: list[str] = []

    def attribute(self, name: str) -> str | None:
        """The value of the first a=name line ("" for a flag), None when there is none."""
        for line in self.attributes:
            key, _, value = line.partition(":")
            if key == name:
                return value.strip()
        return None

    def __str__(self) -> str:
        count = f"/{self.port_count}" if self.port_count != 1 else ""
        lines = [f"m={self.kind} {self.port}{count} {self.proto} {' '.join(self.formats)}"]
        if self.connection:
            lines.append(_connection_line(self.connection))
        lines += [f"a={attribute}" for attribute in self.attributes]
        if self.direction:
            lines.append(f"a={self.direction}")
        return "".join(f"{line}\r\n" for line in lines)


class SessionDescription:
    """A parsed description. `attributes` as in a medium."""

    __slots__ = ("attributes", "connection", "direction", "media", "name", "origin")

    def __init__(self, origin: str = "", connection: str = "") -> None:
        self.origin = origin  # opaque, without "o="
        self.connection = connection  # IP address, "" when each medium has its own
        self.name = "-"
        self.direction = ""
        self.attributes: list[str] = []
        self.media: list[MediaDescription] = []

    @classmethod
    def parse(cls, data: bytes) -> SessionDescription:
        """Reads a description. Raises SdpError and nothing else."""
        if len(data) > MAX_SIZE:
            raise SdpError(413, "The session description is too large")
        head, *sections = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\nm=")
        if head != "v=0" and not head.startswith("v=0\n"):
            raise SdpError(400, "The session description does not start with v=0")
        if len(sections) > MAX_MEDIA:
            raise SdpError(413, "The session description has too many media")
        session = cls()
        said = _read_lines(head)
        session.origin, session.name, session.connection = said.origin, said.name, said.connection
        session.attributes, session.direction = list(said.attributes), said.direction
        for section in sections:
            line, _, rest = section.partition("\n")
            media = _read_media(line)
            # Phones write the same below m= with every call: what it says is remembered, unless it is long.
            said = _remembered_lines(rest) if len(rest) <= MAX_REMEMBERED else _read_lines(rest)
            media.attributes, media.direction, media.connection = list(said.attributes), said.direction, said.connection
            session.media.append(media)
        return session

    def address_of(self, media: MediaDescription) -> str:
        """The connection address of one medium: its own c= or the session's. "" when there is neither."""
        return media.connection or self.connection

    def direction_of(self, media: MediaDescription) -> str:
        """The direction of one medium as its sender sees it (RFC 8866 section 6.7)."""
        return media.direction or self.direction or "sendrecv"

    def to_bytes(self) -> bytes:
        """The description as it goes on the wire."""
        text = f"v=0\r\no={self.origin or '- 0 0 IN IP4 0.0.0.0'}\r\ns={self.name}\r\n"
        if self.connection:
            text += _connection_line(self.connection) + "\r\n"
        text += "t=0 0\r\n"
        text += "".join(f"a={attribute}\r\n" for attribute in self.attributes)
        if self.direction:
            text += f"a={self.direction}\r\n"
        return (text + "".join(map(str, self.media))).encode()


def is_ipv4(text: str) -> bool:
    """Whether `text` is a dotted quad without leading zeros."""
    return _IPV4.fullmatch(text) is not None


def _connection_line(address: str) -> str:
    return f"c=IN {'IP6' if ':' in address else 'IP4'} {address}"


@lru_cache(maxsize=1024)
def _read_connection(line: str) -> str:
    """The address of `c=IN IP4 address[/ttl[/count]]` or its IP6 form."""
    fields = line[2:].split(" ")
    if len(line) <= MAX_ADDRESS and len(fields) == 3 and fields[0] == "IN":
        address = fields[2].partition("/")[0]
        if fields[1] == "IP4" and (is_ipv4(address) or _is_name(address)):
            return address
        if fields[1] == "IP6" and (_is_ipv6(address) or _is_name(address)):
            return address
    raise SdpError(400, f"Bad connection address in the session description: {line[:60]!a}")


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_name(text: str) -> bool:
    return _HOST.fullmatch(text) is not None


class _Lines(NamedTuple):
    """What the lines of one section say but for m=. Shared by the cache: never changed."""

    attributes: tuple[str, ...]
    direction: str
    connection: str
    origin: str
    name: str


def _read_lines(text: str) -> _Lines:
    attributes: list[str] = []
    direction = connection = origin = ""
    name = "-"
    for line in text.split("\n"):
        kind = line[:2]
        if kind == "a=":
            attribute = line[2:]
            if attribute in DIRECTIONS:
                direction = attribute  # of several, the last one counts
            else:
                attributes.append(attribute)
        elif kind == "c=":
            connection = _read_connection(line)
        elif kind == "o=":
            origin = line[2:]
        elif kind == "s=":
            name = line[2:]
        elif line and (kind[1:] != "=" or not kind[0].isalpha()):
            raise SdpError(400, f"Bad line in the session description: {line[:40]!a}")
    if len(attributes) > MAX_ATTRIBUTES:
        raise SdpError(413, "The session description has too many attributes")
    return _Lines(tuple(attributes), direction, connection, origin, name)


_remembered_lines = lru_cache(maxsize=256)(_read_lines)


def _read_media(line: str) -> MediaDescription:
    """`kind port[/count] proto format...`, a media line without its m=; every field is there and the port is a port."""
    fields = line.split(" ")
    if fields[-1] == "":
        fields = line.rstrip(" ").split(" ")
    if len(fields) < 4 or "" in fields:
        raise SdpError(400, f"Bad media line in the session description: {line[:60]!a}")
    if len(fields) > MAX_FORMATS + 3:
        raise SdpError(413, "A media line of the session description has too many formats")
    port_text, _, count = fields[1].partition("/")
    if not _is_number(port_text) or int(port_text) > 65535 or (count and not _is_number(count)):
        raise SdpError(400, f"Bad port in the session description: {line[:60]!a}")
    return MediaDescription(fields[0], int(port_text), fields[2], fields[3:], int(count) if count else 1)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9

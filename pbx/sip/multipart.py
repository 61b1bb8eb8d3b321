"""Multipart bodies (RFC 2046 section 5.1, RFC 5621): finding one part, with limits on depth and number."""

from __future__ import annotations

import re
from typing import Final

MAX_DEPTH: Final = 4  # multiparts within each other
MAX_PARTS: Final = 32  # parts of one body, nested ones included

_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70})(?![^\s;]))', re.IGNORECASE)
_TYPE = re.compile(rb"^content-type[ \t]*:[ \t]*((?:[^\r\n]|\r\n[ \t])*)", re.IGNORECASE | re.MULTILINE)


class MultipartError(ValueError):
    """A multipart body without boundary, or beyond the limits."""


def find_part(content_type: str, body: bytes, wanted: str) -> bytes | None:
    """The first part of the media type `wanted` (lower case), None when there is none. Raises MultipartError.

    Works without recursion: nested multiparts wait in a list that the limits keep short.
    """
    waiting = [(content_type, body, 1)]
    parts = 0
    while waiting:
        kind, data, depth = waiting.pop(0)
        if depth > MAX_DEPTH:
            raise MultipartError("Multipart Too Deep")
        for part in _split(kind, data):
            parts += 1
            if parts > MAX_PARTS:
                raise MultipartError("Too Many Body Parts")
            head, gap, content = part.partition(b"\r\n\r\n")
            if part[:2] == b"\r\n":  # a part without headers
                head, gap, content = b"", b"\r\n", part[2:]
            if not gap:
                continue
            match = _TYPE.search(head)
            part_type = match.group(1).decode("latin-1") if match else "text/plain"
            media_type = part_type.partition(";")[0].strip().lower()
            if media_type == wanted:
                return content
            if media_type.startswith("multipart/"):
                waiting.append((part_type, content, depth + 1))
    return None


def _split(content_type: str, body: bytes) -> list[bytes]:
    """The parts between the delimiters, without the line ends that belong to those."""
    match = _BOUNDARY.search(content_type[:4096])
    if match is None:
        raise MultipartError("Multipart Without Boundary")
    delimiter = b"\r\n--" + (match.group(1) or match.group(2)).encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(delimiter, MAX_PARTS + 2)
    parts: list[bytes] = []
    for piece in pieces[1:]:
        if piece[:2] == b"--":
            break
        end = piece.find(b"\r\n")
        if end >= 0 and not piece[:end].strip(b" \t"):
            parts.append(piece[end + 2 :])
    return parts

"""A part of a sound, as players ask for it (RFC 9110 sections 13 and 14): one range, If-Range, If-None-Match, HEAD.

Files are read in threads, a piece at a time, as fast as whoever listens takes them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from email.utils import formatdate, parsedate_to_datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pbx.api.rest.problem import problem

PIECE = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

# What such a route documents, besides what every route has.
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sound",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("audio/wav", "audio/ogg")},
    },
    206: {
        "description": "The part that Range asked for",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("audio/wav", "audio/ogg")},
    },
    304: {"description": "Not changed since If-None-Match"},
    416: {"description": "Range begins behind the end"},
}


class Sound(Protocol):
    """pbx.media.stored_sound.StoredSound."""

    size: int
    media_type: str
    tag: str
    modified: float

    def read(self, start: int, count: int) -> bytes: ...
    def close(self) -> None: ...


async def sound_answer(request: Request, sound: Sound, name: str) -> Response:
    """200, 206, 304 or 416; closes `sound`. `name` is what a browser saves it as."""
    headers = {
        "accept-ranges": "bytes",
        "etag": sound.tag,
        "last-modified": formatdate(sound.modified, usegmt=True),
        "cache-control": "private, no-store",
        "content-disposition": f'attachment; filename="{name}"',
    }
    known = request.headers.get("if-none-match", "")
    if known == "*" or sound.tag in (each.strip() for each in known.split(",")):
        await asyncio.to_thread(sound.close)
        return Response(status_code=304, headers={"etag": sound.tag, "cache-control": headers["cache-control"]})
    part = _part(request, sound)
    if part == (0, 0):
        await asyncio.to_thread(sound.close)
        return problem(416, f"the sound has {sound.size} octets", headers={"content-range": f"bytes */{sound.size}"})
    start, end = part if part is not None else (0, sound.size)
    status = 200 if part is None else 206
    headers["content-length"] = str(end - start)
    if part is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{sound.size}"
    if request.method == "HEAD":
        await asyncio.to_thread(sound.close)
        return Response(status_code=status, headers=headers, media_type=sound.media_type)
    return StreamingResponse(_pieces(sound, start, end), status, headers, media_type=sound.media_type)


def _part(request: Request, sound: Sound) -> tuple[int, int] | None:
    """From and to (outside) of the range; None: all of it, (0, 0): a range that begins behind the end.

    Several ranges at once are answered with all of it, as RFC 9110 section 14.2 allows.
    """
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if found is None or not sound.size or not _still_holds(request.headers.get("if-range"), sound):
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        start = max(0, sound.size - int(last))
        return (start, sound.size) if int(last) else (0, 0)
    if last and int(last) < int(first):
        return None
    if int(first) >= sound.size:
        return (0, 0)
    return int(first), min(int(last) + 1 if last else sound.size, sound.size)


def _still_holds(condition: str | None, sound: Sound) -> bool:
    """Whether what If-Range names is what there is."""
    if condition is None or condition == sound.tag:
        return True
    try:
        return int(parsedate_to_datetime(condition).timestamp()) == int(sound.modified)
    except ValueError:
        return False


async def _pieces(sound: Sound, start: int, end: int) -> AsyncIterator[bytes]:
    try:
        while start < end:
            piece = await asyncio.to_thread(sound.read, start, min(PIECE, end - start))
            if not piece:
                raise OSError("the file became shorter while it was read")
            yield piece
            start += len(piece)
    finally:
        await asyncio.shield(asyncio.to_thread(sound.close))

"""Large JSON bodies are read beside the event loop.

The C parsers hold the interpreter's lock from the first byte to the last: 12 MB of settings took 190 ms of the loop, in
a thread as well. Above 64 KiB a body is read here by steps of Python, between which a thread gives way. How many values
a body holds is bounded: 3 MB of `[],` are a million lists, which the collector would walk with the loop waiting.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
from collections.abc import Callable, Coroutine
from json import decoder, scanner
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from pbx.api.late import at_leisure

AT_ONCE = 65_536  # bytes that are read on the loop
MAX_VALUES = 400_000  # texts and numbers, and twice as many as there are lists and objects
STEP = 65_536  # characters that are looked at in one go
_CONTROL = re.compile(r"[\x00-\x1f]")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = re.compile(r"[0-9A-Fa-f]{4}")


class PatientRoute(APIRoute):
    """For a router whose routes take large bodies (`APIRouter(route_class=PatientRoute)`)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI's, with a request that reads its JSON patiently."""
        handle = super().get_route_handler()

        async def patient(request: Request) -> Response:
            return await handle(_PatientRequest(request.scope, request.receive))

        return patient


class _PatientRequest(Request):
    async def json(self) -> Any:
        body = await self.body()
        if len(body) <= AT_ONCE:
            return await super().json()
        return await asyncio.to_thread(at_leisure, read_json, body)


def read_json(body: bytes) -> Any:
    """What `json.loads` gives, without holding the interpreter's lock for long. Raises JSONDecodeError."""
    return _Patient().decode(_text(body))


class _Patient(json.JSONDecoder):
    def __init__(self) -> None:
        super().__init__()
        self._left = MAX_VALUES
        self.parse_int = self._counted(int, 1)
        self.parse_float = self._counted(float, 1)
        self.parse_string = self._counted(_string, 1)
        self.parse_object = self._counted(decoder.JSONObject, 2)  # type: ignore[attr-defined]
        self.parse_array = self._counted(decoder.JSONArray, 2)  # type: ignore[attr-defined]
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]

    def _counted(self, parse: Callable[..., Any], weight: int) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self._left -= weight
            if self._left < 0:
                raise json.JSONDecodeError("more values than are read", "", 0)
            return parse(*arguments)

        return counted


def _text(body: bytes) -> str:
    """UTF-8, UTF-16 or UTF-32, as `json.loads` takes it. Raises UnicodeDecodeError."""
    reader = codecs.getincrementaldecoder(json.detect_encoding(body[:4]))("surrogatepass")
    parts = [reader.decode(body[at : at + STEP]) for at in range(0, len(body), STEP)]
    return "".join((*parts, reader.decode(b"", True)))


def _string(text: str, at: int, strict: bool = True) -> tuple[str, int]:
    """The string that begins at `at`, behind its quotation mark, and where it ends."""
    del strict
    begin, parts = at - 1, []
    while True:
        stop, found = _plain(text, at, begin)
        parts.append(text[at:stop])
        if found == '"':
            return "".join(parts), stop + 1
        mark, at = _escaped(text, stop)
        parts.append(mark)


def _plain(text: str, at: int, begin: int) -> tuple[int, str]:
    """Where the next quotation mark or backslash is, and which."""
    place = at
    while place < len(text):
        end = min(place + STEP, len(text))
        quote = text.find('"', place, end)
        slash = text.find("\\", place, end if quote < 0 else quote)
        stop = slash if slash >= 0 else quote
        control = _CONTROL.search(text, place, stop if stop >= 0 else end)
        if control is not None:
            raise json.JSONDecodeError("Invalid control character at", "", control.start())
        if stop >= 0:
            return stop, text[stop]
        place = end
    raise json.JSONDecodeError("Unterminated string starting at", "", begin)


def _escaped(text: str, at: int) -> tuple[str, int]:
    """What the escape at `at` stands for, and where it ends."""
    kind = text[at + 1 : at + 2]
    if kind in _ESCAPES:
        return _ESCAPES[kind], at + 2
    if kind != "u" or _HEX.match(text, at + 2) is None:
        raise json.JSONDecodeError("Invalid \\escape", "", at)
    code, end = int(text[at + 2 : at + 6], 16), at + 6
    if 0xD800 <= code < 0xDC00 and text.startswith("\\u", end) and _HEX.match(text, end + 2) is not None:
        low = int(text[end + 2 : end + 6], 16)
        if 0xDC00 <= low < 0xE000:
            return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), end + 6
    return chr(code), end

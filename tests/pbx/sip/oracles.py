"""What our parser and two others, sipmessage and aiosipua, read from one message, field by field, to be compared."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from collections.abc import Callable
from typing import Any

import aiosipua
import sipmessage

from pbx.sip.headers import HeaderError
from pbx.sip.message import Request, SipParseError
from pbx.sip.parser import parse

FIELDS = (
    "start",
    "call_id",
    "cseq",
    "from",
    "from_tag",
    "to",
    "to_tag",
    "via",
    "via_count",
    "contacts",
    "body",
)
REFUSED = "refused"
Reading = dict[str, Any]


def ours(data: bytes) -> Reading | str:
    """The fields as our scanner and typed headers give them; a text says why the message is refused."""
    try:
        message = parse(data)
    except SipParseError as error:
        return f"{error.status} {error.reason}"
    if message is None:
        return "keep-alive"
    request = isinstance(message, Request)
    via = message.via
    return {
        "start": (message.method, message.uri) if request else (message.status,),
        "call_id": message.call_id,
        "cseq": (message.cseq, message.cseq_method),
        "from": _address(message.from_),
        "from_tag": message.from_.tag,
        "to": _address(message.to),
        "to_tag": message.to.tag,
        "via": (via.transport, via.host, via.port, via.branch),
        "via_count": message.via_count,
        "contacts": _read(lambda: "*" if message.contact_is_star else [_address(one) for one in message.contacts]),
        "body": message.body,
    }


def _address(value: Any) -> tuple[str, str, str, int | None, str]:
    uri = value.uri
    return (uri.scheme, uri.user, uri.host.strip("[]"), uri.port, value.display)


def by_sipmessage(data: bytes) -> Reading | str:
    message = _read(lambda: sipmessage.Message.parse(data))
    if isinstance(message, str):
        return message
    request = isinstance(message, sipmessage.Request)

    def address(value: Any) -> tuple[str, str, str, int | None, str]:
        uri = value.uri
        return (uri.scheme, uri.user or "", uri.host.lower().strip("[]"), uri.port, value.name)

    def via() -> tuple[str, str, int | None, str]:
        top = message.via[0]
        return (top.transport.upper(), top.host.lower().strip("[]"), top.port, top.parameters.get("branch") or "")

    return {
        "start": (message.method, data[len(message.method) + 1 :].split(b" ", 1)[0].decode())
        if request
        else (message.code,),
        "call_id": _read(lambda: message.call_id),
        "cseq": _read(lambda: (message.cseq.sequence, message.cseq.method)),
        "from": _read(lambda: address(message.from_address)),
        "from_tag": _read(lambda: message.from_address.parameters.get("tag") or ""),
        "to": _read(lambda: address(message.to_address)),
        "to_tag": _read(lambda: message.to_address.parameters.get("tag") or ""),
        "via": _read(via),
        "via_count": _read(lambda: len(message.via)),
        "contacts": _read(lambda: [address(value) for value in message.contact]),
        "body": message.body,
    }


def by_aiosipua(data: bytes) -> Reading | str:
    message = _read(lambda: aiosipua.SipMessage.parse(data))
    if isinstance(message, str):
        return message
    request = isinstance(message, aiosipua.SipRequest)

    def address(value: Any) -> tuple[str, str, str, int | None, str]:
        uri = value.uri
        return (uri.scheme, uri.user or "", uri.host.lower().strip("[]"), uri.port, value.display_name or "")

    def via() -> tuple[str, str, int | None, str]:
        top = message.via[0]
        return (top.transport.upper(), top.host.lower().strip("[]"), top.port, top.params.get("branch") or "")

    body = message.body
    return {
        "start": (message.method, str(message.uri)) if request else (message.status_code,),
        "call_id": _read(lambda: message.call_id),
        "cseq": _read(lambda: (message.cseq.seq, message.cseq.method)),
        "from": _read(lambda: address(message.from_addr)),
        "from_tag": _read(lambda: message.from_addr.params.get("tag") or ""),
        "to": _read(lambda: address(message.to_addr)),
        "to_tag": _read(lambda: message.to_addr.params.get("tag") or ""),
        "via": _read(via),
        "via_count": _read(lambda: len(message.via)),
        "contacts": _read(lambda: [address(value) for value in message.contact]),
        "body": body if isinstance(body, bytes) else body.encode(),
    }


ORACLES: dict[str, Callable[[bytes], Reading | str]] = {"sipmessage": by_sipmessage, "aiosipua": by_aiosipua}


def _read(get: Callable[[], Any]) -> Any:
    """What `get` gives, or why it could not: an oracle may raise what it likes."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return get()
        except (SipParseError, HeaderError) as error:
            return f"{REFUSED}: {error}"
        except Exception as error:
            return f"{REFUSED}: {type(error).__name__}: {error}"


def differences(data: bytes) -> list[tuple[str, str, Any, Any]]:
    """(oracle, field, ours, theirs) wherever two readings are not the same; the field "message" for a refusal."""
    found: list[tuple[str, str, Any, Any]] = []
    mine = ours(data)
    for name, read in ORACLES.items():
        theirs = read(data)
        if isinstance(mine, str) or isinstance(theirs, str):
            if isinstance(mine, str) != isinstance(theirs, str):
                found.append(
                    (name, "message", mine if isinstance(mine, str) else "", theirs if isinstance(theirs, str) else "")
                )
            continue
        for field in FIELDS:
            if mine[field] != theirs[field]:
                found.append((name, field, mine[field], theirs[field]))
    return found


SPICE = (b"\r\n", b"tag", *(bytes([byte]) for byte in b' \t;,<>"\\%@:=9\x00\xc3'))


def mutant(data: bytes, chance: random.Random) -> bytes:
    """`data` with up to three changes: bytes, pieces and whole lines that are changed, lost, doubled or moved."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        lines = data.split(b"\r\n")
        kind = chance.randrange(7)
        if kind == 0 and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + chance.choice(SPICE) + data[at:]
        elif kind == 2:
            data = data[:at] + data[at + chance.randint(1, 8) :]
        elif kind == 3:
            data = data[:at] + data[at : at + chance.randint(1, 20)] + data[at:]
        elif kind == 4:
            lines.insert(chance.randrange(len(lines)), chance.choice(lines))
            data = b"\r\n".join(lines)
        elif kind == 5 and len(lines) > 2:
            lines.pop(chance.randrange(1, len(lines)))
            data = b"\r\n".join(lines)
        elif len(lines) > 3:
            one, other = chance.randrange(1, len(lines)), chance.randrange(1, len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            data = b"\r\n".join(lines)
    return data

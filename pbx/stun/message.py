"""STUN messages (RFC 8489): reading what comes, with integrity and fingerprint; writing answers to Binding requests."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import ipaddress
import struct
from dataclasses import dataclass, field
from typing import Final

MAX_SIZE: Final = 1500  # bytes of a message that is looked at
MAX_ATTRIBUTES: Final = 32
HEADER: Final = 20

BINDING_REQUEST: Final = 0x0001
BINDING_INDICATION: Final = 0x0011
BINDING_SUCCESS: Final = 0x0101
BINDING_ERROR: Final = 0x0111

USERNAME: Final = 0x0006
MESSAGE_INTEGRITY: Final = 0x0008
ERROR_CODE: Final = 0x0009
UNKNOWN_ATTRIBUTES: Final = 0x000A
XOR_MAPPED_ADDRESS: Final = 0x0020
PRIORITY: Final = 0x0024
USE_CANDIDATE: Final = 0x0025
FINGERPRINT: Final = 0x8028
ICE_CONTROLLED: Final = 0x8029
ICE_CONTROLLING: Final = 0x802A

_COOKIE: Final = 0x2112A442
_COOKIE_BYTES: Final = _COOKIE.to_bytes(4, "big")
_FINGERPRINT_XOR: Final = 0x5354554E
_KNOWN: Final = frozenset(
    {USERNAME, MESSAGE_INTEGRITY, PRIORITY, USE_CANDIDATE, XOR_MAPPED_ADDRESS, ERROR_CODE, 0x0001}
)


@dataclass(slots=True)
class StunMessage:
    """A well-formed message. Of attributes that repeat the first counts; what follows the integrity does not count."""

    kind: int
    transaction: bytes
    attributes: dict[int, bytes] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)  # attributes that have to be understood and are not
    has_fingerprint: bool = False
    integrity_at: int = 0  # offset of MESSAGE-INTEGRITY, 0: there is none
    data: bytes = b""

    def is_authentic(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY fits this short-term password (RFC 8489 section 9.1)."""
        if not self.integrity_at:
            return False
        wanted = _integrity(self.data[: self.integrity_at], password)
        return hmac.compare_digest(wanted, self.attributes[MESSAGE_INTEGRITY])


def parse(data: bytes) -> StunMessage | None:
    """The message, or None when it is not a well-formed STUN message or its FINGERPRINT is wrong. Raises nothing."""
    if not HEADER <= len(data) <= MAX_SIZE or data[0] & 0xC0 or data[4:8] != _COOKIE_BYTES:
        return None
    kind, length = struct.unpack_from("!HH", data)
    if length + HEADER != len(data) or length % 4:
        return None
    message = StunMessage(kind, data[8:20], data=data)
    at, count = HEADER, 0
    while at < len(data):
        count += 1
        if at + 4 > len(data) or count > MAX_ATTRIBUTES:
            return None
        name, size = struct.unpack_from("!HH", data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) != size:
            return None
        if name == FINGERPRINT:
            # It has to be the last one (section 14.7).
            message.has_fingerprint = at + 8 == len(data) and value == _fingerprint(data[:at])
            return message if message.has_fingerprint else None
        if not message.integrity_at and not _take(message, name, value, at):
            return None
        at += 4 + size + -size % 4
    return message


def _take(message: StunMessage, name: int, value: bytes, at: int) -> bool:
    if name == MESSAGE_INTEGRITY:
        if len(value) != 20:
            return False
        message.integrity_at = at
    elif name < 0x8000 and name not in _KNOWN:
        message.unknown.append(name)
    message.attributes.setdefault(name, value)
    return True


def success(transaction: bytes, host: str, port: int, password: str) -> bytes:
    """The answer to a Binding request that came from `host`:`port`, with integrity and fingerprint."""
    return _finish(
        BINDING_SUCCESS, transaction, _attribute(XOR_MAPPED_ADDRESS, _xored(host, port, transaction)), password
    )


def failure(transaction: bytes, code: int, reason: str, password: str = "", unknown: list[int] | None = None) -> bytes:
    """An error answer; without `password` it carries no integrity (section 9.1.3: 400 and 401)."""
    body = _attribute(ERROR_CODE, bytes((0, 0, code // 100, code % 100)) + reason.encode())
    if unknown:
        body += _attribute(UNKNOWN_ATTRIBUTES, b"".join(name.to_bytes(2, "big") for name in unknown))
    return _finish(BINDING_ERROR, transaction, body, password)


def request(transaction: bytes, attributes: list[tuple[int, bytes]], password: str) -> bytes:
    """A Binding request with these attributes, integrity and fingerprint."""
    return _finish(BINDING_REQUEST, transaction, b"".join(_attribute(*pair) for pair in attributes), password)


def mapped_address(message: StunMessage) -> tuple[str, int] | None:
    """The address in XOR-MAPPED-ADDRESS; None when there is none that can be read."""
    value = message.attributes.get(XOR_MAPPED_ADDRESS, b"")
    if len(value) not in (8, 20) or value[1] != {8: 1, 20: 2}[len(value)]:
        return None
    mask = _COOKIE_BYTES + message.transaction
    address = bytes(a ^ b for a, b in zip(value[4:], mask, strict=False))
    return str(ipaddress.ip_address(address)), int.from_bytes(value[2:4], "big") ^ (_COOKIE >> 16)


def _xored(host: str, port: int, transaction: bytes) -> bytes:
    address = ipaddress.ip_address(host)
    mask = _COOKIE_BYTES + transaction
    xored = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    return struct.pack("!BBH", 0, 1 if address.version == 4 else 2, port ^ (_COOKIE >> 16)) + xored


def _attribute(name: int, value: bytes) -> bytes:
    return struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)


def _finish(kind: int, transaction: bytes, body: bytes, password: str) -> bytes:
    head = struct.pack("!HH", kind, len(body)) + _COOKIE_BYTES + transaction
    data = head + body
    if password:
        data += _attribute(MESSAGE_INTEGRITY, _integrity(data, password))
    data = _with_length(data, len(data) - HEADER + 8)
    return data + _attribute(FINGERPRINT, _fingerprint(data))


def _with_length(data: bytes, length: int) -> bytes:
    return data[:2] + length.to_bytes(2, "big") + data[4:]


def _integrity(before: bytes, password: str) -> bytes:
    """HMAC-SHA1 over what stands before the attribute, with the length as if it were the last one (section 14.5)."""
    data = _with_length(before, len(before) - HEADER + 24)
    return hmac.digest(password.encode(), data, hashlib.sha1)


def _fingerprint(before: bytes) -> bytes:
    data = _with_length(before, len(before) - HEADER + 8)
    return (binascii.crc32(data) ^ _FINGERPRINT_XOR).to_bytes(4, "big")

"""Recordings encrypted at rest: a file of sealed segments that is readable up to the last one, however it ended.

    "CSR1", 16 random octets, the length of the description (2 octets), the description (JSON: kind, rate, channels)
    then segments: length of what follows (4 octets), a segment of sound, encrypted, with its tag

Segments are AES-256-GCM under a key of the file alone: HKDF-SHA256 of the configured key with the random octets. A
segment's nonce is its number and whether it is the last one, and what stands before the first segment is
authenticated with each of them. So segments cannot be changed, left out, moved or taken from another file, and a file
that was cut (the server was killed) is told from one that ended. Numbers are big-endian.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"CSR1"
SALT_OCTETS = 16
SEGMENT = 64 * 1024  # octets of sound in a segment at most
_INFO = b"centrala recording"


class SealError(ValueError):
    """A file that is no sealed recording or was changed, or whose key is another one."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a sealed file holds: "pcm" (s16le frames) or "ogg" (a whole Ogg file)."""

    kind: str
    rate: int = 8000
    channels: int = 1


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), len(key), salt, _INFO).derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return struct.pack("!QI", number, last)


class Sealer:
    """Writes a sealed file through `write`; nothing is kept back longer than the caller keeps it."""

    def __init__(self, write: Callable[[bytes], object], key: bytes, description: Description) -> None:
        salt = os.urandom(SALT_OCTETS)
        about = json.dumps(asdict(description)).encode()
        self._write = write
        self._cipher = _cipher(key, salt)
        self._head = MAGIC + salt + struct.pack("!H", len(about)) + about
        self._number = 0
        write(self._head)

    def seal(self, sound: bytes, *, last: bool = False) -> None:
        """Writes sound as segments; with `last` the file is complete."""
        parts = [sound[at : at + SEGMENT] for at in range(0, len(sound), SEGMENT)] or ([b""] if last else [])
        for index, part in enumerate(parts):
            ending = last and index == len(parts) - 1
            sealed = self._cipher.encrypt(_nonce(self._number, ending), part, self._head)
            self._write(struct.pack("!I", len(sealed)) + sealed)
            self._number += 1


class Opened:
    """A sealed file that is being read. `complete` is known when all segments were taken."""

    def __init__(self, file: BinaryIO, key: bytes, name: str) -> None:
        """Raises SealError when it is no sealed file; whether the key fits shows the first segment."""
        head = file.read(len(MAGIC) + SALT_OCTETS + 2)
        if len(head) < len(MAGIC) + SALT_OCTETS + 2 or not head.startswith(MAGIC):
            raise SealError(f"{name} is no sealed recording")
        about = file.read(struct.unpack("!H", head[-2:])[0])
        self._cipher = _cipher(key, head[len(MAGIC) : -2])
        self._head = head + about
        self._file = file
        self._name = name
        self.complete = False
        try:
            self.description = Description(**json.loads(about))
        except (ValueError, TypeError) as error:
            raise SealError(f"{name} has a damaged description") from error

    def segments(self) -> Iterator[bytes]:
        """The sound, in order, up to the end or to where the file was cut. Raises SealError when it was changed."""
        number = 0
        while not self.complete:
            length = self._file.read(4)
            size = struct.unpack("!I", length)[0] if len(length) == 4 else 0
            if size > SEGMENT + 64:
                raise SealError(f"{self._name} is damaged in segment {number}")
            sealed = self._file.read(size)
            if not size or len(sealed) < size:
                return  # cut in the middle of a write
            yield self.segment(number, sealed)
            number += 1

    def segment(self, number: int, sealed: bytes) -> bytes:
        """The sound of segment `number`, 0 the first, of which `sealed` is what was read. Raises SealError."""
        try:
            return self._cipher.decrypt(_nonce(number, False), sealed, self._head)
        except InvalidTag:
            pass
        try:
            sound = self._cipher.decrypt(_nonce(number, True), sealed, self._head)
        except InvalidTag:
            reason = "the key is another one, or the file was changed" if number == 0 else "the file was changed"
            raise SealError(f"{self._name}: segment {number} cannot be opened: {reason}") from None
        self.complete = True
        return sound

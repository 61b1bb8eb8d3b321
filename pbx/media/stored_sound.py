"""Recordings as they are listened to: any part of a file, of a sealed one its sound in the clear, a segment at a time.

What was sealed is opened in memory alone: nothing of it lies on the disk in the clear. All of this blocks; it belongs
into a thread.
"""

from __future__ import annotations

import errno
import io
import os
import struct
import wave
from pathlib import Path
from typing import BinaryIO, Protocol

from pbx.media.recording import SUFFIX
from pbx.media.sealing import Opened, SealError

TYPES = {".wav": "audio/wav", ".ogg": "audio/ogg"}
TAG = 16  # octets of a sealed segment that are no sound: the tag of AES-GCM


class StoredSound(Protocol):
    """`size` octets of `media_type`, as whoever listens gets them. `tag` is another one when the file is."""

    size: int
    media_type: str
    tag: str
    modified: float  # UTC seconds

    def read(self, start: int, count: int) -> bytes:
        """Octets from `start` on: `count`, or fewer at the end. Raises OSError, SealError."""
        ...

    def close(self) -> None: ...


def media_type_of(name: str) -> str:
    """Of a file by its name, sealed or not."""
    return TYPES.get(Path(name.removesuffix(SUFFIX)).suffix, "application/octet-stream")


def open_sound(path: Path, key: bytes) -> StoredSound:
    """Raises OSError, and SealError for a sealed file without its key."""
    file = path.open("rb")
    try:
        if path.name.endswith(SUFFIX):
            if not key:
                raise SealError(f"{path.name} is sealed: name its key in media.recordings_key_file")
            return SealedSound(file, key, path.name)
        return PlainSound(file, path.name)
    except BaseException:
        file.close()
        raise


def open_below(folder: str, name: str, key: bytes) -> StoredSound:
    """As `open_sound`, of a file below `folder`; FileNotFoundError for one that lies elsewhere."""
    top = Path(folder).resolve()
    path = (top / name).resolve()
    if not name or not path.is_relative_to(top):
        raise FileNotFoundError(errno.ENOENT, "not below the recordings folder", str(path))
    return open_sound(path, key)


class PlainSound:
    """A file as it is."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.media_type = media_type_of(name)
        self.size, self.modified, self.tag = _about(file)

    def read(self, start: int, count: int) -> bytes:
        self._file.seek(start)
        return self._file.read(count)

    def close(self) -> None:
        self._file.close()


class SealedSound:
    """A sealed file. Its segments are found without being opened; one that was cut ends with its last whole segment."""

    def __init__(self, file: BinaryIO, key: bytes, name: str) -> None:
        _size, self.modified, self.tag = _about(file)
        self._file = file
        self._opened = Opened(file, key, name)
        self.media_type = "audio/ogg" if self._opened.description.kind == "ogg" else "audio/wav"
        self._segments = self._find()  # (octet of the sound, octet of the file, sealed octets)
        sound = self._segments[-1][0] + self._segments[-1][2] - TAG if self._segments else 0
        self._head = b"" if self._opened.description.kind == "ogg" else self._header(sound)
        self.size = len(self._head) + sound
        if self._segments:
            self._segment(0)  # whether the key fits

    def read(self, start: int, count: int) -> bytes:
        parts = [self._head[start : start + count]]
        begin, end = max(0, start - len(self._head)), start + count - len(self._head)
        for number, (at, _place, sealed) in enumerate(self._segments):
            if at < end and at + sealed - TAG > begin:
                sound = self._segment(number)
                parts.append(sound[max(0, begin - at) : end - at])
        return b"".join(parts)

    def close(self) -> None:
        self._file.close()

    def _find(self) -> list[tuple[int, int, int]]:
        found: list[tuple[int, int, int]] = []
        sound = 0
        length = os.fstat(self._file.fileno()).st_size
        while len(head := self._file.read(4)) == 4:
            sealed, place = struct.unpack("!I", head)[0], self._file.tell()
            if sealed < TAG or place + sealed > length:
                break  # cut in the middle of a write
            found.append((sound, place, sealed))
            sound += sealed - TAG
            self._file.seek(place + sealed)
        return found

    def _segment(self, number: int) -> bytes:
        _at, place, sealed = self._segments[number]
        self._file.seek(place)
        return self._opened.segment(number, self._file.read(sealed))

    def _header(self, sound: int) -> bytes:
        """What stands before the frames in a WAV of so many octets."""
        description = self._opened.description
        target = io.BytesIO()
        with wave.open(target, "wb") as wav:
            wav.setnchannels(description.channels)
            wav.setsampwidth(2)
            wav.setframerate(description.rate)
        head = bytearray(target.getvalue())
        struct.pack_into("<I", head, 4, len(head) - 8 + sound)
        struct.pack_into("<I", head, len(head) - 4, sound)
        return bytes(head)


def _about(file: BinaryIO) -> tuple[int, float, str]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime, f'"{found.st_ino:x}-{found.st_size:x}-{found.st_mtime_ns:x}"'

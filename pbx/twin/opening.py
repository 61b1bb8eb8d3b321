"""Opens a file of calls as lines of text, whatever Windows, a spreadsheet or log rotation made of it.

Nothing is read whole: a file may be larger than the memory. `Progress` hears how many bytes of it are done.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from pbx.twin.record import TwinError

Progress = Callable[[int], None]  # bytes of files that were done since it was called last
BLOCK = 1 << 20
SAMPLE = 20_000
CYRILLIC = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")
PACKED: dict[bytes, Callable[[Path], BinaryIO]] = {
    b"\x1f\x8b": lambda path: cast("BinaryIO", gzip.open(path, "rb")),  # noqa: SIM115 - it is closed by who reads
    b"BZh": lambda path: cast("BinaryIO", bz2.open(path, "rb")),  # noqa: SIM115 - it is closed by who reads
    b"\xfd7zXZ": lambda path: cast("BinaryIO", lzma.open(path, "rb")),  # noqa: SIM115 - it is closed by who reads
}
# What cannot be read, by its first bytes, and what to do.
REFUSED = {
    b"%PDF": "it is a PDF: ask the operator for the same as CSV (the customer's portal has it beside the PDF)",
    b"\xd0\xcf\x11\xe0": "it is a workbook of the old Excel (.xls): open it, save it as .xlsx or CSV, and give that",
    b"7z\xbc\xaf": "it is a 7-Zip archive: unpack it and give what is in it",
    b"Rar!": "it is a RAR archive: unpack it and give what is in it",
}
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError)


def head_of(path: Path) -> bytes:
    """The first bytes, unpacked; b"" of an empty file. TwinError for what is refused or cannot be opened."""
    try:
        with path.open("rb") as file:
            first = file.read(8)
        for mark, remedy in REFUSED.items():
            if first.startswith(mark):
                raise TwinError(remedy)
        with unpacked(path, first) as inside:
            return inside.read(SAMPLE)
    except UNREADABLE as error:
        raise TwinError(getattr(error, "strerror", None) or f"it is damaged: {error}") from None


def unpacked(path: Path, first: bytes) -> BinaryIO:
    """Rotated logs are compressed."""
    for mark, opened in PACKED.items():
        if first.startswith(mark):
            return opened(path)
    return path.open("rb")


def lines(path: Path, encoding: str, progress: Progress) -> Iterator[str]:
    """With their ends, as csv wants them. TwinError where a compressed file is cut off."""
    done = 0
    try:
        with path.open("rb") as file:
            first = file.read(8)
            file.seek(0)
            packed = next((mark for mark in PACKED if first.startswith(mark)), None)
            inside = file if packed is None else unpacked(path, first)
            with io.TextIOWrapper(inside, encoding, errors="replace", newline="") as text:
                for number, line in enumerate(text):
                    if number % 4096 == 0 and packed is None:
                        at = file.tell()
                        progress(at - done)
                        done = at
                    yield line
    except UNREADABLE as error:
        raise TwinError(getattr(error, "strerror", None) or f"it is damaged: {error}") from None
    progress(max(path.stat().st_size - done, 0))


def encoding_of(path: Path, country: str) -> str:
    """UTF-8 (with or without a mark), UTF-16 with one, or what Windows writes in Polish and Russian: the whole file is
    looked at, since a bill may have its first strange letter on the last page."""
    sample = bytearray()
    utf8 = codecs.getincrementaldecoder("utf-8")()
    valid = True
    try:
        with path.open("rb") as file:
            first = file.read(8)
        with unpacked(path, first) as file:
            while block := file.read(BLOCK):
                if not sample and block[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    return "utf-16"
                if not sample and b"\0" in block[:4000]:
                    raise TwinError("it is no text: export it as CSV")
                if valid:
                    try:
                        utf8.decode(block)
                    except UnicodeDecodeError:
                        valid = False
                if not sample or (not valid and len(sample) < 2 * SAMPLE):
                    sample += _telling(block)
                if not valid and len(sample) >= 2 * SAMPLE:
                    break
    except UNREADABLE as error:
        raise TwinError(getattr(error, "strerror", None) or f"it is damaged: {error}") from None
    return "utf-8-sig" if valid else windows(bytes(sample), country)


def _telling(block: bytes) -> bytes:
    """The beginning of a block, and what stands around its first strange byte."""
    strange = next((at for at in range(0, len(block), 4096) if not block[at : at + 4096].isascii()), 0)
    return block[: SAMPLE // 2] + b"\n" + block[strange : strange + SAMPLE]


def windows(data: bytes, country: str) -> str:
    """Which of the two Windows code pages it is: words of Cyrillic letters alone are Russian."""
    russian = data.decode("cp1251", errors="replace").lower()
    letters = sum(mark in CYRILLIC for mark in russian)
    words = sum(len(word) > 3 and set(word) <= CYRILLIC for word in russian.split())
    return "cp1251" if country in ("RU", "BY", "KZ", "UA") or (letters and words > 3) else "cp1250"

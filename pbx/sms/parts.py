"""How a text becomes short messages: its alphabet, where it is cut, how many parts it takes (3GPP TS 23.040, 9.2.3.24).

One message holds 140 octets: 160 septets or 70 UCS-2 units. A part of a longer text gives up six octets to the header
that counts it (153 or 67), seven with a 16-bit reference (152 or 66). No cut goes through an escape sequence or a
surrogate pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pbx.sms import gsm7

OCTETS = 140
MOST_PARTS = 255  # the header counts them in one octet
REFERENCE_8, REFERENCE_16 = 0x00, 0x08  # information elements: concatenated short messages
Reference = Literal["8bit", "16bit"]


class Coding(StrEnum):
    """The alphabet of a message."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Plan:
    """A text as it will be sent: each of `texts` fits one part."""

    coding: Coding
    texts: tuple[str, ...]

    @property
    def parts(self) -> int:
        return len(self.texts)


def plan(text: str, reference: Reference = "8bit") -> Plan:
    """The cheapest way to send `text`: GSM 7-bit when every character has a place there, else UCS-2."""
    if gsm7.fits(text):
        header = 7 if reference == "8bit" else 8
        return Plan(Coding.GSM7, _cut(text, gsm7.septets, 160, 160 - header))
    header = 3 if reference == "8bit" else 4  # of 16-bit units: 7 octets leave 133, so one is never used
    return Plan(Coding.UCS2, _cut(text, _units, 70, 70 - header))


def encode(text: str, coding: Coding) -> bytes:
    """The octets of a part's text, without its header."""
    if coding is Coding.GSM7:
        return gsm7.encode(text)
    return text.encode("utf-16-be", "replace")


def header(reference: int, number: int, count: int, width: Reference = "8bit") -> bytes:
    """The user data header of part `number` (1, 2, ...) of `count`."""
    if width == "16bit":
        return bytes([6, REFERENCE_16, 4, reference >> 8 & 0xFF, reference & 0xFF, count, number])
    return bytes([5, REFERENCE_8, 3, reference & 0xFF, count, number])


def _units(mark: str) -> int:
    """16-bit units of a character: two for one beyond the basic plane."""
    return 2 if ord(mark) > 0xFFFF else 1


def _cut(text: str, size: Callable[[str], int], whole: int, part: int) -> tuple[str, ...]:
    sizes = [size(mark) for mark in text]
    if sum(sizes) <= whole:
        return (text,)
    texts: list[str] = []
    start = used = 0
    for index, needed in enumerate(sizes):
        if used + needed > part:
            texts.append(text[start:index])
            start, used = index, 0
        used += needed
    return (*texts, text[start:])

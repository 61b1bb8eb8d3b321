"""How a phone is to ring: Alert-Info (RFC 3261 20.4, RFC 7462) and Call-Info (20.9), and the auto-answer they ask for.

Phones understand different words: `info=alert-autoanswer` in Alert-Info, `answer-after=0` in Call-Info, or both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pbx.sip.message import Message

MAX_VALUES: Final = 8
MAX_DELAY_S: Final = 60
_NOWHERE: Final = "http://www.notused.invalid"  # the URI of an Alert-Info that is only there for its parameters
NAMES: Final = ("Alert-Info:", "Call-Info:")
ANSWERS: Final = ("answer-after=", "alert-autoanswer", "ring-answer")  # what makes a phone answer by itself
MAX_INFO: Final = 4  # Call-Info values that are passed on, of at most
MAX_INFO_LENGTH: Final = 512  # characters each
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._]{1,64}")


class Ring(NamedTuple):
    """`answer_after_s` is None when the phone rings as ever; `tone` names a distinctive ring ("" for the usual one)."""

    answer_after_s: int | None = None
    tone: str = ""


def read_ring(message: Message) -> Ring:
    """What the message asks for."""
    delay: int | None = None
    tone = ""
    for text in (*message.values("Alert-Info")[:MAX_VALUES], *message.values("Call-Info")[:MAX_VALUES]):
        words = text.lower().replace(" ", "")
        if "info=alert-autoanswer" in words or "info=ring-answer" in words or "answer-after=" in words:
            delay = _number(words, "answer-after=") or _number(words, "delay=") or 0
            continue
        name = words.partition("info=")[2].partition(";")[0] or _label(words)
        if not tone and _TOKEN.fullmatch(name):
            tone = name
    return Ring(delay, tone)


def is_tone(text: str) -> bool:
    """Whether `text` can name a distinctive ring."""
    return _TOKEN.fullmatch(text) is not None


def info_lines(message: Message) -> tuple[str, ...]:
    """The Call-Info of a caller who is trusted, as it may be given to a phone: what tells about the caller (an icon, a
    card, a page), nothing that makes the phone do something.
    """
    lines = []
    for value in message.values("Call-Info")[:MAX_INFO]:
        words = value.lower().replace(" ", "")
        told = words.startswith(("<http:", "<https:")) and ">" in words and "answer" not in words
        if told and len(value) <= MAX_INFO_LENGTH and value.isascii() and value.isprintable():
            lines.append(f"Call-Info: {value.strip()}")
    return tuple(lines)


def ring_lines(ring: Ring, host: str) -> list[str]:
    """The header lines for a phone; `host` is ours. ValueError when the tone is no plain word."""
    lines = []
    if ring.tone:
        if not _TOKEN.fullmatch(ring.tone):
            raise ValueError(f"a ring tone is a word of letters, digits, '-', '.' and '_', not {ring.tone!r}")
        lines.append(f"Alert-Info: <{_NOWHERE}>;info={ring.tone};x-line-id=0")
    if ring.answer_after_s is not None:
        delay_s = max(0, min(ring.answer_after_s, MAX_DELAY_S))
        lines.append(f"Alert-Info: <{_NOWHERE}>;info=alert-autoanswer;delay={delay_s}")
        lines.append(f"Call-Info: <sip:{host}>;answer-after={delay_s}")
    return lines


def _number(words: str, name: str) -> int:
    digits = re.match(r"[0-9]{1,3}", words.partition(name)[2])
    return min(int(digits.group()), MAX_DELAY_S) if digits is not None else 0


def _label(words: str) -> str:
    """The last part of a URN or file name, such as urn:alert:source:external (RFC 7462) or bellcore-dr2."""
    uri = words.partition("<")[2].partition(">")[0] or words
    return re.split(r"[:/]", uri)[-1]

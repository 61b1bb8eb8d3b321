"""What cells of a bill or an export say: answered or not, in or out, and whether it was a call at all."""

from __future__ import annotations

import re
from functools import lru_cache

from pbx.twin.record import Way

# What was not answered is looked for first: "unanswered" holds "answered", "неуспешный" holds "успешный".
_LOST = re.compile(
    r"no.?answer|not.?answered|unanswered|busy|fail|missed|cancel|abandon|congest|reject|not connected|voice.?mail|"
    r"nieodebr|nie odebr|niezreal|nie zreal|nieuda|zajęt|zajet|odrzuc|anulow|porzuc|poczta|"
    r"не\s?отве|не\s?успеш|не\s?принят|не\s?состоял|пропущен|занят|отклон|отмен|сброшен|недозвон|нет ответа|"
    r"голосовая почта|недоступ"
)
_SERVED = re.compile(
    r"\banswer|\bconnected|\bcompleted?\b|\bok\b|odebran|zrealiz|połączono|zakończ|"
    r"отвечен|ответил|принят|успеш|состоял|соединен|соединён"
)
_WAYS = (
    (Way.OUT, re.compile(r"\bout\b|outbound|outgoing|\bplaced|\bdialed|wychodz|исходящ|\bисх\b|->")),
    (Way.IN, re.compile(r"\bin\b|inbound|incoming|missed|received|przych|nieodebr|входящ|пропущен|\bвх\b|<-")),
    (Way.INTERNAL, re.compile(r"internal|^local$|wewnętrz|wewnetrz|внутренн")),
)
_NO_CALL = re.compile(
    r"\b(?:sms|mms|gprs|lte|wap|internet\w*|dane|data|transmis\w*|abonament\w*|opłat\w*|oplat\w*|"
    r"смс|ммс|интернет\w*|данны\w*|трафик\w*|мобильный интернет|абонентская плата|передача данных)\b"
)
# Where Asterisk's dial plan let the call in.
_INTO = re.compile(
    r"from-(?:trunk|pstn|did|external|outside|provider|sip-external|zaptel|dahdi)|ext-did|incoming|inbound"
)
_OUT_OF = re.compile(r"from-(?:internal|inside)|outgoing|outbound")


@lru_cache(maxsize=10_000)
def answered(status: str, *, talked: bool) -> bool:
    """By the words of the status; those that say nothing of it (a cause, an empty cell) leave it to the talk."""
    said = status.casefold().strip()
    if _LOST.search(said):
        return False
    if _SERVED.search(said):
        return True
    return talked


@lru_cache(maxsize=10_000)
def way_of(said: str) -> Way:
    """UNKNOWN for words that tell no direction."""
    text = said.casefold().strip()
    return next((way for way, words in _WAYS if words.search(text)), Way.UNKNOWN) if text else Way.UNKNOWN


@lru_cache(maxsize=10_000)
def is_no_call(said: str) -> bool:
    """A message, data or a fee, which operators' bills list among the calls."""
    return _NO_CALL.search(said.casefold()) is not None


@lru_cache(maxsize=10_000)
def _through(context: str) -> Way:
    if _INTO.search(context):
        return Way.IN
    return Way.OUT if _OUT_OF.search(context) else Way.UNKNOWN


def way_by(context: str, caller: str, callee: str, own: tuple[str, ...]) -> Way:
    """By our own numbers, the dial plan's context, or by who has a short number: he is one of us."""
    if own:
        ours = [number.startswith(own) for number in (caller, callee)]
        if ours == [True, True]:
            return Way.INTERNAL
        if any(ours):
            return Way.OUT if ours[0] else Way.IN
    short = [0 < len(number.lstrip("+")) <= 5 for number in (caller, callee)]
    if short == [True, True]:
        return Way.INTERNAL
    if context:
        through = _through(context)
        if through is Way.IN or (through is Way.OUT and not short[1]):
            return through
    if short[0]:
        return Way.OUT
    return Way.IN if short[1] else Way.UNKNOWN

"""Which column of a table of calls means what: by its heading in three languages, then by what stands in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from zoneinfo import ZoneInfo

from pbx.twin.dates import Order, instant
from pbx.twin.values import duration

SAMPLE = 200  # rows that are looked at
PREAMBLE = 30  # rows of title, customer and period that may stand above the headings
LEAST_CALLS = 5  # that tell which number is ours
OURS = 0.9  # of them have it
MOST_WRONG = 0.1  # of them that may be no value of the kind
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp][Mm])?")

# Meaning to headings; a heading fits when it holds one of the words. The first that fits best wins.
WORDS: dict[str, tuple[str, ...]] = {
    "at": (
        *("calldate", "start", "start_stamp", "date time", "datetime", "date and time", "call date", "timestamp"),
        *("call time", "callstart", "call start", "start time", "started", "started at", "starttime"),
        *("data i godzina", "data połączenia", "data rozpoczęcia", "data i czas", "początek", "data i godz"),
        *("дата и время", "дата звонка", "дата вызова", "начало", "дата время", "время звонка"),
    ),
    "answer_at": ("answer", "answer stamp", "answered at", "answer time", "czas odebrania", "время ответа"),
    "end_at": ("end", "end stamp", "endtime", "end time", "finish", "zakończenie", "koniec", "окончание", "конец"),
    "customer": (
        *("customer number", "customer", "client", "numer klienta", "numer rozmówcy", "telefon klienta"),
        *("номер абонента", "номер клиента", "номер собеседника", "телефон клиента", "контакт"),
    ),
    "from": (
        *(
            "from number",
            "z numeru",
            "с номера",
            "src",
            "src num",
            "caller",
            "callerid",
            "caller id",
            "caller_id_number",
            "calling",
            "from",
            "source",
        ),
        *("a number", "cli", "cnum", "clid"),
        *("numer dzwoniący", "numer a", "abonent a", "dzwoniący", "źródło", "kto dzwonił"),
        *("кто звонил", "номер а", "вызывающий", "абонент а", "исходящий номер", "откуда", "от кого"),
        *("звонивший", "номер звонящего"),
    ),
    "to": (
        *(
            "to number",
            "na numer",
            "на номер",
            "dst",
            "dst num",
            "destination",
            "called",
            "destination_number",
            "to",
            "b number",
            "callee",
        ),
        *("did", "dialed number"),
        *("numer wywoływany", "numer docelowy", "numer b", "abonent b", "wybrany numer", "dokąd"),
        *("numer wybrany", "numer odbiorcy"),
        *("кому", "куда", "номер б", "вызываемый", "набранный номер", "абонент б", "виртуальный номер"),
    ),
    "talk": (
        *("billsec", "talk", "talking", "billed", "talk time", "conversation", "talk_s", "duration_billed"),
        *("seconds", "czas rozmowy", "czas połączenia", "czas trwania", "długość rozmowy", "rozmowa"),
        *("длительность разговора", "время разговора", "разговор", "длительность"),
        *("minutes", "minuty", "liczba minut", "минуты", "мин", "sekundy", "секунды", "сек", "ilość", "объем"),
    ),
    "duration": ("duration", "length", "czas całkowity", "całkowity czas", "общая длительность", "продолжительность"),
    "wait": (
        *("wait", "hold time", "ring", "ringing", "queue time", "wait time", "waiting"),
        *("czas oczekiwania", "oczekiwanie", "ожидание", "время ожидания", "длительность ожидания"),
    ),
    "date": ("date", "day", "data", "dzień", "дата", "день"),
    "time": ("time", "hour", "godzina", "godz", "czas rozpoczęcia", "время"),
    "status": (
        *("disposition", "status", "result", "hangup_cause", "state", "outcome", "call status", "reason"),
        *("wynik", "stan", "rezultat", "статус", "результат", "состояние"),
    ),
    "way": (
        *("direction", "call type", "type", "kierunek", "rodzaj połączenia", "rodzaj", "typ"),
        *("направление", "тип звонка", "тип вызова", "тип"),
    ),
    "service": ("service", "usługa", "nazwa usługi", "rodzaj usługi", "услуга", "вид услуги", "описание"),
    "queue": ("queue", "queuename", "queue name", "group", "kolejka", "grupa", "очередь", "группа"),
    "agent": ("agent", "operator", "employee", "konsultant", "pracownik", "агент", "оператор", "сотрудник"),
    "id": ("linkedid", "uniqueid", "uuid", "call id", "callid", "identyfikator", "идентификатор", "id звонка"),
    "number": (
        *("number", "phone number", "phone", "telephone", "numer", "numer telefonu", "telefon"),
        *("номер", "номер телефона", "телефон"),
    ),
    "leg": ("dstchannel", "dst chan"),
    "app": ("lastapp", "appname"),
    "context": ("dcontext", "context"),
}
_MINUTES = re.compile(r"\b(?:min|minut\w*|minutes?|мин|минут\w*)\b", re.I)
_SECONDS = re.compile(r"\b(?:s|sec|sek|seconds?|сек|секунд\w*|с)\b", re.I)


def plain(heading: str) -> str:
    return " ".join(re.sub(r"[_\-./()\[\]:;\"']+", " ", heading.casefold()).split())


def by_heading(headings: Sequence[str]) -> dict[str, int]:
    """Meaning to the number of its column: whole headings before parts of them, earlier words before later ones."""
    found: dict[str, int] = {}
    names = [plain(heading) for heading in headings]
    for exact in (True, False):
        for meaning, words in WORDS.items():
            if meaning in found:
                continue
            for word in map(plain, words):
                fits = [
                    n
                    for n, name in enumerate(names)
                    if n not in found.values() and (name == word if exact else _part(word, name))
                ]
                if fits:
                    found[meaning] = fits[0]
                    break
    return found


def unit_of(heading: str, cells: Sequence[str]) -> float:
    """Seconds in a plain number of a column of durations: 60 under a heading that speaks of minutes alone."""
    plain_numbers = any(re.fullmatch(r"\d+(?:[.,]\d+)?", cell.strip()) for cell in cells)
    return 60.0 if plain_numbers and _MINUTES.search(heading) and not _SECONDS.search(heading) else 1.0


def date_apart(found: dict[str, int], rows: Sequence[Sequence[str]], zone: ZoneInfo) -> dict[str, int]:
    """Instants in one column, or a date and a time in two, by what stands in the column that is headed as instants."""
    at = found.get("at")
    if at is None and "date" in found and _filled(rows, found["date"], lambda cell: _is_instant(cell, zone)):
        return {"at": found["date"], **{meaning: n for meaning, n in found.items() if meaning not in ("date", "time")}}
    if at is None:
        return found
    if "date" in found and _filled(rows, at, lambda cell: _CLOCK.fullmatch(cell) is not None):
        return {**{meaning: n for meaning, n in found.items() if meaning != "at"}, "time": at}
    if "time" in found and not _filled(rows, at, lambda cell: _is_instant(cell, zone)):
        return {**{meaning: n for meaning, n in found.items() if meaning != "at"}, "date": at}
    return {meaning: n for meaning, n in found.items() if meaning not in ("date", "time")}


def _part(word: str, name: str) -> bool:
    """Whole words only: "to" is not in "total"."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", name) is not None


def looks_like_heading(row: Sequence[str], zone: ZoneInfo) -> bool:
    """A row in which no cell is a date, a duration or a number is a heading."""
    return bool(row) and not any(
        _is_instant(cell, zone) or re.fullmatch(r"\+?[\d .:,/-]+", cell) for cell in row if cell
    )


def heading_at(rows: Sequence[Sequence[str]], named: Collection[str], zone: ZoneInfo) -> int | None:
    """The number of the row of headings, which may stand below a title and empty lines; None when there is none. It is
    one that holds what was named, or a heading of dates."""
    for number, row in enumerate(rows[:PREAMBLE]):
        if not looks_like_heading(row, zone):
            break
        found = by_heading(row)
        if "at" in found or "date" in found or not set(named).isdisjoint(row):
            return number
    return 0 if rows and looks_like_heading(rows[0], zone) else None


def by_content(rows: Sequence[Sequence[str]], zone: ZoneInfo) -> dict[str, int]:
    """For a table without headings: the first column of instants, two of telephone numbers, and a duration."""
    sample = rows[:SAMPLE]
    width = max((len(row) for row in sample), default=0)
    columns = [[row[n] for row in sample if n < len(row) and row[n].strip()] for n in range(width)]
    found: dict[str, int] = {}
    for n, cells in enumerate(columns):
        if not cells:
            continue
        if _share(cells, lambda cell: _is_instant(cell, zone)):
            found.setdefault("at" if "at" not in found else "answer_at" if "answer_at" not in found else "end_at", n)
        elif _share(cells, lambda cell: re.fullmatch(r"\+?[\d ()-]{7,20}", cell) is not None):
            found.setdefault("to" if "from" in found else "from", n)
        elif _share(cells, _is_duration):
            found.setdefault("talk", n)
    return found


def _filled(rows: Sequence[Sequence[str]], column: int, test: Callable[[str], bool]) -> bool:
    """Whether the column holds anything, and what most of its cells hold passes."""
    cells = [row[column] for row in rows[:SAMPLE] if column < len(row) and row[column].strip()]
    return bool(cells) and _share(cells, test)


def ours(numbers: Sequence[tuple[str, str]]) -> str:
    """The number that is at one end of nearly every call, (from, to): our own; "" where there is none."""
    counts = Counter(number for pair in numbers for number in set(pair) if number)
    number, count = max(counts.items(), key=lambda one: one[1], default=("", 0))
    return number if len(numbers) >= LEAST_CALLS and count >= OURS * len(numbers) and len(counts) > 2 else ""


def _share(cells: Sequence[str], test: Callable[[str], bool]) -> bool:
    """Whether most cells pass."""
    wrong = sum(not test(cell) for cell in cells)
    return wrong <= MOST_WRONG * len(cells)


def _is_instant(cell: str, zone: ZoneInfo) -> bool:
    orders: tuple[Order, ...] = ("dmy", "mdy")
    for order in orders:
        try:
            instant(cell, zone, order)
        except (ValueError, OverflowError):
            continue
        return True
    return False


def _is_duration(cell: str) -> bool:
    try:
        duration(cell)
    except ValueError:
        return False
    return True

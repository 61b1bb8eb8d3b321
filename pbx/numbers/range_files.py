"""Tables of ranges as numbering authorities publish them, read as they come.

Russia (opendata.digital.gov.ru, "DEF-9xx.csv", "ABC-3xx.csv" and so on): UTF-8 with a byte order mark, earlier
Windows-1251; `АВС/ DEF;От;До;Емкость;Оператор;Регион;Территория ГАР;ИНН`; a region that is not told is a dash; towns
stand before their region, joined by "|"; quotation marks of names are bare. Poland (numeracja.uke.gov.pl, "PSTN.csv",
"PLMN.csv"): Windows-1250; `Strefa (AB);Zakres (number);Operator (nazwa);Operator (ID);Strefa (nazwa);...` and `Zakres
(number);Operator (ID);Operator (nazwa);Data modyfikacji`; a range is what its numbers begin with, "12203(0,2-9)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import phonenumbers

from pbx.numbers.ranges import MAX_DIGITS, Place, RangeTable, Span, disjoint
from pbx.numbers.table import Faults, TableError, rows

COLUMNS = (
    "from, to (or prefix), region or operator; or those of the registers of Russia (DEF, От, До) and Poland (Zakres)"
)
# What authorities call their columns, in small letters: of Russia, of Poland.
FROM = ("from", "od", "zakres od", "numer od", "początek", "poczatek", "start", "first")
TO = ("to", "do", "zakres do", "numer do", "koniec", "end", "last")
PREFIX = ("zakres (number)", "zakres", "numeracja", "zakres numeracji", "numery", "range")
AREA = ("strefa (ab)", "ab", "wskaźnik strefy", "wsn", "strefa ab", "area code")
REGION = (
    *("region", "регион", "территория гар", "strefa (nazwa)", "strefa numeracyjna", "nazwa strefy", "strefa"),
    *("obszar", "województwo", "miejscowość"),
)
OPERATOR = ("operator", "оператор", "operator (nazwa)", "dostawca", "przedsiębiorca", "nazwa przedsiębiorcy")
NOTHING = frozenset({"", "-", "–", "—"})  # what stands in a cell that says nothing
MAX_ENDS = 10  # that one range may have: the digits
_ENDS = re.compile(r"([\d ]*)\(([\d, -]{1,40})\)[xX*]*")


def read_ranges(texts: Iterable[tuple[str, str]], country: str = "") -> RangeTable:
    """One table of (name, CSV text) pairs. Raises TableError with every faulty line; see `disjoint` for overlaps.

    Numbers as long as those of `country` (ISO 3166) are read as its national ones.
    """
    code, length = _national(country)
    spans: list[Span] = []
    faults: list[str] = []
    count = 0
    for name, text in texts:
        count += 1
        found = Faults(name)
        mine = disjoint(_spans(text, found, code, length), found)
        faults += [f"{name}: {fault}" for fault in found.found]
        spans += mine
    together = Faults("")
    if not faults and count > 1:
        spans = disjoint(spans, together)
        faults += together.found
    if faults:
        raise TableError("ranges", faults)
    return RangeTable(spans)


def _national(country: str) -> tuple[str, int]:
    """Country code and length of a country's numbers; ("", 0) where they have several lengths."""
    if not country:
        return "", 0
    example = phonenumbers.example_number(country.upper())
    lengths = {len(str(phonenumbers.national_significant_number(example)))} if example is not None else set()
    code = phonenumbers.country_code_for_region(country.upper())
    return (str(code), lengths.pop()) if len(lengths) == 1 and code else ("", 0)


def _cell(row: dict[str, str], names: tuple[str, ...]) -> str:
    """The first of these columns that says something."""
    return next((row[name] for name in names if row.get(name, "") not in NOTHING), "")


def _spans(text: str, faults: Faults, code: str, length: int) -> Iterable[Span]:
    places: dict[Place, Place] = {}  # one object for equal ones
    count = 0
    for line, row in rows(text, faults, bare=True):
        bounds = list(_bounds(row, code, length))
        place = Place(_cell(row, REGION), _cell(row, OPERATOR))
        if not bounds or not any(place):
            faults.add(line, f"is no range with a region or an operator; columns are {COLUMNS}")
            if not count and len(faults.found) == 1 and not _known(row):
                return
            continue
        place = places.setdefault(place, place)
        for first, last in bounds:
            count += 1
            if first > last:
                faults.add(line, f"begins with {first} and ends with {last}")
            else:
                yield Span(first, last, place, line)
    if not count and not faults.found:
        faults.add(1, "has no range")


def _known(row: dict[str, str]) -> bool:
    return any(name in row for name in (*FROM, *PREFIX, "prefix", "от"))


def _bounds(row: dict[str, str], code: str, length: int) -> Iterator[tuple[int, int]]:
    """First and last number of a row, country code included; several of one that names several endings."""
    if "от" in row:  # the Russian register: code, and what is left of ten digits within it
        area = next((cell for name, cell in row.items() if "def" in name), "")
        first, last = area + row["от"].zfill(10 - len(area)), area + row.get("до", "").zfill(10 - len(area))
        yield from _pair(f"7{first}", f"7{last}") if len(first) == len(last) == 10 else ()
        return
    if row.get("prefix"):  # country code included
        yield from _prefix(row)
        return
    area = _digits(_cell(row, AREA))
    first, last = _digits(_cell(row, FROM)), _digits(_cell(row, TO))
    if first and last:
        yield from _pair(_full(first, area, code, length), _full(last, area, code, length))
        return
    pattern = _cell(row, PREFIX)
    begin, dash, end = pattern.partition("-")
    if dash and _digits(begin) and len(_digits(begin)) == len(_digits(end)):
        yield from _pair(_full(_digits(begin), area, code, length), _full(_digits(end), area, code, length))
        return
    for digits in _beginnings(pattern) if length else ():
        full = _full(digits, area, code, length, part=True)
        yield from _pair(full.ljust(len(code) + length, "0"), full.ljust(len(code) + length, "9")) if full else ()


def _beginnings(pattern: str) -> list[str]:
    """What the numbers of "12203(0,2-9)" or "22 55xxxxx" begin with; one empty text where that cannot be read."""
    several = _ENDS.fullmatch(pattern)
    if several is None:
        return [_digits(pattern.lower().replace("x", ""))]
    start, found = _digits(several[1]), []
    for part in several[2].replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not first or len(first) != len(last) or int(last) - int(first) not in range(MAX_ENDS):
            return [""]
        found += [f"{start}{number:0{len(first)}}" for number in range(int(first), int(last) + 1)]
    return found


def _full(digits: str, area: str, code: str, length: int, *, part: bool = False) -> str:
    """National digits with area and country code; others as they are."""
    if not length or (digits.startswith(code) and len(digits) > length):
        return digits
    if area and not digits.startswith(area):
        digits = area + digits
    return code + digits if len(digits) == length or (part and 0 < len(digits) < length) else digits


def _digits(text: str) -> str:
    """`text` without what people write between digits; "" when it is no number."""
    plain = "".join(mark for mark in text if mark not in " +()-./\u00a0")
    return plain if plain.isascii() and plain.isdigit() else ""


def _prefix(row: dict[str, str]) -> Iterator[tuple[int, int]]:
    prefix = row.get("prefix", "").removeprefix("+")
    length = int(row["length"]) if row.get("length", "").isdigit() else 11
    if prefix.isdigit() and len(prefix) <= length <= MAX_DIGITS:
        yield from _pair(prefix.ljust(length, "0"), prefix.ljust(length, "9"))


def _pair(first: str, last: str) -> Iterator[tuple[int, int]]:
    """Nothing where these are no numbers of one length."""
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        return
    if len(first) == len(last) <= MAX_DIGITS:
        yield int(first), int(last)

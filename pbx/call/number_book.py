"""Numbers that were imported while the PBX runs: beside those of the configuration, kept over a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pbx.call.directory import NumberTable
from pbx.call.errors import RouteError
from pbx.call.patterns import is_pattern
from pbx.config import Config, Number

if TYPE_CHECKING:
    from pbx.call.application import Applications
    from pbx.call.dialplan import Dialplan
    from pbx.call.keeping import Keeper

# Configured numbers, extensions, trunks, the table of all numbers, and the imported ones that are in it.
Tables = tuple[list[Number], set[str], set[str], NumberTable, dict[str, Number]]
ROOM = "numbers"
MAX_NUMBERS = 200_000
MAX_FAULTS = 20


class NumberError(ValueError):
    """Rows are refused, all of them; the text lists the faults, one a line."""


class NumberBook:
    """`replace` and `remove` change the dial plan at once."""

    def __init__(self, config: Config, dialplan: Dialplan, applications: Applications, keeper: Keeper) -> None:
        self._dialplan = dialplan
        self._applications = applications
        self._keeper = keeper
        self._imported = {key: Number.model_validate(row) for key, row in keeper.load(ROOM).items()}
        self._put(*self._read_config(config))
        self._publish()

    def tables(self, config: Config) -> Tables:
        """What `take` is given."""
        configured, extensions, trunks = self._read_config(config)
        imported = self._imported
        return configured, extensions, trunks, NumberTable([*imported.values(), *configured]), imported

    def take_tables(self, tables: Tables) -> None:
        """From now on as these say: configured numbers go before imported ones."""
        configured, extensions, trunks, directory, imported = tables
        self._put(configured, extensions, trunks)
        if imported is self._imported:
            self._dialplan.directory = directory
        else:  # some were imported meanwhile
            self._publish()

    @staticmethod
    def _read_config(config: Config) -> tuple[list[Number], set[str], set[str]]:
        configured = [number for number in config.number if not is_pattern(number.number)]
        return configured, {one.number for one in config.extension}, {trunk.name for trunk in config.trunk}

    def _put(self, configured: list[Number], extensions: set[str], trunks: set[str]) -> None:
        self._configured, self._extensions, self._trunks = configured, extensions, trunks

    def all(self) -> list[tuple[Number, bool]]:
        """Every number, and whether it was imported."""
        return [*((number, False) for number in self._configured), *((n, True) for n in self._imported.values())]

    def take(self, rows: Iterable[Mapping[str, Any]], *, replace: bool = False) -> int:
        """Adds `rows` (fields of [[number]]), or puts them in place of all that were imported. All or nothing.

        Returns how many numbers are imported now. Raises NumberError.
        """
        faults: list[str] = []
        wanted: dict[str, Number] = {} if replace else dict(self._imported)
        seen: set[str] = set()
        for line, row in enumerate(rows, 2):  # the first line of a file names the columns
            number = self._read(line, row, faults)
            if number is not None:
                if number.number in seen:
                    faults.append(f"line {line}: {number.number} comes twice")
                seen.add(number.number)
                wanted[number.number] = number
        if len(wanted) > MAX_NUMBERS:
            faults.append(f"more than {MAX_NUMBERS} numbers")
        if not faults:
            faults += _overlaps([*self._configured, *wanted.values()])
        if faults:
            more = [f"and {len(faults) - MAX_FAULTS} more"] if len(faults) > MAX_FAULTS else []
            raise NumberError("\n".join([*faults[:MAX_FAULTS], *more]))
        for gone in self._imported.keys() - wanted.keys():
            self._keeper.put(ROOM, gone, None)
        for key, number in wanted.items():
            if self._imported.get(key) != number:
                self._keeper.put(ROOM, key, number.model_dump())
        self._imported = wanted
        self._publish()
        return len(wanted)

    def remove(self, number: str) -> bool:
        """Takes an imported number out; False when it is none."""
        if number not in self._imported:
            return False
        self._imported = {key: one for key, one in self._imported.items() if key != number}
        self._keeper.put(ROOM, number, None)
        self._publish()
        return True

    def _publish(self) -> None:
        self._dialplan.directory = NumberTable([*self._imported.values(), *self._configured])

    def _read(self, line: int, row: Mapping[str, Any], faults: list[str]) -> Number | None:
        try:
            number = Number.model_validate(dict(row))
        except ValidationError as error:
            first = error.errors()[0]
            faults.append(f"line {line}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
            return None
        fault = self._fault(number)
        if fault:
            faults.append(f"line {line}: {fault}")
            return None
        return number

    def _fault(self, number: Number) -> str:
        for text in (number.number, number.last):
            digits = text.removeprefix("+")
            if text and not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
                return f"{text!r} is no number"
        if number.last and (len(number.last) != len(number.number) or number.last < number.number):
            return f"{number.last!r} does not end a range that begins with {number.number!r}"
        if not number.number:
            return "has no number"
        if any(number.number == configured.number for configured in self._configured):
            return f"{number.number} stands in the configuration file: change it there"
        if number.internal and number.number in self._extensions:
            return f"{number.number} is an extension"
        unknown = [name for name in number.trunks if name not in self._trunks]
        if unknown:
            return f"{unknown[0]!r} is no trunk; known: {', '.join(sorted(self._trunks)) or 'none'}"
        if not number.internal and not number.trunks:
            return f"{number.number} can be reached neither from a phone nor from a trunk"
        try:
            self._applications.find(number.application)
        except RouteError as error:
            return f"application: {error}"
        return ""


def _overlaps(numbers: list[Number]) -> list[str]:
    """Ranges that hold numbers of one another; a single number inside a range is an exception, and allowed."""
    spans = sorted(
        (number.number[:1] == "+", len(number.number), number.number, number.last) for number in numbers if number.last
    )
    return [
        f"{first} to {last} overlaps {before} to {end}"
        for (plus, length, before, end), (other, size, first, last) in pairwise(spans)
        if plus == other and length == size and first <= end
    ]

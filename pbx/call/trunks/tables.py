"""The files of price lists and number ranges that the configuration names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pbx.config import Config, Trunk
from pbx.configfile.problem import Problem
from pbx.numbers.prices import MICRO, Price, PriceList, read_prices
from pbx.numbers.range_files import read_ranges
from pbx.numbers.ranges import RangeTable
from pbx.numbers.table import TableError, decode


def price_lists(config: Config) -> dict[str, PriceList]:
    """The price lists by trunk name. Raises OSError, TableError."""
    return {trunk.name: price_list(trunk) for trunk in config.trunk}


def price_list(trunk: Trunk) -> PriceList:
    """The price list of one trunk, empty when it has none."""
    default = None if trunk.rate_per_minute is None else Price(round(trunk.rate_per_minute * MICRO))
    if not trunk.rates:
        return PriceList(default=default)
    return read_prices(_text(trunk.rates), trunk.rates, default)


def range_table(config: Config) -> RangeTable:
    """The number ranges. Raises OSError, TableError."""
    numbering = config.numbering
    return read_ranges(((path, _text(path)) for path in numbering.ranges), numbering.country)


def check_tables(config: Config) -> Iterator[Problem]:
    """What is wrong with the files that the configuration names; a check of `pbx.configfile`."""
    for index, trunk in enumerate(config.trunk):
        yield from _fault(("trunk", index, "rates"), partial(price_list, trunk))
    if config.numbering.ranges:
        yield from _fault(("numbering", "ranges"), partial(range_table, config))


def _fault(key: tuple[str | int, ...], read: Callable[[], object]) -> Iterator[Problem]:
    try:
        read()
    except OSError as error:
        yield Problem(key, f"{error.filename!r} cannot be read: {error.strerror}", "name a CSV file that can be read")
    except TableError as error:
        yield Problem(key, str(error), "correct these lines")


def _text(path: str) -> str:
    return decode(Path(path).read_bytes())

"""The calls behind sums of money: what each cost, brought, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from pbx.ledger.amounts import units
from pbx.ledger.spending import DIMENSIONS
from pbx.reporting.money.figures import money
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.request import Request

KEYS = (*DIMENSIONS, "end")
OF_CALLS = (
    *("MONEY.CALLS", "MONEY.UNIQUE", "MONEY.ANSWERED", "MONEY.MISSED"),
    *("MONEY.COST", "MONEY.SALES", "MONEY.REVENUE", "MONEY.WASTED"),
)
OF_COST = ("MONEY.PER_SALE", "MONEY.ROI")  # of each call two rows: what is above the line, and what is below
OF_MISSED = ("MISSED.CALLS", "MISSED.END", "MISSED.COST")


def money_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each call of a customer; its value is money in the currency of the reports. What was spent on adverts of which no
    call came is behind no call: it is in the figure of money, not here.
    """
    found = money(connection, request)
    for call, share, end in zip(found.calls, found.spending.shares, found.ends, strict=True):
        keys = dict(zip(DIMENSIONS, call.told, strict=True))
        cost = units(share)
        count, revenue = found.sold.of(call.id)
        marks: dict[str, Mark] = {
            "MONEY.CALLS": (True, cost),
            "MONEY.UNIQUE": (call.unique, cost),
            "MONEY.ANSWERED": (call.answered, cost),
            "MONEY.MISSED": (not call.answered, cost),
            "MONEY.COST": (share > 0, cost),
            "MONEY.SALES": (count > 0, float(count)),
            "MONEY.REVENUE": (count > 0, units(revenue)),
        }
        if not call.answered:
            keys["end"] = end.outcome.value
            marks |= dict.fromkeys(OF_MISSED, (True, cost))
            marks["MONEY.WASTED"] = not end.recovered, cost
        yield Fact(call.at_us, call.id, keys, marks)
        above: dict[str, Mark] = {"MONEY.PER_SALE": (True, cost)}
        below: dict[str, Mark] = {"MONEY.PER_SALE": (False, float(count))}
        if found.sold.by_call:
            above["MONEY.ROI"], below["MONEY.ROI"] = (True, units(revenue) - cost), (False, cost)
        yield Fact(call.at_us, call.id, keys, above, "above")
        yield Fact(call.at_us, call.id, keys, below, "below")

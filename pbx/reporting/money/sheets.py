"""The reports of money as sheets: by source, of missed calls by their end, and each missed call."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from pbx.ledger.amounts import units
from pbx.reporting.intervals import local
from pbx.reporting.money.calls import MoneyCall
from pbx.reporting.money.ends import MissedEnd, Outcome
from pbx.reporting.money.figures import Money, MoneyFigures, money
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value
from pbx.reporting.words.numbers import figure
from pbx.reporting.words.remarks import remark

MOST_CALLS = 20_000  # rows of the list of missed calls
FIGURES = (
    Column("calls", "Calls", formula="MONEY.CALLS"),
    Column("unique_callers", "Unique\ncallers", formula="MONEY.UNIQUE"),
    Column("answered", "Answered", formula="MONEY.ANSWERED"),
    Column("missed", "Missed", formula="MONEY.MISSED"),
    Column("missed_share", "Missed\nshare", Unit.SHARE, "MONEY.MISSED"),
    Column("ad_cost", "Advert\ncost", Unit.MONEY, "MONEY.COST"),
    Column("cost_per_call", "Per\ncall", Unit.MONEY, "MONEY.CALLS", Measure.EACH),
    Column("cost_per_answered", "Per\nanswered", Unit.MONEY, "MONEY.ANSWERED", Measure.EACH),
    Column("cost_per_unique", "Per\nunique", Unit.MONEY, "MONEY.UNIQUE", Measure.EACH),
    Column("sales", "Sales", Unit.COUNT, "MONEY.SALES", Measure.SUM),
    Column("revenue", "Revenue", Unit.MONEY, "MONEY.REVENUE"),
    Column("cost_per_sale", "Per\nsale", Unit.MONEY, "MONEY.PER_SALE", Measure.QUOTIENT),
    Column("roi", "ROI", Unit.SHARE, "MONEY.ROI", Measure.QUOTIENT),
    Column("wasted", "Wasted", Unit.MONEY, "MONEY.WASTED"),
)
ENDS = (
    Column("end", "End", Unit.TEXT),
    Column("missed_calls", "Missed\ncalls", formula="MISSED.CALLS"),
    Column("of_missed", "Share", Unit.SHARE, "MISSED.END"),
    Column("ad_cost", "Advert\ncost", Unit.MONEY, "MISSED.COST"),
)
MISSED = (
    Column("call", "Call", Unit.TEXT),
    Column("at", "At", Unit.TEXT),
    Column("number", "Number", Unit.TEXT),
    Column("source", "Source", Unit.TEXT),
    Column("campaign", "Campaign", Unit.TEXT),
    Column("ad_cost", "Advert\ncost", Unit.MONEY),
    Column("owner", "Owner", Unit.TEXT),
    Column("deadline", "Deadline", Unit.TEXT),
    Column("end", "End", Unit.TEXT),
    Column("age_s", "Waited", Unit.SECONDS),
)
MONEY_NOTES = (
    "Each advert cost is divided evenly among the period's calls that agree with what it names; a cost of which no\n"
    "call came stands in its own line, and so do calls without a cost. Per call = cost / calls, and so on. Sales are\n"
    "those of the period's calls, whenever they were made. ROI = (revenue - cost) / cost. Wasted = cost of missed\n"
    "calls whose callers nobody has spoken with since."
)
ENDS_NOTES = (
    "Each missed call has exactly one end: reached (we called), came_back (rang again and was served), lost, or\n"
    "not_a_customer; open: somebody still owes an answer; unkept: no contact was kept. Lost money = cost of lost and\n"
    "open ones."
)
MISSED_NOTES = "Advert cost as in the report of money. Waited: from the call to its end, or until now."


def by_source(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Cost per call, answered call, unique caller and sale, and return on spend, by the filter `by`."""
    found = money(connection, request)
    by = request.filter("by") or "source"
    columns = (Column(by, by.capitalize(), Unit.TEXT), *FIGURES)
    sheet = Sheet(f"Cost and return, {request.period.label}", columns, notes=MONEY_NOTES)
    lines = found.by(by)
    sold = bool(found.sold.by_call)
    sheet.rows = [_figures(one, "(none)", sold=sold) for one in lines[:-1]] + [_figures(lines[-1], "all", sold=sold)]
    sheet.remarks = _remarks(found, request)
    return [sheet]


def missed_money(connection: Connection, request: Request) -> Sequence[Sheet]:
    """What missed calls cost by their end, and what breaches of the agreed times cost."""
    found = money(connection, request)
    ends = Sheet(f"Cost of missed calls, {request.period.label}", ENDS, notes=ENDS_NOTES)
    missed = _missed(found)
    for outcome in Outcome:
        shares = [share for _, share, end in missed if end.outcome is outcome]
        ends.rows.append(_end_row(outcome.value, len(shares), len(missed), sum(shares)))
    ends.rows.append(_end_row("all", len(missed), len(missed), sum(share for _, share, _ in missed)))
    remarks = [remark(request.language, "lost", amount=_sum(found.lost, request)), *_breaches(found, missed, request)]
    ends.remarks = "\n".join([*remarks, _remarks(found, request)]).strip()
    return [ends]


def missed_calls(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Each missed call with what its advert cost, who owes the answer until when, and how it ended."""
    found = money(connection, request)
    sheet = Sheet(f"Missed calls, {request.period.label}", MISSED, notes=MISSED_NOTES)
    missed = _missed(found)
    for call, share, end in missed[:MOST_CALLS]:
        source, _, campaign, _ = call.told
        row: list[Value] = [
            call.id,
            _clock(call.at_us, request),
            call.number,
            source,
            campaign,
            units(share),
            end.owner,
        ]
        row += [_clock(end.deadline_us, request), end.outcome.value]
        sheet.rows.append([*row, end.age_s(request.now_us) if end.since_us else None])
    if len(missed) > MOST_CALLS:
        sheet.remarks = remark(request.language, "more", count=len(missed) - MOST_CALLS)
    return [sheet]


def _missed(found: Money) -> list[tuple[MoneyCall, float, MissedEnd]]:
    rows = zip(found.calls, found.spending.shares, found.ends, strict=True)
    return [(call, share, end) for call, share, end in rows if not call.answered]


def _breaches(found: Money, missed: Sequence[tuple[MoneyCall, float, MissedEnd]], request: Request) -> list[str]:
    """A sentence for each agreed time: how many waited longer, what their adverts cost, what cancelling costs."""
    told = []
    sales = sum(count for count, _ in found.sold.by_call.values())
    mean = sum(micro for _, micro in found.sold.by_call.values()) / sales if sales else 0.0
    for age_s, cancel in request.money.sla:
        late = [
            share
            for _, share, end in missed
            if end.outcome is not Outcome.NOT_A_CUSTOMER and end.since_us and end.age_s(request.now_us) > age_s
        ]
        hours = figure(f"{age_s / 3600:g}", request.language)
        given = {"hours": hours, "count": len(late), "amount": _sum(sum(late), request)}
        told.append(remark(request.language, "late", **given))
        if cancel and mean:
            amount = _sum(len(late) * cancel * mean, request)
            share = figure(f"{cancel * 100:g}", request.language)
            told.append(remark(request.language, "cancelled", share=share, amount=amount))
    return told


def _figures(one: MoneyFigures, none: str, *, sold: bool) -> Sequence[Value]:
    """`sold`: sales are known at all; else nobody can say what was earned."""
    costed = one.costed
    return (
        one.name or none,
        one.calls,
        one.unique,
        one.answered,
        one.missed,
        one.missed / one.calls if one.calls else None,
        units(one.cost) if costed else None,
        _units(one.per(one.calls)),
        _units(one.per(one.answered)),
        _units(one.per(one.unique)),
        one.sales,
        units(one.revenue) if one.sales else None,
        _units(one.per(one.sales)),
        one.roi if sold else None,
        units(one.wasted) if costed else None,
    )


def _end_row(name: str, count: int, of: int, micro: float) -> Sequence[Value]:
    return name, count, count / of if of else None, units(micro)


def _remarks(found: Money, request: Request) -> str:
    language, name = request.language, request.money.currency
    told = [remark(language, "currency", currency=name) if name else remark(language, "no_currency")]
    count, micro = found.sold.stray
    if count:
        told.append(remark(language, "stray", count=count, amount=_sum(micro, request)))
    for currency, foreign in {**found.foreign, **found.sold.foreign}.items():
        amount = f"{figure(f'{units(foreign):,.2f}', language)} {currency}"
        told.append(remark(language, "foreign", amount=amount))
    return "\n".join(told)


def _units(micro: float | None) -> float | None:
    return None if micro is None else units(micro)


def _sum(micro: float, request: Request) -> str:
    return f"{figure(f'{units(micro):,.2f}', request.language)} {request.money.currency}".strip()


def _clock(at_us: int, request: Request) -> str:
    return f"{local(at_us, request.zone):%Y-%m-%d %H:%M:%S}" if at_us else ""

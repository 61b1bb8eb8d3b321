"""What a period tells, at the top of its page: the change since the one before, and the three things to look at.

Nothing is said that is not counted: each sentence is a rule over figures of the page, with its count and formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from pbx.reporting.arrivals import Arrivals
from pbx.reporting.changes import Change, Hours, before, changes, hours_of, recorded_from
from pbx.reporting.delays import Delay
from pbx.reporting.figures import QueueFigures
from pbx.reporting.intervals import local
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.dates import dates, spans, written_day
from pbx.reporting.page.html import Page
from pbx.reporting.page.told_texts import TOLD
from pbx.reporting.proportion import Share
from pbx.reporting.recovery import Recovery
from pbx.reporting.sheet import Unit
from pbx.reporting.table import NONE

MOST = 3
LATE_S = 3600
# A share is worth a sentence when even the lower end of its interval is beyond this.
PEAK, LATE, MISSED_OFFERS, OUTSIDE = 0.4, 0.2, 0.05, 0.1
PEAK_HOURS = 3
FEWEST = 20  # calls that a share is taken of


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence: `share.part` calls or customers are concerned."""

    name: str
    formula: str
    share: Share
    hours: str = ""


@dataclass(slots=True)
class Seen:
    """The figures that the rules look at."""

    hours: Hours
    total: QueueFigures
    missed: Recovery
    arrivals: Arrivals
    delays: list[Delay]


def findings(seen: Seen) -> list[Finding]:
    """The first of those that the rules give, by how many calls they concern."""
    found = sorted(_rules(seen), key=lambda one: -one.share.part)
    return found[:MOST]


def _rules(seen: Seen) -> Iterator[Finding]:
    peak, hours = _peak(seen.hours)
    if _beyond(peak, PEAK):
        yield Finding("peak", "AB", peak, hours)
    if seen.missed.residual:
        yield Finding("unserved", "RECOVERY", Share(seen.missed.residual, seen.missed.customers))
    called = sum(one.reached.whole for one in seen.delays)
    late = Share(sum(one.reached.whole for one in seen.delays if not 0 < one.most_s <= LATE_S), called)
    if _beyond(late, LATE):
        yield Finding("late", "DELAY", late)
    offers = Share(seen.total.offers_missed, seen.total.offers)
    if _beyond(offers, MISSED_OFFERS):
        yield Finding("offers", "RONA", offers)
    if seen.arrivals.outside is not None:
        outside = Share(seen.arrivals.outside, seen.arrivals.calls)
        if _beyond(outside, OUTSIDE):
            yield Finding("outside", "OUTSIDE", outside)


def _beyond(share: Share, limit: float) -> bool:
    return share.whole >= FEWEST and share.interval[0] > limit


def _peak(hours: Hours) -> tuple[Share, str]:
    """Those who gave up in the hours of the day in which most do."""
    lost: dict[int, int] = {}
    for (_, hour), one in hours.by.items():
        lost[hour] = lost.get(hour, 0) + one.abandoned
    top = sorted(sorted(lost, key=lambda hour: (-lost[hour], hour))[:PEAK_HOURS])
    return Share(sum(lost[hour] for hour in top), sum(lost.values())), spans(top)


def told(page: Page, asked: Asked, seen: Seen) -> None:
    """The sentences."""
    text = TOLD[asked.language]
    page.heading(text["told"])
    found = findings(seen)
    if not found:
        page.say(text["nothing"])
        return
    page.listed(
        [
            text[one.name].format(
                part=asked.count(one.share.part),
                all=asked.count(one.share.whole),
                share=asked.share(one.share.value),
                hours=one.hours,
            )
            + f" [{one.formula}]"
            for one in found
        ]
    )
    page.say(text["rules"], "note")


def compared(page: Page, connection: Connection, asked: Asked, now: Hours) -> None:
    """The figures beside those of the period before; nothing for what is no whole days."""
    earlier = before(asked.interval, asked.zone)
    if earlier is None:
        return
    text = TOLD[asked.language]
    period = dates(earlier, asked.zone, asked.language)
    first = recorded_from(connection, asked.zone)
    begun, ended = (local(at, asked.zone).date() for at in (earlier.start_us, earlier.end_us - 1))
    if first is not None and begun < first <= ended:  # what was not recorded is no change
        page.say(text["compared_part"].format(period=period, first=written_day(first, asked.language)), "note")
        return
    were = hours_of(connection, earlier, asked.zone, asked.thresholds)
    if not were.by or not now.by:
        page.say(text["compared_none"].format(period=period), "note")
        return
    page.heading(text["compared"].format(period=period))
    names = [text[name] for name in ("figure", "now", "before", "change", "interval", "sure")]
    page.table(names, [_row(asked, one) for one in changes(now, were)])
    page.say(text["compared_about"], "note")


def _row(asked: Asked, one: Change) -> list[str]:
    text = TOLD[asked.language]
    signed = "" if one.now is None or one.before is None else _signed(asked, one.now - one.before, one.unit)
    between = NONE
    meaning = text["few"]
    if one.low is not None and one.high is not None:
        between = f"{_signed(asked, one.low, one.unit)} … {_signed(asked, one.high, one.unit)}"
        meaning = text["chance"] if not one.sure else text["higher" if one.low > 0 else "lower"]
    both = [
        asked.cell(value if one.unit is not Unit.COUNT or value is None else int(value), one.unit)
        + (f" (n\u00a0=\u00a0{asked.count(of)})" if one.unit is not Unit.COUNT else "")
        for value, of in ((one.now, one.of_now), (one.before, one.of_before))
    ]
    return [text[one.formula], *both, signed or NONE, between, meaning]


def _signed(asked: Asked, value: float, unit: Unit) -> str:
    if unit is Unit.SHARE:
        number = asked.figure(f"{100 * value:+.1f}")
        return TOLD[asked.language]["points"].format(value=number.replace("-", "−"))
    if unit is Unit.SECONDS:
        sign = "−" if value < 0 else "+"
        return sign + asked.seconds(abs(value))
    return asked.figure(f"{value:+,.0f}").replace("-", "−")

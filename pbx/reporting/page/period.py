"""The page of a day or a longer period: what came, when, what became of it, and who was lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pbx.call.hours import OpeningHours
from pbx.config import Language
from pbx.reporting import queries
from pbx.reporting.agents import agent_figures
from pbx.reporting.figures import QueueFigures
from pbx.reporting.intervals import Interval, day, local
from pbx.reporting.page.arrivals import SLOTS, arrivals
from pbx.reporting.page.html import Page
from pbx.reporting.page.svg import Axis, Curve, bars, curves, heat_map
from pbx.reporting.page.texts import TEXTS, WEEKDAYS
from pbx.reporting.patience import observed
from pbx.reporting.proportion import bands, kaplan_meier
from pbx.reporting.recovery import recovery
from pbx.reporting.service_level import DEFAULT, TEXT
from pbx.reporting.table import NONE, duration, percent

HOLD_S = 600.0  # the right end of the curve of patience
MOST_BARS = 92  # days that are drawn one by one
CONTINENTAL = str.maketrans({",": "\u202f", ".": ","})  # a narrow space that does not break
MOST_STEPS = 400  # of a curve: what is nearer to the last point than this is not seen
MOST_QUEUES = 5  # curves in one picture
FEWEST_AT_RISK = 5  # callers who still wait: where fewer do, the curve ends


@dataclass(slots=True)
class Asked:
    """What the page is to show, and how."""

    interval: Interval
    zone: ZoneInfo
    language: Language
    thresholds: queries.Thresholds
    hours: Sequence[OpeningHours]
    now_us: int
    demo: str = ""

    def text(self, name: str, **values: object) -> str:
        return TEXTS[self.language][name].format(**values)

    def figure(self, text: str) -> str:
        """A figure as it is written in the page's language: 1,234.5 or 1 234,5."""
        return text if self.language == "en" else text.translate(CONTINENTAL)

    def count(self, value: float) -> str:
        return self.figure(f"{value:,}")

    def share(self, value: float | None) -> str:
        return self.figure(percent(value))

    def seconds(self, value: float | None) -> str:
        text = self.figure(duration(value))
        return text.replace(" s", " с") if self.language == "ru" else text


def period_page(connection: Connection, asked: Asked) -> str:
    """The HTML."""
    page = Page(asked.text("title", period=asked.interval.label.replace(" to ", " – ")), asked.language)
    made = f"{local(asked.now_us, asked.zone):%Y-%m-%d %H:%M}"
    page.say(asked.text("made", now=made, zone=asked.zone.key), "lead")
    if asked.demo:
        page.say(asked.demo, "demo")
    figures = queries.queue_figures(connection, asked.interval, asked.thresholds)
    sections: tuple[Callable[[Page, Connection, Asked, list[QueueFigures]], None], ...] = (
        *(_tiles, _when, _days, _hold, _queues, _missed, _agents, _trunks),
    )
    for section in sections:
        section(page, connection, asked, figures)
    return page.html()


def _tiles(page: Page, connection: Connection, asked: Asked, figures: list[QueueFigures]) -> None:
    total = _sum(figures)
    lost = recovery(connection, asked.interval)[-1]
    threshold = f"{total.threshold_s:g}" if len({one.threshold_s for one in figures}) < 2 else "T"
    page.tiles(
        [
            (asked.count(total.offered), asked.text("offered")),
            (asked.count(total.answered), asked.text("answered")),
            (f"{asked.count(total.abandoned)} ({asked.share(total.abandonment_rate)})", asked.text("abandoned")),
            (asked.share(total.service_level(DEFAULT)), asked.text("within", seconds=threshold, formula=DEFAULT.value)),
            (asked.seconds(total.asa_s), asked.text("asa")),
            (asked.seconds(total.aht_s), asked.text("aht")),
            (asked.count(lost.residual), asked.text("unsaved")),
        ]
    )


def _sum(figures: Sequence[QueueFigures]) -> QueueFigures:
    total = QueueFigures("", threshold_s=figures[0].threshold_s if figures else 20.0)
    for one in figures:
        total.offered += one.offered
        for name in ("answered", "abandoned", "answered_in_time", "abandoned_in_time", "abandoned_short"):
            setattr(total.counts, name, getattr(total.counts, name) + getattr(one.counts, name))
        total.wait_answered_s += one.wait_answered_s
        total.talk_s += one.talk_s
        total.hold_s += one.hold_s
        total.wrapup_s += one.wrapup_s
    return total


def _when(page: Page, connection: Connection, asked: Asked, _figures: list[QueueFigures]) -> None:
    found = arrivals(connection, asked.interval, asked.zone, asked.hours, asked.now_us)
    values = found.average()
    most = max(max(line) for line in values)
    hours = [f"{slot // 4}" if slot % 4 == 0 else "" for slot in range(SLOTS)]
    page.heading(asked.text("when"))
    about = asked.text("when_about", most=asked.figure(f"{most:.1f}"))
    page.say(about)
    page.picture(heat_map(asked.text("when"), about, WEEKDAYS[asked.language], hours, values, "{:.1f}".format))
    if found.outside is None:
        page.say(asked.text("outside_unknown"), "note")
    else:
        share = asked.share(found.outside / found.calls) if found.calls else NONE
        page.say(asked.text("outside", count=asked.count(found.outside), all=asked.count(found.calls), share=share))


def _days(page: Page, connection: Connection, asked: Asked, _figures: list[QueueFigures]) -> None:
    """Nothing for a single day, or for more days than there is room for."""
    first, last = local(asked.interval.start_us, asked.zone).date(), local(asked.interval.end_us - 1, asked.zone).date()
    count = (last - first).days + 1
    if not 1 < count <= MOST_BARS:
        return
    dates = [first + timedelta(days=n) for n in range(count)]
    sums = [_sum(queries.queue_figures(connection, day(one, asked.zone), asked.thresholds)) for one in dates]
    stacks = [
        (asked.text("answered"), [float(one.answered) for one in sums]),
        (asked.text("abandoned"), [float(one.abandoned) for one in sums]),
        (asked.text("other"), [float(one.flowed_out) for one in sums]),
    ]
    highest = max((one.offered for one in sums), default=0)
    up = Axis("", 0, *_round_up(highest))
    page.heading(asked.text("days"))
    page.say(asked.text("days_about"))
    page.picture(
        bars(asked.text("days"), asked.text("days_about"), up, [f"{one.day}.{one.month:02d}" for one in dates], stacks)
    )


def _round_up(highest: float) -> tuple[float, float]:
    """(the top of an axis, the step of its marks): 1, 2 or 5 times a power of ten, five marks or so."""
    step = 1.0
    while highest / step > 6:
        step *= 2.5 if f"{step:.0e}"[0] == "2" else 2
    return max(step * -(-highest // step), step), step


def _hold(page: Page, connection: Connection, asked: Asked, _figures: list[QueueFigures]) -> None:
    page.heading(asked.text("hold"))
    waits = sorted(observed(connection, asked.interval).items(), key=lambda one: -len(one[1]))[:MOST_QUEUES]
    if not waits:
        page.say(asked.text("hold_none"))
        return
    about = asked.text("hold_about")
    page.say(about)
    lines = []
    for queue, seen in waits:
        steps = kaplan_meier(seen)
        points = [(0.0, 1.0, 1.0, 1.0)]
        for step, (low, high) in zip(steps, bands(steps), strict=True):
            near = step.at < points[-1][0] + HOLD_S / MOST_STEPS and step.survival > points[-1][1] - 1 / MOST_STEPS
            if step.at <= HOLD_S and step.at_risk >= FEWEST_AT_RISK and not near:
                points.append((step.at, step.survival, low, high))
        lines.append(Curve(f"{queue} (n = {len(seen):,})", points, steps=True))
    longest = max(line.points[-1][0] for line in lines)
    across = Axis(asked.text("seconds"), 0, max(60.0, -(-longest // 60) * 60), 60 if longest > 120 else 15)
    page.picture(
        curves(asked.text("hold"), about, across, Axis(asked.text("share"), 0, 1, 0.2, "{:.0%}".format), lines)
    )


def _queues(page: Page, _connection: Connection, asked: Asked, figures: list[QueueFigures]) -> None:
    page.heading(asked.text("queues"))
    names = ("queue", "offered", "answered", "abandoned", "flowed_out", "", "asa", "longest", "aht")
    columns = [asked.text(name) if name else DEFAULT.value for name in names]
    rows = [
        (
            one.queue,
            asked.count(one.offered),
            asked.count(one.answered),
            f"{asked.count(one.abandoned)} ({asked.share(one.abandonment_rate)})",
            asked.count(one.flowed_out),
            asked.share(one.service_level(DEFAULT)),
            asked.seconds(one.asa_s),
            asked.seconds(one.longest_wait_s),
            asked.seconds(one.aht_s),
        )
        for one in figures
    ]
    _table(page, asked, columns, rows)
    formula = TEXT[DEFAULT].partition(":")[0]
    seconds = ", ".join(sorted({f"{one.threshold_s:g}" for one in figures})) or "20"
    page.say(asked.text("formulas", formula=DEFAULT.value, text=formula, seconds=seconds), "note")


def _missed(page: Page, connection: Connection, asked: Asked, _figures: list[QueueFigures]) -> None:
    page.heading(asked.text("missed"))
    lines = recovery(connection, asked.interval)
    names = ("queue", "contacts", "customers", "reached", "came_back", "open", "lost", "served")
    rows = [
        (
            asked.text("all") if one is lines[-1] else one.queue or NONE,
            *(asked.count(n) for n in (one.contacts, one.customers, one.reached, one.came_back, one.open, one.lost)),
            asked.share(one.rate),
        )
        for one in lines
    ]
    _table(page, asked, [asked.text(name) for name in names], rows if len(rows) > 1 else [])


def _agents(page: Page, connection: Connection, asked: Asked, _figures: list[QueueFigures]) -> None:
    page.heading(asked.text("agents"))
    names = ("agent", "offers", "answered", "missed_offers", "talk", "occupancy")
    rows = [
        (
            one.agent,
            asked.count(one.offers),
            asked.count(one.answered),
            asked.count(one.missed),
            asked.seconds(one.talk_s),
            asked.share(one.occupancy),
        )
        for one in agent_figures(connection, asked.interval, asked.now_us)
    ]
    _table(page, asked, [asked.text(name) for name in names], rows)


def _trunks(page: Page, connection: Connection, asked: Asked, _figures: list[QueueFigures]) -> None:
    page.heading(asked.text("trunks"))
    columns = [asked.text("trunk"), asked.text("seizures"), "ASR", "NER", "PDD", asked.text("cost")]
    rows = [
        (
            one.trunk,
            asked.count(one.seizures),
            asked.share(one.asr),
            asked.share(one.ner),
            asked.seconds(one.pdd_s),
            asked.figure(f"{one.cost:,.2f}"),
        )
        for one in queries.trunk_figures(connection, asked.interval)
    ]
    _table(page, asked, columns, rows)


def _table(page: Page, asked: Asked, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        page.table(columns, rows)
    else:
        page.say(asked.text("none"))

"""The pictures of calls that come: when, and how long callers hold."""

from __future__ import annotations

from pbx.reporting.arrivals import SLOTS, Arrivals
from pbx.reporting.intervals import local
from pbx.reporting.page.ahead import Ahead
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.dates import spans
from pbx.reporting.page.html import Page
from pbx.reporting.page.svg import Axis, Curve, curves, heat_map, round_up
from pbx.reporting.page.texts import WEEKDAYS
from pbx.reporting.patience import Counted
from pbx.reporting.proportion import bands, kaplan_meier_counts
from pbx.reporting.table import NONE

HOLD_S = 600.0  # the right end of the curve of patience
HAZARD_S = 300.0  # and of that of the hazard
HAZARD_BIN_S = 10.0
MOST_STEPS = 400  # of a curve: what is nearer to the last point than this is not seen
MOST_QUEUES = 5  # curves in one picture
FEWEST_AT_RISK = 5  # callers who still wait: where fewer do, the curve ends


def when(page: Page, asked: Asked, ahead: Ahead) -> None:
    """The heat map, and the share outside of opening hours."""
    found: Arrivals = ahead["arrivals"]
    values = found.average()
    most = max(max(line) for line in values)
    hours = [f"{slot // 4}" if slot % 4 == 0 else "" for slot in range(SLOTS)]
    page.heading(asked.text("when"))
    about = asked.text("when_about", most=asked.figure(f"{most:.1f}"), count=asked.count(found.calls))
    page.say(about)

    def tenths(value: float) -> str:
        return asked.figure(f"{value:.1f}")

    first = local(asked.interval.start_us, asked.zone).weekday()
    there = sorted((first + n) % 7 for n in range(min(asked.days, 7)))
    names = [WEEKDAYS[asked.language][one] for one in there]
    page.picture(heat_map(asked.text("when"), about, names, hours, [values[one] for one in there], tenths))
    if found.outside is None:
        page.say(asked.text("outside_unknown"), "note")
        return
    share = asked.share(found.outside / found.calls) if found.calls else NONE
    page.say(asked.text("outside", count=asked.count(found.outside), all=asked.count(found.calls), share=share))
    top, part = found.busiest
    if part is not None:
        page.say(asked.text("busiest", hours=spans(top), share=asked.share(part)))


def hold(page: Page, asked: Asked, ahead: Ahead) -> None:
    """Survival and hazard of the waits, by queue."""
    page.heading(asked.text("hold"))
    seen_by_queue: dict[str, list[Counted]] = ahead["waits"]
    waits = sorted(seen_by_queue.items(), key=lambda one: (-_n(one[1]), one[0]))
    if not waits:
        page.say(asked.text("hold_none"))
        return
    waits = waits[:MOST_QUEUES]
    about = asked.text("hold_about")
    page.say(about)
    lines = [Curve(f"{queue} (n = {asked.count(_n(seen))})", _survival(seen), steps=True) for queue, seen in waits]
    longest = max(line.points[-1][0] for line in lines)
    across = Axis(asked.text("seconds"), 0, max(60.0, -(-longest // 60) * 60), 60 if longest > 120 else 15)
    up = Axis(asked.text("share"), 0, 1, 0.2, asked.mark)
    page.picture(curves(asked.text("hold"), about, across, up, lines))
    _hazard(page, asked, waits)


def _n(seen: list[Counted]) -> int:
    return sum(gave_up + others for _, gave_up, others in seen)


def _survival(seen: list[Counted]) -> list[tuple[float, float, float, float]]:
    steps = kaplan_meier_counts(seen)
    points = [(0.0, 1.0, 1.0, 1.0)]
    for step, (low, high) in zip(steps, bands(steps), strict=True):
        near = step.at < points[-1][0] + HOLD_S / MOST_STEPS and step.survival > points[-1][1] - 1 / MOST_STEPS
        if step.at <= HOLD_S and step.at_risk >= FEWEST_AT_RISK and not near:
            points.append((step.at, step.survival, low, high))
    return points


def _hazard(page: Page, asked: Asked, waits: list[tuple[str, list[Counted]]]) -> None:
    """Of those who wait, the share that gives up within the next ten seconds, with the interval of the count."""
    lines = []
    for queue, seen in waits:
        points = []
        for number in range(int(HAZARD_S / HAZARD_BIN_S)):
            start = number * HAZARD_BIN_S
            at_risk = sum(gone + others for wait, gone, others in seen if wait > start)
            gave_up = sum(gone for wait, gone, _ in seen if start < wait <= start + HAZARD_BIN_S)
            if at_risk < 4 * FEWEST_AT_RISK:
                break
            low, high = asked.interval_of(gave_up, at_risk)
            points.append((start + HAZARD_BIN_S / 2, gave_up / at_risk, low, high))
        if len(points) > 1:
            lines.append(Curve(f"{queue} (n = {asked.count(_n(seen))})", points))
    if not lines:
        return
    about = asked.text("hazard_about")
    page.say(about)
    top, step = round_up(100 * max(point[3] for line in lines for point in line.points))
    up = Axis(asked.text("hazard"), 0, min(top, 100) / 100, step / 100, asked.mark)
    across = Axis(asked.text("seconds"), 0, HAZARD_S, 60)
    page.picture(curves(asked.text("hazard"), about, across, up, lines))

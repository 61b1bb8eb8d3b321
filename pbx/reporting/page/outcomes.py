"""What delays and promises did: shares with their intervals."""

from __future__ import annotations

from sqlalchemy import Connection

from pbx.reporting.delays import Delay, falling
from pbx.reporting.page.ahead import Ahead
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.html import Page
from pbx.reporting.page.svg import Axis, Bar, Curve, curves, ranges
from pbx.reporting.promises import calibrations


def callback_delays(page: Page, asked: Asked, ahead: Ahead) -> None:
    """How many customers the first call reached, by how long it took to come."""
    page.heading(asked.text("delays"))
    found: list[Delay] = ahead["delays"]
    if not found:
        page.say(asked.text("none"))
        return
    about = asked.text("delays_about")
    page.say(about)
    smooth = falling([one.reached for one in found])
    shown = [
        Bar(
            f"{asked.delay(one.most_s)}\nn = {asked.count(one.reached.whole)}",
            one.reached.value or 0.0,
            *one.reached.interval,
            line=level,
            of=one.reached.whole,
        )
        for one, level in zip(found, smooth, strict=True)
    ]
    up = Axis(asked.text("delays_up"), 0, 1, 0.2, asked.mark)
    page.picture(ranges(asked.text("delays"), about, up, shown, asked.text("falling")))


def promised_waits(page: Page, connection: Connection, asked: Asked) -> None:
    """How often what was said was true, against how often it was meant to be."""
    found = [one for one in calibrations(connection, asked.interval) if not one.queue or one.high_s]
    said = [one for one in found if one.high_s and one.true.whole]
    page.heading(asked.text("promises"))
    if not said:
        page.say(asked.text("promises_none"))
        return
    whole = found[-1]
    about = asked.text(
        "promises_about",
        said=asked.count(whole.said),
        true=asked.share(whole.true.value),
        aim=asked.share(whole.aim),
    )
    page.say(about)
    lines: dict[str, list[tuple[float, float, float, float]]] = {}
    for one in sorted(said, key=lambda one: (one.queue, one.high_s)):
        lines.setdefault(one.queue, []).append((one.high_s / 60, one.true.value or 0.0, *one.true.interval))
    longest = max(point[0] for points in lines.values() for point in points)
    aim = whole.aim or 0.0
    drawn = [
        Curve(f"{queue} (n = {asked.count(sum(o.true.whole for o in said if o.queue == queue))})", points)
        for queue, points in lines.items()
    ]
    drawn.append(Curve(asked.text("aim"), [(0.0, aim, aim, aim), (longest, aim, aim, aim)]))
    across = Axis(asked.text("promises_across"), 0, max(longest, 1.0), max(round(longest / 6), 1))
    page.picture(curves(asked.text("promises"), about, across, Axis(asked.text("true"), 0, 1, 0.2, asked.mark), drawn))

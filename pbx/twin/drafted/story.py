"""The page of a replayed day: what is on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pbx.reporting.page.svg import Bar, Curve
from pbx.twin.drafted.lived import HOURS, Lived
from pbx.twin.drafted.sheet import Figure, mean, spread
from pbx.twin.page import Story, Words

LEAST = 5  # callers of an hour, in the mean of the replays, for a point
CURVES = 3
REASONS = {"--choose": "by_choose", "callers of that day": "by_day", "assumption": "by_assumption"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: `key` is the word that names it, with `n` people less or more."""

    name: str
    lived: Sequence[Lived]


def fill(story: Story, lines: Sequence[Line], words: Words, within_s: float, patience_s: float) -> Story:
    """Adds pictures, assumptions and what cannot be known; the first line is what was."""
    about = words("compare_about", what=words("replays"))
    figures: tuple[tuple[str, Figure], ...] = (
        (words("gives_up"), lambda one: one.abandoned),
        (words("in_time", seconds=f"{within_s:g}"), lambda one: one.within),
    )
    story.bars = [(title, about, [_bar(line, lines[0], figure) for line in lines]) for title, figure in figures]
    shown = [Curve(line.name.replace("\n", " "), _hours(line.lived)) for line in lines if line.lived][:CURVES]
    story.hours = (words("hours"), words("hours_about", least=LEAST), [one for one in shown if one.points])
    flows = [one for line in lines[1:] for one in line.lived]
    story.paragraphs += [
        (words("assumed"), _assumed(flows, words)),
        (words("unknown"), _unknown(flows, words)),
        (words("method"), [words("limits", patience=f"{patience_s:.0f}")]),
    ]
    return story


def _bar(line: Line, was: Line, figure: Figure) -> Bar:
    def share(one: Lived) -> float:
        return figure(one) / one.joined if one.joined else 0.0

    low, high = spread(line.lived, share)
    return Bar(line.name, mean(line.lived, share), low, high, mean(was.lived, share))


def _hours(lived: Sequence[Lived]) -> list[tuple[float, float, float, float]]:
    """(hour, share not served, low, high) of hours with enough callers."""
    found = []
    for hour in range(HOURS):
        known = [one.hours[hour] for one in lived if one.hours[hour][0]]
        calls = sum(one[0] for one in known)
        if calls >= LEAST * len(lived):
            shares = sorted(one[1] / one[0] for one in known)
            last = len(shares) - 1
            low, high = shares[int(0.05 * last)], shares[-1 - int(0.05 * last)]
            found.append((hour + 0.5, sum(one[1] for one in known) / calls, low, high))
    return found


def _assumed(lived: Sequence[Lived], words: Words) -> list[str]:
    added: Counter[tuple[str, str, str]] = Counter()
    for one in lived:
        added.update(one.assumed.callers)
    rows = [
        words(
            "assumed_row", block=block, kind=kind, by=words(REASONS[by]), callers=words.count(round(n / len(lived), 1))
        )
        for (block, kind, by), n in added.most_common()
    ]
    return rows or [words("assumed_none")]


def _unknown(lived: Sequence[Lived], words: Words) -> list[str]:
    added: Counter[str] = Counter()
    for one in lived:
        added.update(one.assumed.unknown)
    rows = [f"{words.count(round(n / len(lived), 1))}: {why}" for why, n in added.most_common(20)]
    return rows or [words("unknown_none")]

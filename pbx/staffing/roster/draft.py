"""A document to begin with, for the agents of the configuration: two teams that take turns on two shifts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta


def draft(agents: Sequence[tuple[str, str]], first: date, span: tuple[str, str] = ("08:00", "18:00")) -> str:
    """TOML. `agents` are (extension, name) in the order in which they are given to the teams; the early shift begins
    with `span`, the late one ends with it. Raises ValueError for none, or for a span that is too short.
    """
    if not agents:
        raise ValueError("the configuration has no [[agent]]: write some, or begin with --example")
    parts = [
        "# A roster of the configured agents; times are full quarters of an hour. --example shows every part.",
        "[contract.full]\nhours = 40.0            # paid, a week\nleast_hours = 30.0\ndays_in_row = 5",
    ]
    for name, begin, end, after, before in _shifts(span):
        pause = f'{{minutes = 30, after = "{after}", before = "{before}"}}'
        parts.append(f'[[shape]]\nname = "{name}"\nstart = "{begin}"\nend = "{end}"\nbreaks = [{pause}]')
    monday = first - timedelta(days=first.weekday())
    for team, order in (("A", ["early", "late"]), ("B", ["late", "early"])):
        parts.append(f"[team.{team}]\nrotate = {json.dumps(order)}\nrotate_from = {monday}")
    names = [name for _, name in agents]
    for number, (extension, name) in enumerate(agents):
        shown = name if names.count(name) == 1 and name else f"{name} {extension}".strip()
        quoted = json.dumps(shown[:60], ensure_ascii=False)
        team = "A" if number < len(agents) / 2 else "B"
        parts.append(f'[[person]]\nname = {quoted}\nagent = "{extension}"\ncontract = "full"\nteam = "{team}"')
    return "\n\n".join(parts) + "\n"


def _shifts(span: tuple[str, str]) -> list[tuple[str, str, str, str, str]]:
    """(name, start, end, break after, break before): eight hours from the beginning, and eight up to the end."""
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in span)
    if not begin + 480 <= end <= 1440:
        raise ValueError(f"{span[0]}-{span[1]} is no span for two shifts of eight hours: write one by --example")
    found = []
    for name, start in (("early", begin), ("late", end - 480)):
        at = [start, start + 480, start + 150, start + 360]
        found.append((name, *(f"{minute // 60:02d}:{minute % 60:02d}" for minute in at)))
    return [(one[0], one[1], one[2], one[3], one[4]) for one in found]

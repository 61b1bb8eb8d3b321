"""What is taken from a JSON answer: `customer.orders[0].id`, a path of names and positions."""

from __future__ import annotations

import re
from typing import Any

MAX_STEPS = 20
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d{1,6})\]")


def parse_path(path: str) -> list[str | int]:
    """Raises ValueError for what is no path; "" is the whole answer."""
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or (at == 0 and path[0] == ".") or len(steps) >= MAX_STEPS:
            raise ValueError(f'{path[:60]!r} is no path: write names and positions, "orders[0].id"')
        steps.append(match.group(1) if match.group(2) is None else int(match.group(2)))
        at = match.end()
    return steps


def follow(value: Any, steps: list[str | int]) -> Any:
    """What stands there; None where nothing does."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or not -len(value) <= step < len(value):
                return None
            value = value[step]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value

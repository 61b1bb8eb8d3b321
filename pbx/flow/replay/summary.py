"""What came of many calls: how many go another way, which exits win and lose, and why some cannot be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from pbx.flow.replay.replay import SAME, UNKNOWN, Replayed

MAX_DIFFS = 1000


def summed(flow: str, results: Iterable[Replayed]) -> dict[str, Any]:
    """JSON values: `verdicts`, `ends` and `exits` with the counts of then and in the draft, `unknown` by reason, and
    the calls that differ, MAX_DIFFS of them.

    Exits compare only calls whose draft could be told.
    """
    verdicts: Counter[str] = Counter()
    ends: dict[str, Counter[str]] = {"then": Counter(), "draft": Counter()}
    exits: dict[str, Counter[tuple[str, str]]] = {"then": Counter(), "draft": Counter()}
    reasons: Counter[str] = Counter()
    diffs: list[dict[str, Any]] = []
    for one in results:
        verdicts[one.verdict] += 1
        if one.verdict == UNKNOWN:
            reasons[one.why] += 1
        else:
            ends["then"][one.end_then] += 1
            ends["draft"][one.end_draft] += 1
            exits["then"].update(one.then)
            exits["draft"].update(one.draft)
        if one.verdict != SAME and len(diffs) < MAX_DIFFS:
            diffs.append(_diff(one))
    names = sorted({*exits["then"], *exits["draft"]})
    return {
        "flow": flow,
        "calls": sum(verdicts.values()),
        "verdicts": dict(verdicts),
        "unknown": dict(reasons.most_common(50)),
        "ends": [
            {"end": end, "then": ends["then"][end], "draft": ends["draft"][end]}
            for end in sorted({*ends["then"], *ends["draft"]})
        ],
        "exits": [
            {"block": block, "exit": way, "then": exits["then"][block, way], "draft": exits["draft"][block, way]}
            for block, way in names
        ],
        "diffs": diffs,
    }


def _diff(one: Replayed) -> dict[str, Any]:
    return {
        "call": one.call_id,
        "caller": one.caller,
        "at": one.at,
        "verdict": one.verdict,
        "why": one.why,
        "then": ["=".join(step) for step in one.then],
        "draft": ["=".join(step) for step in one.draft],
        "end_then": one.end_then,
        "end_draft": one.end_draft,
    }

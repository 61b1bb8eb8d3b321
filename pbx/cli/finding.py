"""One line of what `centrala doctor` says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Finding:
    """`level` is "good", "look" (works, but) or "bad"."""

    what: str
    level: str
    text: str
    remedy: str = ""

"""How one figure is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure's aim, and what peers need on this class of machine (4 virtual cores, 2026)."""

    key: str
    label: str
    unit: str
    aim: str
    peers: str = ""

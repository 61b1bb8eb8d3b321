"""Codes of wrap-up in one cell: the most frequent first."""

from __future__ import annotations

from collections.abc import Mapping


def codes_text(codes: Mapping[str, int]) -> str:
    """ "order 5, question 2"; "" for none."""
    ordered = sorted(codes.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{code} {count}" for code, count in ordered)

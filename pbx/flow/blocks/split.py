"""Sends shares of the callers different ways: tests of two texts, of two partners."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.flow.run import Run

STEPS = 1 << 53


class Split(Block):
    """Exits: each name of `weights`. With `sticky` a number always goes the same way while the weights are the same,
    over restarts and on every node; withheld numbers are drawn anew.
    """

    kind: Literal["split"]
    weights: dict[str, Annotated[float, Field(ge=0, le=1_000_000)]]
    ways: dict[str, str]
    sticky: bool = True

    waits = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.weights) < 2 or sum(self.weights.values()) <= 0:
            raise ValueError("weights names two ways or more, and one of them weighs more than 0")
        if self.weights.keys() != self.ways.keys():
            different = sorted(self.weights.keys() ^ self.ways.keys())
            raise ValueError(f"weights and ways name the same: {different[0]!r} stands in one of them only")
        return self

    def exits(self) -> dict[str, Exit]:
        return {name: Exit(f"ways.{name}", target, required=True) for name, target in self.ways.items()}

    def sets(self) -> Sequence[str]:
        return ("split.way",)

    async def run(self, run: Run) -> str:
        setup = run.call.setup
        known = self.sticky and not setup.withheld and bool(setup.caller)
        at = _place(f"{run.flow.name}/{run.block}/{setup.caller}") if known else random.random()
        way = self.choose(at)
        run.variables.set("split.way", way)
        return way

    def choose(self, at: float) -> str:
        """The way of a place from 0 to below 1."""
        left = at * sum(self.weights.values())
        names = [name for name, weight in self.weights.items() if weight > 0]
        for name in names:
            left -= self.weights[name]
            if left < 0:
                return name
        return names[-1]


def _place(text: str) -> float:
    """From 0 to below 1, evenly, the same for the same text."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / STEPS

"""What a caller does in a block of the draft: what he did then where he is asked the same, otherwise what is assumed.

Blocks that decide by themselves run as they are. Where he was never asked, the order is: what the command was given
(--choose), what the day's other callers did in the block of that name, what is assumed of its kind. Nothing of these:
nobody can know, and the call is left out and counted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pbx.flow.block import Block
from pbx.flow.replay.driver import OWN
from pbx.flow.replay.past import HANGUP, Visit
from pbx.twin.drafted.guests import PastChoices

ALONE = OWN | {"split"}  # kinds that need neither the caller nor the world to decide
ASKED_S = 6.0  # that a block takes of which nobody knows it
ENOUGH = 10  # callers who were in a block, for their shares to be taken
# What is assumed of a kind whose outcome is rarely another one.
USUAL = {"sms": "sent", "webhook": "ok", "voicemail": "recorded", "overflow": "answered", "consent": "next"}
Shares = Mapping[str, float]


@dataclass(slots=True)
class Assumed:
    """What was drawn for want of knowledge: callers by (block, kind, by what)."""

    callers: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)  # why nobody can know


@dataclass(frozen=True, slots=True)
class Chosen:
    """`exit` is "" where nobody can know."""

    exit: str
    seconds: float
    digits: str = ""


class Chooser:
    """Of one replay. `given` are shares of exits by block, `callback_share` who takes a callback that is offered."""

    def __init__(
        self, past: PastChoices, given: Mapping[str, Shares], callback_share: float, dice: random.Random
    ) -> None:
        self._past = past
        self._given = given
        self.callback_share = callback_share
        self.dice = dice
        self.assumed = Assumed()

    def choose(self, name: str, block: Block, then: Visit | None) -> Chosen:
        """`then` is what this caller did in the block of that name and kind."""
        exits = block.exits()
        if name in self._given:
            return self._drawn(name, block, self._given[name], "--choose")
        if then is not None and (then.exit in exits or then.exit == HANGUP):
            return Chosen(then.exit, then.duration_s, then.digits)
        key = name, block.kind
        others = self._past.exits.get(key, Counter())
        there = {exit_: float(count) for exit_, count in others.items() if exit_ in exits}
        if sum(there.values()) >= ENOUGH:
            return self._drawn(name, block, there, "callers of that day")
        shares = self._usual(block)
        if not shares:
            return Chosen("", 0.0)
        return self._drawn(name, block, shares, "assumption")

    def _usual(self, block: Block) -> Shares:
        exits = block.exits()
        if block.kind == "menu":
            return dict.fromkeys(getattr(block, "keys", {}), 1.0)
        if block.kind == "callback":
            return {"accepted": self.callback_share, "refused": 1 - self.callback_share}
        usual = USUAL.get(block.kind, "")
        return {usual: 1.0} if usual in exits else {}

    def _drawn(self, name: str, block: Block, shares: Shares, by: str) -> Chosen:
        self.assumed.callers[name, block.kind, by] += 1
        way = self.dice.choices(list(shares), list(shares.values()))[0]
        return Chosen(way, self._past.seconds.get((name, block.kind), ASKED_S))


def parse_choices(texts: list[str]) -> dict[str, dict[str, float]]:
    """ "menu=1:60,2:40" as shares by block. ValueError with what to write."""
    found = {}
    for text in texts:
        block, equals, rest = text.partition("=")
        shares = {}
        for part in rest.split(","):
            way, colon, weight = part.strip().rpartition(":")
            if not (colon and way and weight.replace(".", "", 1).isdigit()):
                raise ValueError(f"{text!r} are no shares: write BLOCK=EXIT:SHARE,EXIT:SHARE like menu=1:60,2:40")
            shares[way] = float(weight)
        if not equals or sum(shares.values()) <= 0:
            raise ValueError(f"{text!r} are no shares: write BLOCK=EXIT:SHARE,EXIT:SHARE like menu=1:60,2:40")
        found[block.strip()] = shares
    return found

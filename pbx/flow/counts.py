"""How often each block of each flow was gone through, by which exit, and from where: since the start of the process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pbx.events import CallEvent, EventBus, Kind

MAX_BLOCKS = 5000  # of all flows: names of blocks are people's, but a flow in Python may make them up
MAX_EXITS = 64  # of a block
OTHER = "other"  # where what is over a limit is counted


@dataclass(slots=True)
class BlockCount:
    """One block: `exits` and `came_from` count callers, `total_s` is the time that all of them spent in it."""

    kind: str = ""
    entered: int = 0
    total_s: float = 0.0
    exits: dict[str, int] = field(default_factory=dict)
    came_from: dict[str, int] = field(default_factory=dict)  # "" is the beginning of the flow

    def add(self, data: Mapping[str, Any]) -> None:
        """Takes one step, the data of a FLOW_BLOCK event."""
        self.kind = data.get("kind", "") or self.kind
        self.entered += 1
        self.total_s += data.get("duration_s", 0.0)
        _count(self.exits, str(data.get("exit", "")))
        _count(self.came_from, str(data.get("from", "")))

    def as_json(self) -> dict[str, Any]:
        """Counts and the mean stay in seconds."""
        return {
            "kind": self.kind,
            "entered": self.entered,
            "mean_s": round(self.total_s / self.entered, 3) if self.entered else 0.0,
            "exits": dict(sorted(self.exits.items())),
            "from": dict(sorted(self.came_from.items())),
        }


class FlowCounts:
    """Counts by flow and block; `add` takes the data of one step, `listen` those of all calls from now on."""

    def __init__(self) -> None:
        self.flows: dict[str, dict[str, BlockCount]] = {}
        self._blocks = 0

    def listen(self, bus: EventBus) -> None:
        """Counts every step that is published on `bus`."""
        bus.subscribe(CallEvent, self._heard, (Kind.FLOW_BLOCK,))

    def _heard(self, event: CallEvent) -> None:
        self.add(event.data)

    def add(self, data: Mapping[str, Any]) -> None:
        """Counts one step."""
        self._block(str(data["flow"]), str(data["block"])).add(data)

    def expect(self, flow: str, exits: Mapping[str, Iterable[str]]) -> None:
        """Shows zeros for the blocks of `flow` and their exits: Prometheus sees no increase in what begins with 1."""
        for name, ways in exits.items():
            block = self._block(flow, name)
            for way in ways:
                if len(block.exits) < MAX_EXITS:
                    block.exits.setdefault(way, 0)

    def _block(self, flow: str, name: str) -> BlockCount:
        blocks = self.flows.get(flow)
        found = None if blocks is None else blocks.get(name)
        if found is None:
            if self._blocks >= MAX_BLOCKS:
                flow, name = (flow, OTHER) if blocks is not None else (OTHER, OTHER)
            blocks = self.flows.setdefault(flow, {})
            found = blocks.get(name)
            if found is None:
                found = blocks[name] = BlockCount()
                self._blocks += 1
        return found


def _count(counts: dict[str, int], key: str) -> None:
    if key not in counts and len(counts) >= MAX_EXITS:
        key = OTHER
    counts[key] = counts.get(key, 0) + 1

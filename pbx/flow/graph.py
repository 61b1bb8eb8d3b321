"""Flows as a graph: what can be reached, where callers could go round for ever, and which flows call one another.

No recursion: a flow may be a chain of thousands of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from pbx.flow.model import ERROR, Flow

Node = TypeVar("Node", bound=Hashable)
Place = tuple[str, str]  # flow and block


def reached(starts: Iterable[Node], following: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """All nodes that can be reached, the starts included."""
    found: set[Node] = set()
    waiting = list(starts)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += following(node)
    return found


def circles(nodes: Iterable[Node], following: Callable[[Node], Iterable[Node]]) -> Iterator[list[Node]]:
    """A circle of each knot of the graph that has one: its nodes, the first one again at the end."""
    done: set[Node] = set()
    for first in nodes:
        if first in done:
            continue
        path: dict[Node, Iterator[Node]] = {first: iter(following(first))}  # in the order of the way
        while path:
            node = next(reversed(path))
            ahead = next(path[node], None)
            if ahead is None:
                done.add(node)
                del path[node]
            elif ahead in path:
                way = list(path)
                yield [*way[way.index(ahead) :], ahead]
                done.update(path)
                break
            elif ahead not in done:
                path[ahead] = iter(following(ahead))


def exits_of(flow: Flow, block: str) -> list[str]:
    """The blocks that follow, those of the flow itself only."""
    return [target for target in flow.ways[block].values() if target in flow.blocks]


def is_used(flow: Flow) -> set[str]:
    """The blocks of a flow that something leads to."""
    starts = [name for name in (flow.start, flow.on_hangup, flow.defaults.get(ERROR, "")) if name in flow.blocks]
    return reached(starts, lambda name: exits_of(flow, name))


class Instant:
    """The part of a set of flows in which nothing is waited for: walking it takes no time."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        self._flows = flows
        self._passable: dict[str, bool] = {}

    def following(self, place: Place) -> list[Place]:
        """Where a caller is at once after `place`."""
        flow = self._flows[place[0]]
        block = flow.blocks[place[1]]
        if block.waits:
            return []
        entered = block.enters()
        other = self._flows.get(entered.flow) if entered is not None else None
        found: list[Place] = []
        if entered is not None and not entered.returns:
            return [(other.name, other.start)] if other is not None and other.start in other.blocks else []
        if other is None or self.passable(other.name):
            for name, target in flow.ways[place[1]].items():
                if target in flow.blocks and name not in block.bounded_exits:
                    found.append((flow.name, target))
        return found

    def passable(self, name: str) -> bool:
        """Whether a caller can come from the start of a flow to its end without any wait."""
        if name not in self._passable:
            self._passable[name] = False  # while it is looked at: a flow that calls itself is refused anyway
            flow = self._flows[name]
            if flow.coroutine is None and flow.start in flow.blocks:
                ways = reached([(name, flow.start)], self.following)
                self._passable[name] = any(self._may_end(place) for place in ways)
        return self._passable[name]

    def _may_end(self, place: Place) -> bool:
        flow = self._flows[place[0]]
        block = flow.blocks[place[1]]
        entered = block.enters()
        if block.waits or (entered is not None and not (entered.returns and self._passes(entered.flow))):
            return False
        ways = flow.ways[place[1]]
        return not ways or not all(ways.values())

    def _passes(self, name: str) -> bool:
        return name in self._flows and self.passable(name)


def callings(flows: Mapping[str, Flow]) -> dict[str, dict[str, bool]]:
    """Flow to the flows that it leads into, True for those that come back to it."""
    found: dict[str, dict[str, bool]] = {}
    for name, flow in flows.items():
        into = found.setdefault(name, {})
        for block in flow.blocks.values():
            entered = block.enters()
            if entered is not None and entered.flow in flows:
                into[entered.flow] = into.get(entered.flow, False) or entered.returns
    return found


def deepest(into: Mapping[str, Mapping[str, bool]], name: str, limit: int) -> list[str]:
    """Flows that wait for one another, from `name` on, as soon as they are more than `limit`; [] when they never
    are. `into` is of `callings`, and without a circle that comes back."""

    def gone_to(flow: str) -> list[str]:
        return [other for other, returns in into[flow].items() if not returns]

    ways = {flow: [name] for flow in reached([name], gone_to)}
    for _ in range(limit):
        further: dict[str, list[str]] = {}
        for flow, way in ways.items():
            for other, returns in into[flow].items():
                if returns:
                    further |= {each: [*way, other] for each in reached([other], gone_to)}
        ways = further
    return next(iter(ways.values()), [])

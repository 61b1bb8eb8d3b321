"""What a caller did in a flow, read from the journey of his call: block by block, with keys, waits and talks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbx.events import CallEvent, Kind

HANGUP = "hangup"


@dataclass(slots=True)
class Visit:
    """One block that he went through. `queue` and what follows it are of queue blocks: `wait_s` until he was answered
    or left, `served` when an agent talked with him."""

    flow: str
    block: str
    kind: str
    exit: str
    duration_s: float
    digits: str = ""
    queue: str = ""
    wait_s: float = 0.0
    served: bool = False


@dataclass(slots=True)
class PastCall:
    """A call from its first block of the flow on. `at` is when it came there, UTC seconds."""

    call_id: str
    at: float
    known: Mapping[str, Any]  # CALL_STARTED
    visits: list[Visit] = field(default_factory=list)
    ended_by: str = ""

    @property
    def path(self) -> list[tuple[str, str]]:
        """(block, exit) in order."""
        return [(visit.block, visit.exit) for visit in self.visits]


class _Reading:
    """What has happened since the block began that is under way."""

    def __init__(self) -> None:
        self.digits = ""
        self.queue = ""
        self.wait_s = 0.0
        self.served = False

    def hears(self, event: CallEvent) -> None:
        kind, data = event.kind, event.data
        if kind is Kind.DIGIT and event.leg == "a":
            self.digits += str(data.get("digit", ""))
        elif kind is Kind.QUEUE_JOINED:
            self.queue = self.queue or str(data.get("queue", ""))
        elif kind in (Kind.QUEUE_ANSWERED, Kind.QUEUE_ABANDONED, Kind.QUEUE_LEFT):
            self.queue = self.queue or str(data.get("queue", ""))
            self.wait_s = float(data.get("wait_s", 0.0))
            self.served = kind is Kind.QUEUE_ANSWERED


def read_past(call_id: str, events: Iterable[CallEvent], flow: str) -> PastCall | None:
    """The call's way from the first block of `flow` on; None when it has none."""
    found: PastCall | None = None
    known: Mapping[str, Any] = {}
    ended_by, now = "", _Reading()
    for event in events:
        if event.kind is Kind.CALL_STARTED:
            known = event.data
        elif event.kind is Kind.CALL_ENDED:
            ended_by = str(event.data.get("ended_by", ""))
        elif event.kind is Kind.FLOW_BLOCK:
            visit = _visit(event, now)
            now = _Reading()
            if found is None and visit.flow == flow:
                found = PastCall(call_id, event.at - visit.duration_s, known)
            if found is not None and not _encloses(visit, found):
                found.visits.append(visit)
        else:
            now.hears(event)
    if found is not None:
        found.ended_by = ended_by
        found.visits = found.visits[: while_there([(visit.kind, visit.exit) for visit in found.visits])]
    return found


def while_there(steps: Sequence[tuple[str, str]]) -> int:
    """How many of the steps (kind, exit) were gone while the caller was there: others are done when he is gone."""
    for number, (_, left_by) in enumerate(steps, 1):
        if left_by == HANGUP:
            rest = steps[number:]
            inner = next((n for n, step in enumerate(rest) if step != ("flow", HANGUP)), len(rest))
            return number + inner  # the flows that led to it are left by the same
    return len(steps)


def _visit(event: CallEvent, now: _Reading) -> Visit:
    data = event.data
    return Visit(
        flow=str(data.get("flow", "")),
        block=str(data.get("block", "")),
        kind=str(data.get("kind", "")),
        exit=str(data.get("exit", "")),
        duration_s=float(data.get("duration_s", 0.0)),
        digits=now.digits,
        queue=now.queue,
        wait_s=now.wait_s,
        served=now.served,
    )


def _encloses(visit: Visit, found: PastCall) -> bool:
    """Whether this is the block of another flow that led into ours: it ends after all that it led to."""
    return bool(found.visits) and visit.kind == "flow" and visit.flow != found.visits[0].flow

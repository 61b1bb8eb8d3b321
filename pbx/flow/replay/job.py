"""A replay as one job: reads the calls of a span from the database, leads them through a draft, sums up. It blocks for
as long as that takes, so it runs in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pbx.config import Config
from pbx.events import CallEvent
from pbx.flow.model import Flow
from pbx.flow.replay.past import PastCall, read_past
from pbx.flow.replay.replay import Replayed, replay
from pbx.flow.replay.summary import summed

Read = Callable[[str], list[CallEvent]]
MAX_CALLS = 50_000


def replay_calls(
    draft: Flow, flows: Mapping[str, Flow], config: Config, call_ids: list[str], events_of: Read
) -> dict[str, Any]:
    """The sum over `call_ids` (MAX_CALLS of them at most); see pbx.flow.replay.summary."""

    def results() -> Iterator[Replayed]:
        for call_id in call_ids[:MAX_CALLS]:
            past: PastCall | None = read_past(call_id, events_of(call_id), draft.name)
            if past is not None:
                yield replay(past, draft, config, flows)

    return {**summed(draft.name, results()), "left_out": max(0, len(call_ids) - MAX_CALLS)}

"""Many replays of a day on all processors: whatever was drawn is drawn anew, which gives the ranges."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from pbx.config import Config
from pbx.flow.model import Flow
from pbx.flow.rehearsal.material import find_flow, of_document
from pbx.twin.drafted.guests import Guest
from pbx.twin.drafted.lived import Asked, Lived, live

PIECE = 4  # replays that a process makes at once


@dataclass(frozen=True, slots=True)
class Draft:
    """`document` is the flow's JSON; without it `name` is one of the configuration."""

    name: str
    document: str = ""

    def load(self, config: Config) -> tuple[Flow, Mapping[str, Flow]]:
        """FlowError, ConfigError with every fault."""
        return of_document(self.document, config) if self.document else find_flow(self.name, config)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A name, the flow, and who is at work: all but the flow itself of Asked."""

    name: str
    draft: Draft
    config: Config
    rest: Mapping[str, Any]
    agents: Sequence[int]  # people at work, for the hours that they cost

    def asked(self) -> Asked:
        flow, flows = self.draft.load(self.config)
        return Asked(flow=flow, flows=flows, config=self.config, **self.rest)


def replays(
    scenarios: Sequence[Scenario],
    guests: Sequence[Guest],
    times: int,
    seed: int,
    processes: int,
    progress: Callable[[int, int], None],
) -> list[list[Lived]]:
    """`times` replays of each; every scenario has the same dice. ValueError when nothing tells how long calls take."""
    pieces = [
        (number, start, min(PIECE, times - start))
        for number in range(len(scenarios))
        for start in range(0, times, PIECE)
    ]
    total, done = times * len(scenarios), 0
    found: dict[tuple[int, int], list[Lived]] = {}
    if processes < 2:
        for number, start, count in pieces:
            found[number, start] = _some(scenarios[number], guests, range(start, start + count), seed)
            done += count
            progress(done, total)
    else:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _keep, (guests,)) as pool:
            jobs = {
                pool.submit(_piece, scenarios[number], range(start, start + count), seed): (number, start)
                for number, start, count in pieces
            }
            for job in as_completed(jobs):
                found[jobs[job]] = job.result()
                done += len(found[jobs[job]])
                progress(done, total)
    return [
        [one for key in sorted(found) if key[0] == number for one in found[key]] for number in range(len(scenarios))
    ]


_GUESTS: list[Guest] = []  # of a child process


def _keep(guests: Sequence[Guest]) -> None:
    _GUESTS[:] = guests


def _piece(scenario: Scenario, numbers: range, seed: int) -> list[Lived]:
    return _some(scenario, _GUESTS, numbers, seed)


def _some(scenario: Scenario, guests: Sequence[Guest], numbers: range, seed: int) -> list[Lived]:
    asked = scenario.asked()
    return [live(asked, guests, seed * 1_000_003 + number) for number in numbers]

"""A discrete-event simulator of a contact centre that drives the product's own queue code in virtual time.

Callers come (Poisson, at a rate that may change), wait with exponential patience, and are served for exponential times
by agents whose phones are fakes; everything between is real: calls, the queue service, the distributor, agents, offers.
Seeded: the same arguments give the same day.

    simulation = Simulation(agents=10, aht_s=60, patience_s=60, seed=1)
    run_virtual(simulation.run([Phase(3600, 1 / 6)]))
    simulation.stays        # one Stay per caller, in the order of arrival
"""

from __future__ import annotations

import asyncio
import gc
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbx.call.location import Binding
from pbx.call.testing import CallHarness, FakePhone
from pbx.config import Agent, Config, Queue
from pbx.events import CallEvent, Kind
from pbx.queue.service import QueueService
from pbx.sip.address import Destination

YEAR_S = 366 * 86_400.0
BATCHES = 20


@dataclass(frozen=True, slots=True)
class Phase:
    """For `length_s` callers come at `rate` a second into each queue of `queues`, in turns by chance."""

    length_s: float
    rate: float
    queues: tuple[str, ...] = ("sales",)


@dataclass(slots=True)
class Stay:
    """One caller. `ahead` waited already when he came; times are the loop's seconds."""

    call_id: str
    queue: str
    came: float
    ahead: int
    outcome: str = ""
    wait_s: float = 0.0
    told: dict[str, float] = field(default_factory=dict)  # estimates of the wait on arrival, by estimator
    high_s: float = 0.0  # promised on arrival, 0 for nothing

    @property
    def queued(self) -> bool:
        """Had to wait at all."""
        return self.wait_s > 0


class _Phone(FakePhone):
    """Talks for as long as the simulation draws, and forgets its calls."""

    draw: Callable[[], float]

    def final(self, session: Any) -> None:
        self.talk_s = self.draw()
        super().final(session)

    def hang_up(self, session: Any = None) -> None:
        super().hang_up(session)
        self.sessions.clear()
        self.invites.clear()


class Overtaken(AssertionError):
    """A caller was served before another of equal rank who had come earlier."""


class Order:
    """Asserts that whoever is offered first came first, over all callers of equal rank; counts what it has seen."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._waiting: dict[str, deque[str]] = {}  # queue: call ids in the order of arrival
        self._gone: set[str] = set()
        self.checked = 0

    def joined(self, queue: str, call_id: str) -> None:
        self._waiting.setdefault(queue, deque()).append(call_id)

    def left(self, queue: str, call_id: str) -> None:
        self._gone.add(call_id)

    def served(self, queue: str, call_id: str) -> None:
        """Of all queues with the same agents nobody who still waits came earlier."""
        self.checked += 1
        mine = self._simulation.by_call[call_id].came
        for line in self._waiting.values():
            while line and line[0] in self._gone:
                self._gone.discard(line.popleft())
            if line and line[0] != call_id and self._simulation.by_call[line[0]].came < mine:
                raise Overtaken(f"{call_id} was served before {line[0]}, who came earlier")
        self._gone.add(call_id)


class Simulation:
    """See the module. `watch(stay, service)` is called for each arrival after it has joined."""

    def __init__(
        self,
        *,
        agents: int,
        aht_s: float,
        patience_s: float,
        seed: int,
        queues: Sequence[dict[str, Any]] = ({"name": "sales"},),
        warm_up_s: float = 0.0,
        watch: Callable[[Stay, QueueService], None] | None = None,
    ) -> None:
        self.agents = agents
        self.aht_s = aht_s
        self.patience_s = patience_s
        self.warm_up_s = warm_up_s
        self.watch = watch
        self.stays: list[Stay] = []
        self.answered: list[Stay] = []  # in the order of their answers
        self.by_call: dict[str, Stay] = {}
        self.events = 0
        self.busy_s = 0.0
        self.last_served = 0.0  # wait of the caller who was served last
        self.order = Order(self)
        self._queues = queues
        self._arrivals, self._patience, self._service = (random.Random(f"{seed}/{name}") for name in ("a", "p", "s"))
        self._began = 0.0

    async def run(self, phases: Sequence[Phase]) -> None:
        """Lives through the phases, and then serves or loses all who still wait."""
        threshold = gc.get_threshold()
        gc.set_threshold(100_000, 50, 50)  # thousands of calls are remembered: to look through them again costs a fifth
        try:
            await self._run(phases)
        finally:
            gc.set_threshold(*threshold)

    async def _run(self, phases: Sequence[Phase]) -> None:
        self._build()
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        for phase in phases:
            ends = loop.time() + phase.length_s
            while True:
                pause = self._arrivals.expovariate(phase.rate) if phase.rate > 0 else phase.length_s
                if loop.time() + pause >= ends:
                    await asyncio.sleep(ends - loop.time())
                    break
                await asyncio.sleep(pause)
                self._arrive(self._arrivals.choice(phase.queues) if len(phase.queues) > 1 else phase.queues[0])
        while any(queue.waiting or queue.talking for queue in self.service.queues.values()):  # noqa: ASYNC110
            await asyncio.sleep(self.aht_s)
        self.service.stop()
        self.harness.services.registrar.close()
        assert all(stay.outcome for stay in self.stays), "every caller has an outcome"

    def _build(self) -> None:
        names = [str(1000 + number) for number in range(self.agents)]
        quiet = {"announce_position": False, "announce_wait": False, "record": False, "wrapup_s": 0.0}
        queues = [Queue(**{**quiet, "agents": names, **entry}) for entry in self._queues]
        config = Config(agent=[Agent(extension=name, initial_state="available") for name in names], queue=queues)
        self.harness = CallHarness(config, extensions=names)
        bus = self.harness.bus
        for kinds, handler in (
            ((Kind.QUEUE_JOINED,), self._joined),
            ((Kind.QUEUE_OFFERED,), self._offered),
            ((Kind.QUEUE_ANSWERED,), self._answered),
            ((Kind.QUEUE_ABANDONED, Kind.QUEUE_LEFT), self._left),
        ):
            bus.subscribe(CallEvent, handler, kinds)
        for number, name in enumerate(names):
            phone = _Phone(name, answer_after_s=0.0, rings=False)
            phone.draw = self._draw_service
            port = 30001 + number
            self.harness.agent.phones["127.0.0.1", port] = phone
            place = Destination("udp", "127.0.0.1", port, None)
            forever = self.harness.clock.unix() + YEAR_S
            binding = Binding(f"sip:{name}@127.0.0.1:{port}", place, forever, f"reg-{port}", 1)
            self.harness.services.registrar.replace(name, [binding])
        self.service = QueueService(self.harness.services)
        self.harness.services.applications.register("queue", self.service.application)
        self.service.start({})

    def _draw_service(self) -> float:
        seconds = self._service.expovariate(1 / self.aht_s)
        if asyncio.get_running_loop().time() - self._began >= self.warm_up_s:
            self.busy_s += seconds
        return seconds

    def _arrive(self, queue: str) -> None:
        caller = self.harness.call(f"queue:{queue}")
        patience_s = self._patience.expovariate(1 / self.patience_s) if self.patience_s else 0.0
        if patience_s:
            asyncio.get_running_loop().call_later(patience_s, self._give_up, caller)
        self.harness.callers.clear()
        self.events += len(self.harness.events)
        self.harness.events.clear()
        self.harness.agent.sessions.clear()

    def _give_up(self, caller: Any) -> None:
        stay = self.by_call.get(caller.call.id)
        if stay is not None and not stay.outcome:
            caller.hang_up()

    # -- what happens ----------------------------------------------------------------------------------------------

    def _joined(self, event: CallEvent) -> None:
        queue = event.data["queue"]
        stay = Stay(event.call_id, queue, asyncio.get_running_loop().time(), event.data["position"] - 1)
        self.by_call[event.call_id] = stay
        self.stays.append(stay)
        self.order.joined(queue, event.call_id)
        if self.watch is not None:
            asyncio.get_running_loop().call_soon(self._watch, stay)

    def _watch(self, stay: Stay) -> None:
        if not stay.outcome and self.watch is not None:
            self.watch(stay, self.service)

    def _offered(self, event: CallEvent) -> None:
        self.order.served(event.data["queue"], event.call_id)

    def _answered(self, event: CallEvent) -> None:
        stay = self._end(event, "answered")
        self.last_served = stay.wait_s
        self.answered.append(stay)

    def _left(self, event: CallEvent) -> None:
        self._end(event, "abandoned" if event.kind is Kind.QUEUE_ABANDONED else "left")
        self.order.left(event.data["queue"], event.call_id)

    def _end(self, event: CallEvent, outcome: str) -> Stay:
        stay = self.by_call[event.call_id]
        assert not stay.outcome, f"{event.call_id} ended twice"
        stay.outcome = outcome
        stay.wait_s = asyncio.get_running_loop().time() - stay.came
        assert math.isclose(stay.wait_s, event.data["wait_s"], abs_tol=1e-6)
        return stay

    # -- figures ---------------------------------------------------------------------------------------------------

    @property
    def counted(self) -> list[Stay]:
        """Those who came after the warm-up."""
        return [stay for stay in self.stays if stay.came - self._began >= self.warm_up_s]

    def figure(self, measure: Callable[[list[Stay]], float]) -> tuple[float, float]:
        """A figure of all counted callers, and its standard error by batch means."""
        stays = self.counted
        size = len(stays) // BATCHES
        values = [measure(stays[number * size : (number + 1) * size]) for number in range(BATCHES)]
        mean = sum(values) / BATCHES
        variance = sum((value - mean) ** 2 for value in values) / (BATCHES - 1)
        return measure(stays), math.sqrt(variance / BATCHES)


def p_wait(stays: list[Stay]) -> float:
    return sum(stay.queued for stay in stays) / len(stays)


def p_abandoned(stays: list[Stay]) -> float:
    return sum(stay.outcome == "abandoned" for stay in stays) / len(stays)


def mean_wait(stays: list[Stay]) -> float:
    """Of all callers."""
    return sum(stay.wait_s for stay in stays) / len(stays)


def asa(stays: list[Stay]) -> float:
    """Of those who were served."""
    waits = [stay.wait_s for stay in stays if stay.outcome == "answered"]
    return sum(waits) / len(waits)


def served_within(threshold_s: float) -> Callable[[list[Stay]], float]:
    """Served within the threshold, of all who came."""
    return lambda stays: sum(s.outcome == "answered" and s.wait_s <= threshold_s for s in stays) / len(stays)

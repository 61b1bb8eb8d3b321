"""What the world does in a rehearsal: queues, phones and messages behave as the script says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbx.call.bridge import BridgeResult
from pbx.call.call import Call
from pbx.call.dialing import DialResult
from pbx.call.errors import CallEnded
from pbx.config import Config, Queue
from pbx.config_queue import longest_wait_s
from pbx.events import Kind
from pbx.flow.rehearsal.script import Caller, Rings, Waits

SORRY = "(nobody can take the call)"  # stands for the queue's own sentence of apology
MESSAGE_S = 15.0  # of a message that a caller leaves
REFUSED = {"busy": ("busy", 486), "no_answer": ("no_answer", 480), "failed": ("unreachable", 480)}


@dataclass(frozen=True, slots=True)
class Stay:
    """As pbx.queue.waiting.QueueResult: features do not import each other."""

    outcome: str
    wait_s: float
    agent: str = ""
    talk_s: float = 0.0
    key: str = ""


@dataclass(slots=True)
class World:
    """What one caller's script says of the world, and what the flow did to it."""

    script: Caller
    sms: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    callbacks: list[dict[str, Any]] = field(default_factory=list)
    on_connected: Callable[[str], None] = lambda _: None
    on_listening: Callable[[bool], None] = lambda _: None  # a menu begins and ends to listen
    spoken: tuple[str, float] = ("", 0.0)  # what the caller says to it, and since when


class ScriptedQueues:
    """`services.queues` of a rehearsal. `join` waits as the script says; music plays meanwhile."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _plan(self, name: str) -> Waits:
        queues = self._world.script.queues
        return queues.get(name) or queues.get("*") or Waits()

    @staticmethod
    def wish(_priority: int, _skills: tuple[str, ...], _preferred: str) -> None:
        return None

    def figure(self, name: str, figure: str) -> float | int | None:
        """A figure of the queue, for conditions and texts."""
        found: float | int | None = getattr(self._plan(name), figure)
        return found

    async def join(
        self,
        call: Call,
        name: str,
        *,
        max_wait_s: float | None = None,
        exits: Sequence[str] = (),
        wishes: Any = None,
    ) -> Stay:
        """See pbx.queue.service.QueueService.join."""
        del wishes
        plan = self._plan(name)
        await call.answer()
        if plan.outcome in ("full", "no_agents"):
            call.emit(Kind.QUEUE_LEFT, queue=name, wait_s=0.0, reason=plan.outcome)
            return Stay(plan.outcome, 0.0)
        call.emit(Kind.QUEUE_JOINED, queue=name, position=plan.waiting + 1)
        limit_s = self._limit(call, name, max_wait_s)
        late = plan.outcome == "timeout" or plan.after_s > limit_s
        wait_s = limit_s if late else plan.after_s
        began = call.loop.time()
        key = await self._wait(call, name, wait_s, exits)
        waited_s = round(call.loop.time() - began, 3)
        if not key and not late and plan.outcome == "answered":
            call.emit(Kind.QUEUE_ANSWERED, queue=name, agent="agent", wait_s=waited_s)
            assert isinstance(call, RehearsedCall)
            await call.talk(name, plan.talk_s)
            return Stay("answered", waited_s, agent="agent", talk_s=plan.talk_s)
        outcome = "key" if key else "timeout" if late else plan.outcome
        call.emit(Kind.QUEUE_LEFT, queue=name, wait_s=waited_s, reason=outcome)
        return Stay(outcome, waited_s, key=key)

    async def _wait(self, call: Call, name: str, wait_s: float, exits: Sequence[str]) -> str:
        """Music, until the time is over or a key was pressed; a caller who hangs up meanwhile has abandoned."""
        call.start_music()
        began = call.loop.time()
        call.variables["abandoned"] = name
        try:
            key = await self._key(call, wait_s, exits)
        except (asyncio.CancelledError, CallEnded):
            waited_s = round(call.loop.time() - began, 3)
            call.emit(Kind.QUEUE_ABANDONED, queue=name, wait_s=waited_s, position=1)
            raise
        call.variables.pop("abandoned")
        call.stop_music()
        return key

    def _limit(self, call: Call, name: str, max_wait_s: float | None) -> float:
        queue = next((queue for queue in call.services.config.queue if queue.name == name), None)
        return longest_wait_s(max_wait_s, queue or Queue(name=name))

    async def _key(self, call: Call, wait_s: float, exits: Sequence[str]) -> str:
        until = call.loop.time() + wait_s
        while (left := until - call.loop.time()) > 0:
            key = await call.digit(left)
            if key in exits:
                return key
        return ""

    async def turn_away(self, call: Call) -> None:
        """The apology of the real queue is spoken by it, not by the flow: it is only noted."""
        await call.say(SORRY)


class ScriptedVoicemail:
    """`services.extra["voicemail"]`: the caller speaks for a while, or says nothing."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def leave(self, call: Call, box: str, *, greeting: Sequence[Any] | None = None, max_s: float = 0.0) -> str:
        """See pbx.call.ports.VoicemailPort."""
        del box
        await call.answer()
        if greeting is not None:
            await call.play(greeting)
        await asyncio.sleep(min(max_s, MESSAGE_S) if max_s else MESSAGE_S)
        return self._world.script.voicemail


class ScriptedAnnouncements:
    """`services.extra["announcements"]`: while they are valid their words are heard, and nothing was recorded."""

    def __init__(self, config: Config) -> None:
        self._texts = {entry.name: entry.text for entry in config.announcement}

    async def clips(self, call: Call, name: str) -> list[Any]:
        """See pbx.voicemail.announcements. Without a text the caller hears its name."""
        text: Mapping[Any, str] = self._texts.get(name) or {call.language: name}
        language = call.language if call.language in text else next(iter(text))
        return [await call.services.prompts.get(text[language], language)]


class RehearsedCall(Call):
    """A call whose other legs are the script's: whoever is dialled does what it says."""

    __slots__ = ("world",)

    world: World

    async def talk(self, whom: str, seconds: float) -> None:
        """Talks to `whom`, who hangs up after `seconds`."""
        self.stop_music()
        await self.answer()
        self.world.on_connected(whom)
        await asyncio.sleep(seconds)
        self._bridged = BridgeResult(seconds, "callee")

    async def dial(
        self,
        target: str,
        *,
        timeout_s: float,
        role: str = "callee",
        record: bool = False,
        account: str = "",
        headers: tuple[str, ...] = (),
    ) -> DialResult:
        """See `Call.dial`."""
        del role, record, account, headers
        phones = self.world.script.phones
        plan = phones.get(target) or phones.get("*") or Rings()
        outcome = "no_answer" if plan.outcome == "answered" and plan.after_s > timeout_s else plan.outcome
        if outcome != "answered":
            await asyncio.sleep(timeout_s if outcome == "no_answer" else min(plan.after_s, timeout_s))
            cause, status = REFUSED[outcome]
            return DialResult(False, status, cause, target=target)
        await asyncio.sleep(plan.after_s)
        await self.talk(target, plan.talk_s)
        return DialResult(True, 200, "normal", plan.talk_s, target=target)


def journey(events: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The steps of the flow among published events, in order."""
    return [event.data for event in events if getattr(event, "kind", None) is Kind.FLOW_BLOCK]

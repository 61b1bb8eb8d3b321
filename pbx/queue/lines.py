"""How calls reach an agent: the phone of an extension, a number dialled for each call, or a leg that stays connected.

A persistent line is dialled when the agent comes. Between two callers it is a call of its own, which plays silence or
music; for a caller the leg moves into the caller's call, and afterwards back into one of its own (`pbx.call.moving`).
The agent's phone sees one dialog all day.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pbx.call import leg_prompts, moving
from pbx.call.call import Call
from pbx.call.confirmation import confirmed
from pbx.call.errors import CallEnded, DialFailed
from pbx.call.service_keys import TOTAL
from pbx.call.setup import Setup
from pbx.events import CallEvent, Kind
from pbx.ids import new_id
from pbx.queue.agent import Agent, Presence
from pbx.queue.roster import LINE_CALLEE

if TYPE_CHECKING:
    from pbx.call.leg import Leg
    from pbx.call.outgoing import OutgoingLeg
    from pbx.call.services import Services
    from pbx.config import Agent as AgentConfig
    from pbx.config import Config
    from pbx.queue.roster import Roster

log = logging.getLogger("centrala.queue")

CONNECT_S = 45.0  # a persistent line rings so long at most
KEYS_BETWEEN_S = 3.0  # of the code that ends a call
_CALLER: dict[str, str] = {
    "pl": "Połączenie z kolejki: {}.",
    "ru": "Звонок из очереди: {}.",
    "en": "A call of the queue {}.",
}


@dataclass(slots=True)
class Line:
    """A persistent line. `call` holds the leg between two callers; while one is served it is in the caller's call."""

    config: AgentConfig
    call: Call | None = None
    connecting: Call | None = None
    leg: OutgoingLeg | None = None  # in a caller's call
    pressed: str = ""
    pressed_at: float = 0.0

    def leads_as(self, entry: AgentConfig) -> bool:
        """Whether `entry` describes this very line."""
        own = self.config
        return (own.line_number, own.line_account) == (entry.line_number, entry.line_account)

    @property
    def up(self) -> bool:
        return self.call is not None or (self.leg is not None and not self.leg.is_ended)


@dataclass(slots=True)
class Lines:
    """See the module. `reachable(extension)` is what the roster asks instead of the registrar."""

    services: Services
    roster: Roster = field(init=False)
    agents: dict[str, AgentConfig] = field(init=False)
    persistent: dict[str, Line] = field(init=False)
    closing: bool = False  # the PBX is about to stop: no line goes on waiting
    _unsubscribe: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.agents, self.persistent = {}, {}
        self._take(self.services.config)

    def configure(self, config: Config) -> None:
        """From now on these lines: one that is another now is hung up as soon as it serves nobody."""
        for line in self._take(config):
            self._hang_up(line)
        self._listen()

    def dial(self) -> None:
        """The lines of those who are to serve, and that are not up."""
        for name in self.persistent:
            self.wanted(self.roster.agents[name])

    def _take(self, config: Config) -> list[Line]:
        """Returns the lines that are no more."""
        entries = {entry.extension: entry for entry in config.agent if entry.line != "phone"}
        self.agents.clear()
        self.agents.update(entries)
        gone = []
        for name, line in list(self.persistent.items()):
            entry = entries.get(name)
            if entry is None or entry.line != "persistent" or not line.leads_as(entry):
                gone.append(self.persistent.pop(name))
            else:
                line.config = entry
        for name, entry in entries.items():
            if entry.line == "persistent":
                self.persistent.setdefault(name, Line(entry))
        return gone

    def start(self, roster: Roster) -> None:
        """Dials the lines of those who are to serve."""
        self.roster = roster
        self._listen()
        self.dial()

    def _listen(self) -> None:
        if self.persistent:
            self.services.spare = self.spare
        if self._unsubscribe is None and any(line.config.line_end for line in self.persistent.values()):
            self._unsubscribe = self.services.bus.subscribe(CallEvent, self._digit, (Kind.DIGIT,))

    def stop(self) -> None:
        """Lines that wait are hung up; those that serve a caller go on until his end."""
        self.closing = True
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        for line in self.persistent.values():
            self._hang_up(line)

    def reachable(self, extension: str) -> bool:
        """Whether an offer would find the agent."""
        line = self.persistent.get(extension)
        if line is not None:
            return line.up
        return extension in self.agents or self.services.registrar.registered(extension)

    # -- offers ----------------------------------------------------------------------------------------------------

    def originate(
        self, call: Call, agent: Agent, *, timeout_s: float, queue: str, headers: Sequence[str] = ()
    ) -> OutgoingLeg:
        """Begins to reach the agent for the caller of `call`; `taken` tells how that went.

        Raises CallEnded when the caller is gone, DialFailed when a line is.
        """
        extension = agent.extension
        entry = self.agents.get(extension)
        if entry is None:
            lines = (f"X-Queue: {queue}", *headers)
            return call.originate(extension, timeout_s=timeout_s, role="agent", headers=lines)
        line = self.persistent.get(extension)
        if line is None:
            return call.originate(entry.line_number, timeout_s=timeout_s, role="agent", account=entry.line_account)
        held, line.call = line.call, None
        if held is None or held.ended or held.a.is_ended:
            self._lost(line)
            raise DialFailed(480, f"the line of agent {extension} is gone", "unregistered")
        leg = moving.new_leg(call, extension, "agent", held.trunk)
        line.leg = leg
        line.pressed = ""
        moving.take_caller(held, leg, "line")
        return leg

    async def taken(self, call: Call, agent: Agent, leg: OutgoingLeg, queue: str) -> None:
        """Returns when the agent himself is at the other end. Raises DialFailed when he will not be."""
        await leg.answered()
        entry = self.agents.get(agent.extension)
        if entry is None:
            return
        if entry.line == "persistent":
            await self._signal(call, leg, entry, queue)
            if leg.is_ended:
                raise DialFailed(480, "the line was hung up", "unregistered")
        elif self.confirms(entry) and not await confirmed(call, leg):
            leg.hangup()
            raise DialFailed(480, "nobody pressed 1", "no_answer")

    def drop(self, call: Call, agent: Agent, leg: OutgoingLeg, why: str = "") -> None:
        """The caller needs the agent's leg no longer: it ends, or goes back to waiting where it is persistent."""
        line = self.persistent.get(agent.extension)
        if line is None or line.leg is not leg:
            if leg.answered_at and not call.keeps(leg):
                leg.hangup()
            elif not leg.answered_at:
                leg.cancel(why)
            return
        if call.keeps(leg):  # a transfer has it: back when that is decided (`spare`)
            self.roster.reachable(agent.extension, False)
            return
        line.leg = None
        if leg.is_ended:
            self._lost(line)
        else:
            self._keep(line, leg)

    def spare(self, leg: Leg) -> bool:
        """A transfer needs `leg` no more: a persistent line goes back to waiting. False for any other leg."""
        for line in self.persistent.values():
            held = line.leg
            if held is leg and held is not None and not held.is_ended:
                self._keep(line, held)
                return True
        return False

    # -- persistent lines ------------------------------------------------------------------------------------------

    def wanted(self, agent: Agent) -> None:
        """The agent wants to serve: his line is dialled unless it is up."""
        line = self.persistent.get(agent.extension)
        if line is None or line.up or line.connecting is not None or self.closing:
            return
        if agent.presence is Presence.AVAILABLE:
            line.connecting = self._begin(line)

    def moved(self, agent: Agent, _previous: str, _previous_s: float) -> None:
        """A listener of the roster: whoever goes offline has his line hung up."""
        line = self.persistent.get(agent.extension)
        if line is not None and agent.state == "offline":
            self._hang_up(line)

    def _hang_up(self, line: Line) -> None:
        for call in (line.call, line.connecting):
            if call is not None and not call.ended:
                call.terminate("normal")

    def _begin(self, line: Line) -> Call | None:
        """Dials the line, in a call that is over when the leg has one of its own."""
        services, entry = self.services, line.config
        if not services.limits.acquire(TOTAL, services.config.sip.max_calls):
            log.error("agent %s: sip.max_calls leaves no room for the line", entry.extension)
            return None
        setup = Setup(
            *(entry.line_account or entry.extension, LINE_CALLEE, f"line:{entry.extension}"),
            caller_name=entry.name,
            direction="internal",
            limit_keys=(TOTAL,),
        )
        call = Call(services, None, setup, new_id(services.clock.unix()))

        async def connect(call: Call) -> None:
            leg = call.originate(
                entry.line_number or entry.extension, timeout_s=CONNECT_S, role="agent", account=entry.line_account
            )
            await leg.answered()
            if not self.confirms(entry) or await confirmed(call, leg):
                self._keep(line, leg)

        def ended(_call: Call) -> None:
            line.connecting = None
            if line.call is None:
                log.warning("agent %s: the line to %s was not taken", entry.extension, entry.line_number)

        services.running.start(call, connect, ended)
        return call

    def _keep(self, line: Line, leg: OutgoingLeg) -> None:
        """`leg` becomes a call of its own that waits for callers."""
        line.leg, entry = None, line.config
        if self.closing or self.roster.agents[entry.extension].presence is Presence.OFFLINE:
            leg.hangup()
            self._lost(line)
            return

        async def hold(call: Call) -> None:
            try:
                await self._wait(call, entry)
            finally:
                if line.call is call:
                    line.call = None
                    self._lost(line)

        name = f"line:{entry.extension}"
        try:
            line.call = moving.detach(leg, hold, name, callee=LINE_CALLEE, cause="line")
        except CallEnded:
            self._lost(line)
            return
        self.roster.reachable(entry.extension, True)

    async def _wait(self, call: Call, entry: AgentConfig) -> None:
        """Silence or music until the leg is needed or hung up."""
        prompts = self.services.prompts
        clip = prompts.tone("silence")
        if entry.line_music:
            try:
                clip = prompts.music(entry.line_music)
            except KeyError as error:
                log.error("agent %s: %s", entry.extension, error.args[0])
        if call.a.media is not None:
            call.a.media.play([clip], repeat=True)
        await call.loop.create_future()

    def _lost(self, line: Line) -> None:
        if self.persistent.get(line.config.extension) is not line:
            return  # another one took its place
        self.roster.reachable(line.config.extension, line.up)

    def confirms(self, entry: AgentConfig) -> bool:
        """Whether whoever answers this line has to press 1."""
        if entry.line_confirm is not None:
            return entry.line_confirm
        return (entry.line_number or entry.extension) not in self.services.dialplan.extensions

    async def _signal(self, call: Call, leg: OutgoingLeg, entry: AgentConfig, queue: str) -> None:
        """Tells the agent that a caller comes."""
        if entry.line_signal == "tone":
            await leg_prompts.play(leg, [self.services.prompts.tone("beep")])
        elif entry.line_signal == "queue":
            await leg_prompts.say(call, leg, {language: text.format(queue) for language, text in _CALLER.items()})

    def _digit(self, event: CallEvent) -> None:
        """The agent's code ends the call on his line, and the line goes on."""
        agent = self.roster.talking.get(event.call_id)
        line = self.persistent.get(agent.extension) if agent is not None else None
        if line is None or line.leg is None or line.leg.name != event.leg or not line.config.line_end:
            return
        code, now = line.config.line_end, self.services.clock.monotonic()
        typed = line.pressed if now - line.pressed_at <= KEYS_BETWEEN_S else ""
        line.pressed, line.pressed_at = (typed + event.data["digit"])[-len(code) :], now
        leg = line.leg
        if line.pressed == code and leg.call is not None:
            self.drop(leg.call, self.roster.agents[line.config.extension], leg)

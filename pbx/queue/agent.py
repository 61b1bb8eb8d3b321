"""An agent: one state machine, as a table. Only this file moves the state.

Two rules. While a caller is being served (reserved to wrap-up) what the person chooses is kept as the next state and
done afterwards; choosing during wrap-up ends it, unless the queue's rules bind the agent to it. When nothing is being
served, the state follows from four facts: what the person chose, whether a phone can be reached, whether it is on
another call, and whether offers were missed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from pbx.clock import Clock


class AgentState(StrEnum):
    OFFLINE = "offline"
    AVAILABLE = "available"
    RESERVED = "reserved"  # matched; the INVITE is on its way
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"  # talking, and one side holds
    WRAPUP = "wrapup"
    BREAK = "break"
    NOT_RESPONDING = (
        "not_responding"  # missed offers; gets nothing until the person acts, or for a moment (reason "retry")
    )
    UNREACHABLE = "unreachable"  # no phone is registered
    BUSY = "busy"  # on a call that no queue gave
    OUTBOUND = "outbound"  # on a call of his own to somebody outside
    CALLBACK_PREVIEW = "callback_preview"  # reads the contact that is to be called next


class Presence(StrEnum):
    """What a person may choose."""

    AVAILABLE = "available"
    BREAK = "break"
    OFFLINE = "offline"


class Trigger(StrEnum):
    CHOSE = "chose"
    FACTS = "facts"  # registration, other calls or the pause after a missed offer changed
    RESERVE = "reserve"
    PREVIEW = "preview"
    RING = "ring"
    ANSWER = "answer"
    MISS = "miss"
    RELEASE = "release"  # the offer ended and the agent is not to blame
    HOLD = "hold"
    RESUME = "resume"
    END = "end"  # of the talk
    DONE = "done"  # with wrap-up


class _Then(StrEnum):
    REST = "rest"  # the state that follows from the facts
    KEEP = "keep"  # the state stays; the facts count later


S, T = AgentState, Trigger
_Row = dict[Trigger, AgentState | _Then]
_AT_REST: _Row = {T.CHOSE: _Then.REST, T.FACTS: _Then.REST}
_SERVING: _Row = {T.CHOSE: _Then.KEEP, T.FACTS: _Then.KEEP}
_OFFERED: _Row = {**_SERVING, T.ANSWER: S.TALKING, T.MISS: _Then.REST, T.RELEASE: _Then.REST}

TABLE: dict[AgentState, _Row] = {
    S.OFFLINE: _AT_REST,
    S.BREAK: _AT_REST,
    S.UNREACHABLE: _AT_REST,
    S.NOT_RESPONDING: _AT_REST,
    S.BUSY: _AT_REST,
    S.OUTBOUND: _AT_REST,
    S.AVAILABLE: {**_AT_REST, T.RESERVE: S.RESERVED},
    S.RESERVED: {**_OFFERED, T.RING: S.RINGING, T.PREVIEW: S.CALLBACK_PREVIEW},
    S.CALLBACK_PREVIEW: {**_OFFERED, T.RING: S.RINGING},
    S.RINGING: {**_OFFERED, T.RING: _Then.KEEP},
    S.TALKING: {**_SERVING, T.HOLD: S.HOLD, T.RESUME: _Then.KEEP, T.END: S.WRAPUP},
    S.HOLD: {**_SERVING, T.HOLD: _Then.KEEP, T.RESUME: S.TALKING, T.END: S.WRAPUP},
    S.WRAPUP: {T.CHOSE: _Then.REST, T.FACTS: _Then.KEEP, T.DONE: _Then.REST},
}
SERVING = frozenset(state for state, row in TABLE.items() if row.get(T.CHOSE) is _Then.KEEP)
ON_DUTY = frozenset({S.AVAILABLE, S.WRAPUP, S.BUSY, S.OUTBOUND, *SERVING})  # will serve callers sooner or later


class WrongState(Exception):
    """The trigger does not fit the state: a mistake of the caller, and nothing has changed."""


class Agent:
    """One agent. `changed(agent, previous, previous_s, reason)` is called after each change of state."""

    __slots__ = (
        "bound",
        "busy_with",
        "call_id",
        "calls",
        "changed",
        "clock",
        "extension",
        "idle_since",
        "index",
        "missed",
        "name",
        "next",
        "paused",
        "presence",
        "reason",
        "registered",
        "since",
        "since_unix",
        "state",
        "taken_out",
    )

    def __init__(
        self, extension: str, name: str, clock: Clock, changed: Callable[[Agent, str, float, str], None]
    ) -> None:
        self.extension = extension
        self.name = name
        self.clock = clock
        self.changed = changed
        self.index = -1  # of the distributor
        self.state = AgentState.OFFLINE
        self.since = clock.monotonic()  # of the state, seconds
        self.since_unix = clock.unix()
        self.idle_since = self.since  # available since then, offers that came to nothing left out
        self.presence = Presence.OFFLINE
        self.reason = ""  # of the break
        self.next: tuple[Presence, str] | None = None  # chosen while serving
        self.registered = False
        self.busy_with: dict[tuple[str, str], bool] = {}  # (call, leg) that no queue gave: is it outbound?
        self.missed = 0  # offers in a row
        self.taken_out = False  # too many of them
        self.paused = False  # for a moment after a missed offer
        self.bound = False  # to the wrap-up: choosing does not end it
        self.call_id = ""  # of the caller who is served
        self.calls = 0  # answered since the start

    @property
    def free(self) -> bool:
        return self.state is AgentState.AVAILABLE

    @property
    def on_duty(self) -> bool:
        return self.state in ON_DUTY

    # -- what the person does ------------------------------------------------------------------------------------

    def choose(self, presence: Presence, reason: str = "") -> None:
        """Available, break or offline: at once, or after the caller who is being served. Clears missed offers."""
        self._require(T.CHOSE)
        self.missed, self.taken_out, self.paused = 0, False, False
        if self.state in SERVING or (self.bound and self.state is S.WRAPUP):
            self.next = (presence, reason)
            return
        self.next = None
        self.presence, self.reason = presence, reason
        self._fire(T.CHOSE, "chosen" if self.state is S.WRAPUP else reason)

    def clear_next(self) -> None:
        """Forgets the next state: the agent will be as before."""
        self.next = None

    # -- facts ---------------------------------------------------------------------------------------------------

    def set_registered(self, registered: bool) -> None:
        if registered != self.registered:
            self.registered = registered
            self._fire(T.FACTS)

    def set_busy(self, call_id: str, leg: str, busy: bool, *, outbound: bool = False) -> None:
        """Another call of this agent's phone began or ended; `outbound`: the agent's own, to somebody outside."""
        before = self._elsewhere()
        if busy:
            self.busy_with[call_id, leg] = outbound
        else:
            self.busy_with.pop((call_id, leg), None)
        if before is not self._elsewhere():
            self._fire(T.FACTS)

    def _elsewhere(self) -> AgentState | None:
        """The state that calls make which no queue gave; None without any."""
        if not self.busy_with:
            return None
        return S.OUTBOUND if True in self.busy_with.values() else S.BUSY

    def pause_over(self) -> None:
        """The moment after a missed offer is over."""
        self.paused = False
        self._fire(T.FACTS)

    # -- an offer and a call -------------------------------------------------------------------------------------

    def reserve(self, call_id: str) -> None:
        self._require(T.RESERVE)
        self.call_id = call_id
        self._fire(T.RESERVE)

    def preview(self) -> None:
        """The agent reads a contact before it is dialled."""
        self._require(T.PREVIEW)
        self._fire(T.PREVIEW)

    def ring(self) -> None:
        self._fire(T.RING)

    def answer(self) -> None:
        self._require(T.ANSWER)
        self.missed = 0
        self.calls += 1
        self._fire(T.ANSWER)

    def miss(self, reason: str, limit: int) -> None:
        """The offer was not taken. After `limit` in a row (0: never) the agent gets nothing until the person acts."""
        self._require(T.MISS)
        self.missed += 1
        self.taken_out = 0 < limit <= self.missed
        self.paused = not self.taken_out
        self._fire(T.MISS, reason if self.taken_out else "retry")

    def restore(self, since_unix: float, on_break: str | None = None) -> None:
        """Before anything else: offline since `since_unix` (UTC s), or on a break for the reason `on_break`."""
        self.since = self.clock.monotonic() - max(0.0, self.clock.unix() - since_unix)
        self.since_unix = since_unix
        if on_break is not None:
            self.state, self.presence, self.reason = S.BREAK, Presence.BREAK, on_break

    def take_out(self) -> None:
        """Restores that the agent had missed too many offers."""
        self.taken_out = True
        self._fire(T.FACTS)

    def release(self) -> None:
        """The offer ended without this agent's doing; the place in the order of idle agents is kept."""
        self._fire(T.RELEASE)

    def hold(self) -> None:
        self._fire(T.HOLD)

    def resume(self) -> None:
        self._fire(T.RESUME)

    def end(self) -> None:
        """The talk is over; wrap-up begins."""
        self._fire(T.END)

    def done(self, code: str) -> None:
        """Wrap-up is over, with this code."""
        self._fire(T.DONE, code)

    # -- the machine ---------------------------------------------------------------------------------------------

    def _require(self, trigger: Trigger) -> AgentState | _Then:
        then = TABLE[self.state].get(trigger)
        if then is None:
            raise WrongState(f"agent {self.extension} is {self.state}: {trigger} does not fit")
        return then

    def _fire(self, trigger: Trigger, reason: str = "") -> None:
        then = self._require(trigger)
        if then is _Then.KEEP:
            return
        if then is _Then.REST:
            then = self._rest()
            if then is S.BREAK:
                reason = self.reason
            elif then is S.NOT_RESPONDING and trigger is not T.MISS:
                reason = "retry" if self.paused else "missed"
        assert isinstance(then, AgentState)
        self._enter(then, trigger, reason)

    def _rest(self) -> AgentState:
        if self.next is not None:
            (self.presence, self.reason), self.next = self.next, None
        if self.presence is Presence.OFFLINE:
            return S.OFFLINE
        if self.presence is Presence.BREAK:
            return S.BREAK
        if not self.registered:
            return S.UNREACHABLE
        elsewhere = self._elsewhere()
        if elsewhere is not None:
            return elsewhere
        return S.NOT_RESPONDING if self.taken_out or self.paused else S.AVAILABLE

    def _enter(self, state: AgentState, trigger: Trigger, reason: str) -> None:
        previous = self.state
        if state is previous and not (state is S.BREAK and trigger is T.CHOSE):
            return
        now = self.clock.monotonic()
        previous_s = now - self.since
        self.state = state
        self.since = now
        self.since_unix = self.clock.unix()
        if state is S.AVAILABLE and trigger is not T.RELEASE:
            self.idle_since = now
        if state not in SERVING and state is not S.WRAPUP:
            self.call_id = ""
            self.bound = False
        self.changed(self, previous, previous_s, reason)  # last: it may lead to the next offer and so come back here

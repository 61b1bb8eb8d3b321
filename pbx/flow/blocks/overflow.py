"""Gives the caller to a call centre outside, where that is open, under its caps, and worth its price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pbx.call.confirmation import confirmed
from pbx.call.errors import DialFailed
from pbx.call.leg_prompts import play
from pbx.events import Kind
from pbx.flow.block import Block, Exit, Reference, Text
from pbx.numbers.prices import MICRO

if TYPE_CHECKING:
    from pbx.flow.partners import Partners, State
    from pbx.flow.run import Run

BUSY = frozenset({"busy", "limit"})


class Overflow(Block):
    """Exits: "answered" (the partner hung up first), "cap" (its places, minutes or money are used up), "closed" and
    "not_worth" (to wait is expected to lose less than the call costs; both as "cap" when unwired), "no_answer",
    "busy" and "failed" (both as "no_answer" when unwired).

    What a call is worth is weighed where the partner has a `value` and the block a `queue`: the caller's chance to give
    up is that of somebody who would now come last there.
    """

    kind: Literal["overflow"]
    partner: str
    queue: str = ""  # where the caller would wait otherwise
    text: Text | None = None  # said to the caller before
    whisper: Text | None = None  # said to whoever answers, before the two hear each other
    confirm: bool = False  # whoever answers has to press 1
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    record: bool = False
    answered: str = ""
    cap: str = ""
    closed: str = ""
    not_worth: str = ""
    no_answer: str = ""
    busy: str = ""
    failed: str = ""

    def exits(self) -> dict[str, Exit]:
        return {
            "answered": Exit("answered", self.answered),
            "cap": Exit("cap", self.cap, required=True),
            "closed": Exit("closed", self.closed or self.cap),
            "not_worth": Exit("not_worth", self.not_worth or self.cap),
            "no_answer": Exit("no_answer", self.no_answer, required=True),
            "busy": Exit("busy", self.busy or self.no_answer),
            "failed": Exit("failed", self.failed or self.no_answer),
        }

    def texts(self) -> dict[str, Text]:
        return {name: text for name in ("text", "whisper") if (text := getattr(self, name)) is not None}

    def references(self) -> list[Reference]:
        found = [Reference("partner", self.partner, "partner")]
        return [*found, Reference("queue", self.queue, "queue")] if self.queue else found

    def sets(self) -> Sequence[str]:
        return ("overflow.partner", "overflow.result", "overflow.talk_s", "overflow.cost")

    async def run(self, run: Run) -> str:
        partners: Partners = run.call.services.extra["partners"]
        state = partners.find(self.partner)
        if state is None:
            run.failed(f"there is no partner {self.partner!r} any more")
            return "failed"
        verdict = partners.judge(state, self._giving_up(run))
        told: dict[str, Any] = {
            "block": run.block,
            "partner": self.partner,
            "queue": self.queue,
            "price": round(verdict.price, 4),
            "currency": state.config.currency,
        }
        if verdict.loss is not None and verdict.giving_up is not None:
            told |= {"giving_up": round(verdict.giving_up, 4), "loss": round(verdict.loss, 4)}
        if verdict.result:
            return _told(run, told, verdict.result)
        if self.text is not None:
            await run.say(self.text)
        return await self._call(run, partners, state, told)

    def _giving_up(self, run: Run) -> Callable[[], float] | None:
        if not self.queue:
            return None
        return lambda: float(run.call.services.queues.items.giving_up(self.queue))

    async def _call(self, run: Run, partners: Partners, state: State, told: dict[str, Any]) -> str:
        call, entry = run.call, state.config
        whisper = None if self.whisper is None else await run.clip(self.whisper)
        meter = partners.begin(state)
        result, began, loop = "failed", 0.0, call.loop
        leg = None
        try:
            leg = call.originate(entry.target, timeout_s=self.timeout_s, role="partner", account=entry.account)
            await leg.answered()
            meter.start(lambda _cause: None)
            if self.confirm and not await confirmed(call, leg):
                result = "no_answer"
                return result
            if whisper is not None:
                await play(leg, [whisper])
            # From here on it is answered, whoever hangs up: a caller who does ends this coroutine.
            result, began = "answered", loop.time()
            await call.bridge(leg, record=self.record)
        except DialFailed as failure:
            result = "busy" if failure.cause in BUSY else "no_answer" if failure.cause == "no_answer" else "failed"
        finally:
            talk_s = loop.time() - began if began else 0.0
            if leg is not None and result != "answered" and not leg.is_ended:
                leg.hangup()
            charge = partners.end(state, meter, talk_s)
            cost = charge.money / MICRO if charge is not None else 0.0
            seconds = charge.seconds if charge is not None else 0
            _told(run, {**told, "talk_s": round(talk_s, 3), "billed_s": seconds, "cost": cost}, result)
        return result


def _told(run: Run, told: dict[str, Any], result: str) -> str:
    values = {"partner": told["partner"], "result": result, "talk_s": told.get("talk_s", 0.0)}
    for name, value in {**values, "cost": told.get("cost", 0.0)}.items():
        run.variables.set(f"overflow.{name}", value)
    run.call.emit(Kind.OVERFLOW_TRIED, **told, result=result)
    return result

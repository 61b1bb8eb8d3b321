"""One attempt to reach a customer: written before his phone rings, and written again when it is over.

Whatever ends the call (a hang-up, a crash of the application, the end of the process) goes through `finish`, which is
called when the call is over. A process that dies leaves the attempt under way in the book, where the next one finds it
in doubt.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from pbx.callback.attempts import Outcome, following
from pbx.callback.desk import slot_of
from pbx.contact.book import ContactError
from pbx.contact.item import WrongState
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.callback.desk import Desk
    from pbx.contact.item import ContactItem

log = logging.getLogger("centrala.callback")
RETRY_S = 2.0  # until the database takes what became of an attempt


class Attempt:
    """See the module. `outcome` is set by who knows best; without one the attempt was cut off."""

    def __init__(self, desk: Desk, item: ContactItem) -> None:
        self.desk = desk
        self.item = item
        self.queue = desk.queue_of(item)
        self.mode = desk.mode_of(item)
        self.agent = ""
        self.outcome: Outcome | None = None
        self.came_back = False  # the customer rang us meanwhile
        self.bridged = False
        self.talk_s = 0.0
        self._begun = False
        self._written = False  # the item has its end already
        self._pause_s = 0.0
        self._launched = self._answered = self._talking = 0.0  # the loop's seconds
        self._reached: asyncio.TimerHandle | None = None

    @property
    def answered(self) -> bool:
        """The customer answered."""
        return self._answered > 0.0

    async def begin(self, call: Call) -> bool:
        """To be awaited before the customer's phone is rung: True when that is on disk. False when the item is not to
        be called any more, or the database takes nothing: then nobody is called.
        """
        self._begun = True
        try:
            await self.desk.book.attempt_started(self.item.id, call.id)
        except (WrongState, ContactError) as error:
            log.info("call %s: %s", call.id, error)
            self._begun = False
            return False
        except Exception as error:
            log.error("call %s: the attempt cannot be written, so nobody is called: %s", call.id, error)
            self._begun = False
            self._pause_s = self.desk.settings.retry_fault_s
            return False
        self._launched = call.loop.time()
        return True

    def customer_answered(self, call: Call, leg: str) -> None:
        """The customer is on the line."""
        self._answered = call.loop.time()
        reach_s = self._answered - self._launched
        self.desk.reach[self.queue.name].answered(reach_s)
        call.emit(Kind.CALLBACK_ANSWERED, leg, contact=self.item.id, queue=self.queue.name, reach_s=round(reach_s, 3))

    def connect(self, call: Call, agent: str) -> None:
        """Customer and agent are about to hear each other."""
        desk, item = self.desk, self.item
        now, unix = call.loop.time(), desk.services.clock.unix()
        self.agent, self.bridged, self._talking = agent, True, now
        hold_s = now - self._answered
        desk.caution[self.queue.name].served(hold_s)
        call.emit(
            Kind.CALLBACK_BRIDGED,
            contact=item.id,
            queue=self.queue.name,
            agent=agent,
            mode=self.mode,
            attempt=len(item.attempts),
            speed_s=round(unix - desk.asked(item), 3),
            age_s=round(unix - max(item.since, slot_of(item)), 3),
            hold_s=round(hold_s, 3),
        )
        enough_s = desk.book.settings.reached_talk_s
        self._reached = call.loop.call_later(enough_s, self._talked_enough)

    def talk_over(self, call: Call, *, by_agent: bool) -> None:
        """The bridge ended. A short talk that the agent ended was one with a machine."""
        self.talk_s = call.loop.time() - self._talking
        short = self.talk_s < self.desk.book.settings.reached_talk_s
        confirmed = self.queue.callback.confirm in ("customer", "both")
        machine = short and by_agent and not confirmed
        self.outcome = Outcome.VOICEMAIL if machine else Outcome.REACHED

    def finish(self, call: Call) -> None:
        """The call is over."""
        if self._reached is not None:
            self._reached.cancel()
        outcome = self._result(call)
        if self._begun:
            if self.answered and not self.bridged and outcome in (Outcome.HUNG_UP, Outcome.AGENT_LEFT):
                self._silent(call)
            call.emit(
                Kind.CALLBACK_ENDED,
                contact=self.item.id,
                queue=self.queue.name,
                mode=self.mode,
                attempt=len(self.item.attempts),
                outcome=outcome.value,
            )
        self.desk.begin(self._finish(outcome))

    # -- parts ---------------------------------------------------------------------------------------------------

    def _result(self, call: Call) -> Outcome:
        if self.came_back and not self.bridged:
            return Outcome.CAME_BACK
        if self.outcome is not None:
            return self.outcome
        if self.bridged:  # cut off in the middle of the talk
            return Outcome.REACHED
        if call.cause == "shutdown":
            return Outcome.FAULT
        return Outcome.HUNG_UP if self.answered and self.mode == "customer_first" else Outcome.AGENT_LEFT

    def _silent(self, call: Call) -> None:
        hold_s = call.loop.time() - self._answered
        self.desk.caution[self.queue.name].abandoned()
        call.emit(Kind.CALLBACK_SILENT, contact=self.item.id, queue=self.queue.name, hold_s=round(hold_s, 3))

    def _talked_enough(self) -> None:
        """They speak: the item has its end now, and a crash during the talk cannot make us call again."""
        self._reached = None
        self.desk.begin(self._write(Outcome.REACHED))

    async def _finish(self, outcome: Outcome) -> None:
        await self._write(outcome)
        self.desk.finished(self.item, self._pause_s)

    async def _write(self, outcome: Outcome) -> None:
        """Keeps at it until the book has taken the outcome, or the process ends: then the attempt is in doubt."""
        while self._begun and not self._written:
            try:
                await self._tell_book(outcome)
                self._written = True
            except (WrongState, ContactError) as error:
                log.info("contact %s: %s", self.item.id, error)
                self._written = True
            except Exception as error:
                log.error("contact %s: the outcome %s cannot be written yet: %s", self.item.id, outcome, error)
                if self.desk.stopping:
                    return
                await asyncio.sleep(RETRY_S)

    async def _tell_book(self, outcome: Outcome) -> None:
        item, desk = self.item, self.desk
        now = desk.services.clock.unix()
        then = following(desk.settings, item.attempts, outcome, now=now, due=item.attempts[0].at)
        await desk.book.attempt_ended(item.id, outcome.value, end=then.end, not_before=then.at, reason=then.reason)

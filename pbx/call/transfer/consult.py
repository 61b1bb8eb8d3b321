"""Transfers by in-call codes: the transferor is asked for a number outside the bridge, the other party hears music.

Blind: the party is connected to the number, the transferor leaves. Attended: the transferor talks to the number first;
hanging up joins the two, the cancel code goes back, swap changes whom one talks to, conference lets all three talk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar

from pbx.call.digits import Digits
from pbx.call.errors import CallEnded, DialFailed, RouteError
from pbx.call.leg_prompts import say
from pbx.call.moving import detach, take_leg
from pbx.call.moving import new_leg as made_leg
from pbx.call.outgoing import OutgoingLeg
from pbx.call.transfer.transfer import RING_S, UNDER_WAY, Transfer
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.transfer.service import Transfers
    from pbx.config_presence import InCall

log = logging.getLogger("centrala.call")

NUMBER: dict[str, str] = {
    "pl": "Wybierz numer.",
    "ru": "Наберите номер.",
    "en": "Dial the number.",
}
FAILED: dict[str, str] = {
    "pl": "Nie udało się połączyć.",
    "ru": "Не удалось соединить.",
    "en": "The call could not be put through.",
}
TEXTS = (NUMBER, FAILED)
Answer = TypeVar("Answer")
FIRST_S, BETWEEN_S, MAX_DIGITS = 6.0, 3.0, 32


class Codes:
    """The transfer codes of one node, registered in `services.incall_codes`."""

    def __init__(self, transfers: Transfers, settings: InCall) -> None:
        self._transfers = transfers
        self._settings = settings

    async def blind(self, call: Call, leg: Leg) -> None:
        """The code for a blind transfer was pressed."""
        party = leg.peer
        if party is None:
            return
        with_music = _Aside(call, leg, party)
        number = await with_music.ask()
        with_music.over()
        if not number or leg.is_ended or party.is_ended:
            return
        try:
            transfer = self._transfers.blind(leg, number, method="code")
        except RouteError as error:
            log.info("call %s: transfer by code refused: %s", call.id, error)
            await _tell_failed(call, leg, party)
            return
        transfer.release()  # who transfers by a code hears no progress: he is rung when nobody answers

    async def attended(self, call: Call, leg: Leg) -> None:
        """The code for an attended transfer was pressed."""
        party = leg.peer
        if party is None or (call.transfer is not None and call.transfer.state == UNDER_WAY):
            return
        aside = _Aside(call, leg, party)
        number = await aside.ask()
        if not number or leg.is_ended or party.is_ended:
            aside.over()
            return
        try:
            extension, application = self._transfers.may_consult(leg, number)
            if not extension:  # nobody there could be talked to first: the party goes there at once
                aside.over()
                self._transfers.blind(leg, number, method="code").release()
                return
        except RouteError as error:
            log.info("call %s: consultation refused: %s", call.id, error)
            if leg.peer is None:
                aside.over()
            await _tell_failed(call, leg, party)
            return
        consultation = Consultation(self._settings, call, leg, party, number, extension, application)
        await consultation.consult(aside)


class _Aside:
    """The transferor steps out of the bridge; the other party waits with music, as on hold."""

    def __init__(self, call: Call, leg: Leg, party: Leg) -> None:
        self.call, self.leg, self.party = call, leg, party
        self._since = call.loop.time()
        leg.part()
        _music(party)
        call.emit(Kind.HOLD_STARTED, leg.name)

    async def ask(self) -> str:
        """The number that is dialled, up to # or a pause; "" for none."""
        digits = self.leg.digits = Digits()
        try:
            text = NUMBER.get(self.call.language) or NUMBER["en"]
            clip = await self.call.services.prompts.get(text, self.call.language)
            if self.leg.media is not None and not len(digits):
                self.leg.media.play([clip])
            number = ""
            while len(number) < MAX_DIGITS:
                digit = await digits.wait(BETWEEN_S if number else FIRST_S)
                if not digit or digit == "#":
                    break
                if not number and self.leg.media is not None:
                    self.leg.media.stop_play()
                number += digit
            return number
        finally:
            self.leg.digits = None
            if self.leg.media is not None:
                self.leg.media.stop_play()

    def over(self) -> None:
        """Both talk again, if both are still there."""
        leg, party = self.leg, self.party
        if party.media is not None:
            party.media.stop_play()
        if leg.is_ended or party.is_ended:
            return
        self.call.emit(Kind.HOLD_ENDED, leg.name, hold_s=self.call.loop.time() - self._since)
        leg.join(party)


class Consultation(Transfer):
    """An attended transfer by codes: `leg` the transferor's, `party` who waits, `into` the one who is consulted."""

    __slots__ = ("_aside", "_host", "_keys", "_name", "_party", "_pressed", "_room", "_settings", "_task")

    def __init__(
        self,
        settings: InCall,
        call: Call,
        leg: Leg,
        party: Leg,
        target: str,
        extension: str,
        application: str = "",
    ) -> None:
        """`application`: "group:NAME" and the like, whose phones ring in place of one that is dialled."""
        super().__init__(leg, target, extension=extension, method="code", referral=None, record=call.recording)
        self._name = application
        if application:
            self.application, self.waits = call.services.applications.find(application), True
        self._settings = settings
        self._host = call
        self._party = party
        self._keys = Digits()
        self._pressed = ""
        self._room: Any = None
        self._aside: _Aside | None = None
        self._task: asyncio.Task[Any] | None = None

    async def consult(self, aside: _Aside) -> None:
        """Rings the target, lets the transferor talk to it, and ends with one of: joined, back, or all gone."""
        call, leg = self._host, self.leg
        assert leg is not None
        self._aside = aside
        self._task = asyncio.current_task()
        self.begin(call)
        try:
            leg.digits = self._keys
            if leg.media is not None:
                leg.media.play([call.services.prompts.ringback()], repeat=True)
            try:
                into = await self._ring(call)
            except DialFailed as failure:
                if self.state == UNDER_WAY and not leg.is_ended:
                    self._back(failure.status, failure.cause)
                    await _tell_failed(call, leg, self._party)
                return
            if self.state != UNDER_WAY or leg.is_ended:
                return
            leg.join(into)
            await self._talk(leg, into)
        finally:
            if not leg.is_ended:
                leg.digits = None

    def _ring_s(self) -> float:
        target = self._host.services.dialplan.extensions.get(self.target)
        return target.ring_timeout_s if target is not None else RING_S

    async def _ring(self, call: Call) -> OutgoingLeg:
        """The leg of who answered. DialFailed."""
        if self._name:
            kind, _, name = self._name.partition(":")
            self.into = await self._answered(call.services.consulted[kind](call, name))
            return self.into
        self.into = into = call.originate(
            self.target,
            timeout_s=self._ring_s(),
            role="consulted",
            account=self.extension,
            headers=self.headers(call),
        )
        try:
            await self._answered(into.answered())
        except DialFailed:
            into.cancel()
            raise
        return into

    async def _answered(self, ringing: Awaitable[Answer]) -> Answer:
        """Until the target answers; the cancel code ends it."""
        answered = asyncio.ensure_future(ringing)
        try:
            while not answered.done():
                key = asyncio.ensure_future(self._code())
                await asyncio.wait({answered, key}, return_when=asyncio.FIRST_COMPLETED)
                if key.done() and key.result() == self._settings.cancel:
                    raise DialFailed(487, "the transferor changed his mind", "cancelled")
                key.cancel()
            return answered.result()
        finally:
            answered.cancel()

    async def _code(self) -> str:
        """The next in-consultation code that is pressed in one go."""
        known = (self._settings.cancel, self._settings.swap, self._settings.conference)
        while True:
            digit = await self._keys.wait(BETWEEN_S if self._pressed else None)
            self._pressed = self._pressed + digit if digit else ""
            if self._pressed in known:
                code, self._pressed = self._pressed, ""
                return code
            if not any(code.startswith(self._pressed) for code in known if code):
                self._pressed = ""

    async def _talk(self, leg: Leg, into: OutgoingLeg) -> None:
        """The transferor talks to one of the two, or to both, until somebody hangs up or a code decides."""
        settings = self._settings
        over = asyncio.ensure_future(into.wait_ended())
        try:
            while self.state == UNDER_WAY and not into.is_ended:
                key = asyncio.ensure_future(self._code())
                try:
                    await asyncio.wait({over, key}, return_when=asyncio.FIRST_COMPLETED)
                    code = key.result() if key.done() and not key.cancelled() else ""
                finally:
                    key.cancel()
                if code == settings.cancel:
                    break
                if code == settings.swap:
                    self._swap(leg, into)
                elif code == settings.conference:
                    self._conference(leg, into)
        finally:
            over.cancel()
        if self.state == UNDER_WAY and not leg.is_ended:
            into.hangup()
            self._back(487, "cancelled")

    def _swap(self, leg: Leg, into: OutgoingLeg) -> None:
        self._close_room()
        talks_to, waits = (into, self._party) if leg.peer is into else (self._party, into)
        leg.part()
        if talks_to.media is not None:
            _music(talks_to)
        leg.join(waits)

    def _conference(self, leg: Leg, into: OutgoingLeg) -> None:
        """All three hear each other, in a room of their own."""
        if self._room is not None:
            return
        leg.part()
        self._room = self._host.services.media.open_room(near=leg.media)
        for member in (leg, into, self._party):
            if member.media is not None:
                member.media.stop_play()
                self._room.join(member.media)

    def _close_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.close()

    def _back(self, status: int, cause: str) -> None:
        """The transferor has the party again."""
        self._close_room()
        if self.leg is not None:
            self.leg.part()
        self._failed(self._host, status, cause)
        self.into = self.leg = None
        if self._aside is not None:
            self._aside.over()

    # -- as the call's transfer ------------------------------------------------------------------------------------

    def keeps(self, leg: Leg) -> bool:
        """The consulted leg outlives the application; the transferor's has left by then."""
        return leg is self.into

    def left(self, leg: Leg) -> None:
        """A leg of the call is over. The transferor's: whoever waits is joined with who was consulted."""
        if leg is not self.leg or self.state != UNDER_WAY:
            return
        self._close_room()
        into, party, host = self.into, self._party, self._host
        self.leg = None
        if self._task is not None:
            self._task.cancel()
        if into is not None:
            self.application, self.waits = None, False  # whoever answered is talked to, and nobody is rung again
        if (into is None and self.application is None) or (into is not None and into.is_ended) or party.is_ended:
            return
        if party is host.a:
            host.redirect(self._joined, host.application)
            return
        assert isinstance(party, OutgoingLeg)
        try:  # the transferor was the caller: the two get a call of their own
            call = detach(party, self._joined, host.application, callee=self.target, cause="transferred")
            host.transfer = None
            self.begin(call, host)
            if into is None:
                return
            if into.answered_at:
                self.into = made_leg(call, into.target, trunk=into.trunk)
                take_leg(into, self.into, "transferred")
            else:
                into.cancel()
                self.into = None
        except CallEnded as error:
            log.info("call %s: the consulted party left with the transferor: %s", host.id, error)

    async def _joined(self, call: Call) -> None:
        await self.run(call)

    def over(self) -> None:
        self._close_room()
        super().over()


def _music(leg: Leg) -> None:
    if leg.media is not None and leg.call is not None:
        leg.media.play([leg.call.services.prompts.music("default")], repeat=True)


async def _tell_failed(call: Call, leg: Leg, party: Leg) -> None:
    """Tells the transferor alone that it did not work; then both talk again."""
    if leg.is_ended or party.is_ended:
        return
    leg.part()
    await say(call, leg, FAILED)
    if not leg.is_ended and not party.is_ended and leg.peer is None:
        leg.join(party)

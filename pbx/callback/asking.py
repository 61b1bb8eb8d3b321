"""A caller who waits in a queue asks to be called back: the number is confirmed, the promise told, the place kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.callback import texts
from pbx.contact.callback_request import CallbackRequest, RequestRefused
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.callback.desk import Desk
    from pbx.callback.requests import Requests
    from pbx.contact.item import ContactItem

ROUNDS = 3  # so often a number may be entered or the question is asked
MAX_DIGITS = 20
ANSWER_S = 6.0


class Asking:
    """`request` talks with one caller, and returns to him who would rather wait on."""

    def __init__(self, desk: Desk, requests: Requests) -> None:
        self._desk = desk
        self._requests = requests

    async def request(self, call: Call, queue: str, since: float) -> ContactItem | None:
        """See pbx.contact.ports.CallbackRequests. The call is ended when the request is taken."""
        call.stop_music()
        call.clear_digits()
        number = await self._number(call)
        if not number:
            return None
        try:
            item, _created = await self._requests.take(self._asked(call, queue, since, number))
        except RequestRefused as refused:
            call.emit(Kind.CALLBACK_REFUSED, queue=queue, reason=refused.reason)
            await call.say(texts.TOO_MANY)
            return None
        left_s = item.promise - self._desk.services.clock.unix() if item.promise else None
        await call.say(texts.accepted(left_s))
        await call.hangup()
        return item

    async def request_from_flow(self, call: Call, queue: str, number: str, at: float) -> tuple[ContactItem | None, str]:
        """See pbx.contact.ports.CallbackRequests."""
        asked = self._asked(call, queue, call.started_at, number)
        asked.key, asked.at = f"flow:{call.id}:{queue}", at
        try:
            item, _created = await self._requests.take(asked)
        except RequestRefused as refused:
            call.emit(Kind.CALLBACK_REFUSED, queue=queue, reason=refused.reason)
            return None, refused.reason
        return item, ""

    def _asked(self, call: Call, queue: str, since: float, number: str) -> CallbackRequest:
        setup = call.setup
        told = {"did": setup.did, "tag": setup.tag, "campaign": setup.campaign, "trunk": setup.trunk}
        return CallbackRequest(
            number=number,
            queue=queue,
            key=f"queue:{call.id}",
            name=call.caller_name,
            language=call.language,
            since=since,
            origin_call=call.id,
            tags={name: value for name, value in told.items() if value},
        )

    async def _number(self, call: Call) -> str:
        """The number that the caller confirmed; "" when he would rather hold."""
        check = self._desk.destinations.check
        verdict = check(call.extension or ("" if call.setup.withheld else call.caller))
        number = "" if verdict.reason else verdict.number
        for _ in range(ROUNDS):
            if not number:
                number = await self._entered(call)
                if not number:
                    continue
            pressed = await self._pressed(call, texts.offer(number))
            if pressed == "1":
                return number
            if pressed == "2":
                number = ""
            elif pressed:
                return ""
        return ""

    async def _entered(self, call: Call) -> str:
        """A number that the caller typed and that may be called, else ""."""
        digit = await call.say(texts.ENTER, interruptible=True)
        if digit:
            call.unread_digit(digit)
        typed = await call.collect(minimum=3, maximum=MAX_DIGITS, timeout_s=ANSWER_S, terminator="#")
        verdict = self._desk.destinations.check(typed)
        if verdict.reason:
            await call.say(texts.NOT_POSSIBLE)
            return ""
        return verdict.number

    async def _pressed(self, call: Call, text: dict[str, str]) -> str:
        digit = await call.say(text, interruptible=True)
        if digit:
            return digit
        return await call.collect(minimum=0, maximum=1, timeout_s=ANSWER_S, terminator="")

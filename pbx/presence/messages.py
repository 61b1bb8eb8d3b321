"""MESSAGE between extensions (RFC 3428): to the phones that are registered, kept for those who are not.

What was answered with 202 is kept over a restart, bounded in number, size and age, and delivered in order when a phone
of the extension registers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.call.identity import address, clean_number, uri_user
from pbx.events import RegistrationChanged
from pbx.ids import new_id
from pbx.sip.uri import Uri, UriError

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper
    from pbx.call.location import Binding
    from pbx.call.services import Services
    from pbx.sip.address import Source
    from pbx.sip.message import Request, Response
    from pbx.sip.observer import ServerTransactionHandle

log = logging.getLogger("centrala.presence")

ROOM = "messages"
PATIENCE_S = 5.0  # the sender is told 202 then, and the message is kept until a phone takes it
DAY_S = 86_400.0
AGAIN = frozenset((408, 480, 486, 500, 503, 504))  # a later attempt may succeed


@dataclass(slots=True)
class Message:
    """One that waits for its reader; `at` is UTC seconds."""

    id: str
    sender: str
    to: str
    content_type: str
    body: str
    at: float


@dataclass(slots=True)
class Tally:
    """Totals since the start."""

    delivered: int = 0
    kept: int = 0
    expired: int = 0
    refused: int = 0


class Messages:
    """`start` reads what was kept; `kept` counts what waits."""

    def __init__(self, services: Services, agent: Any, keeper: Keeper) -> None:
        """`agent` is the user agent: `request` sends one outside a dialog."""
        self._services = services
        self._agent = agent
        self._keeper = keeper
        self._settings = services.config.messages
        self._waiting: dict[str, dict[str, Message]] = {}
        self._sending: set[str] = set()  # extensions whose kept messages are under way
        self._keeping: set[asyncio.Task[None]] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self.tally = Tally()

    @property
    def kept(self) -> int:
        return sum(map(len, self._waiting.values()))

    def start(self) -> None:
        """Takes up what was kept before the restart."""
        for id_, held in sorted(self._keeper.load(ROOM).items()):
            message = Message(id_, held["from"], held["to"], held["type"], held["body"], held["at"])
            self._waiting.setdefault(message.to, {})[id_] = message
        self._unsubscribe = self._services.bus.subscribe(RegistrationChanged, self._on_registration)

    def stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    # -- from a phone ----------------------------------------------------------------------------------------------

    def on_message(self, transaction: ServerTransactionHandle, request: Request, _source: Source, account: str) -> None:
        """A MESSAGE of an authenticated extension: the account is its sender, whatever the name in From."""
        status, target = self._judge(request)
        if status:
            self.tally.refused += 1
            transaction.respond(status)
            return
        now = self._services.clock.unix()
        body = request.body.decode("utf-8", "replace")
        message = Message(new_id(now), account, target, request.content_type or "text/plain", body, now)
        bindings = self._services.registrar.bindings(target)
        if bindings:
            _Delivery(self, message, transaction).start(bindings)
        else:
            self.accept_for_later(message, transaction.respond)

    def _judge(self, request: Request) -> tuple[int, str]:
        try:
            target = clean_number(Uri.parse(request.uri).user)
        except UriError:
            return 400, ""
        if target not in self._services.dialplan.extensions:
            return 404, ""
        if len(request.body) > self._settings.max_bytes:
            return 413, ""
        if not request.body or not request.content_type.startswith(("text/", "application/im-")):
            return 415, ""
        return 0, target

    # -- keeping ---------------------------------------------------------------------------------------------------

    def accept_for_later(self, message: Message, answer: Callable[[int], None]) -> None:
        """Keeps a message until its reader registers. `answer` is called with 202 when it is on disk, with 480 when
        there is no room for it, with 503 when the disk does not take it.
        """
        if not self._has_room(message):
            answer(480)
            return
        task = asyncio.get_running_loop().create_task(self._keep(message, answer))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    def _has_room(self, message: Message) -> bool:
        held = self._waiting.get(message.to, {})
        if len(held) >= self._settings.max_kept_per_extension or self.kept >= self._settings.max_kept:
            self.tally.refused += 1
            return False
        self._waiting.setdefault(message.to, {})[message.id] = message
        return True

    async def _keep(self, message: Message, answer: Callable[[int], None]) -> None:
        row = {
            "from": message.sender,
            "to": message.to,
            "type": message.content_type,
            "body": message.body,
            "at": message.at,
        }
        try:
            await self._keeper.keep(ROOM, message.id, row)
        except Exception:
            log.exception("a message of %s to %s could not be kept; it is refused", message.sender, message.to)
            self.tally.refused += 1
            self.forget(message)
            answer(503)
            return
        self.tally.kept += 1
        answer(202)

    def forget(self, message: Message) -> None:
        """A kept message was read, or nobody wants it."""
        held = self._waiting.get(message.to)
        if held is not None and held.pop(message.id, None) is not None:
            self._keeper.put(ROOM, message.id, None)
            if not held:
                del self._waiting[message.to]

    def _on_registration(self, event: RegistrationChanged) -> None:
        if event.registered and event.extension in self._waiting:
            asyncio.get_running_loop().call_soon(self._next, event.extension)

    def _next(self, extension: str) -> None:
        """Sends the oldest kept message; the others follow one by one."""
        held = self._waiting.get(extension)
        bindings = self._services.registrar.bindings(extension)
        if extension in self._sending or not held or not bindings:
            return
        message = next(iter(held.values()))
        if message.at + self._settings.keep_days * DAY_S < self._services.clock.unix():
            self.tally.expired += 1
            self.forget(message)
            self._next(extension)
            return
        self._sending.add(extension)
        self.send(message, bindings[0], lambda status: self._sent(message, status))

    def _sent(self, message: Message, status: int) -> None:
        self._sending.discard(message.to)
        if status in AGAIN:
            return  # with the next registration
        if status < 300:
            self.tally.delivered += 1
        else:
            self.tally.refused += 1
            log.info("the phone of %s refuses a kept message with %d", message.to, status)
        self.forget(message)
        self._next(message.to)

    # -- to a phone ------------------------------------------------------------------------------------------------

    def send(self, message: Message, binding: Binding, done: Callable[[int], None]) -> None:
        """Sends to one phone; `done(status)` is called once."""
        services = self._services
        domain = services.config.sip.domain
        sender = services.dialplan.extensions.get(message.sender)

        def answered(status: int, _response: Response | None) -> None:
            done(status)

        self._agent.request(
            "MESSAGE",
            uri=binding.uri,
            destination=binding.destination,
            from_=address(sender.name if sender is not None else "", message.sender, domain),
            to=f"<sip:{uri_user(message.to)}@{domain}>",
            headers=(*(f"Route: {path}" for path in binding.path), f"Date: {_date(message.at)}"),
            body=message.body.encode(),
            content_type=message.content_type,
            on_response=answered,
        )


class _Delivery:
    """One MESSAGE to all phones of an extension at once: the first that takes it decides."""

    __slots__ = ("_answered", "_best", "_left", "_message", "_messages", "_timer", "_transaction")

    def __init__(self, messages: Messages, message: Message, transaction: ServerTransactionHandle) -> None:
        self._messages = messages
        self._message = message
        self._transaction = transaction
        self._answered = False
        self._best = 0
        self._left = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, bindings: list[Binding]) -> None:
        self._left = len(bindings)
        self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._impatient)
        for binding in bindings:
            self._messages.send(self._message, binding, self._done)

    def _done(self, status: int) -> None:
        self._left -= 1
        if status < 300:
            self._messages.tally.delivered += 1
            self._messages.forget(self._message)
            self._answer(200)
        else:
            self._best = min(self._best or status, status)
            if self._left == 0 and not self._answered:
                if self._best in AGAIN:
                    self._impatient()
                else:
                    self._answer(self._best)

    def _impatient(self) -> None:
        if not self._answered:
            self._stop_waiting()
            self._messages.accept_for_later(self._message, self._transaction.respond)

    def _answer(self, status: int) -> None:
        if not self._answered:
            self._stop_waiting()
            self._transaction.respond(status)

    def _stop_waiting(self) -> None:
        self._answered = True
        if self._timer is not None:
            self._timer.cancel()


def _date(at: float) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(at))

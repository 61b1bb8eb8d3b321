"""What every callback under way needs of the rest of the process, and what it tells about its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pbx.call.call import Call
from pbx.call.identity import address
from pbx.call.service_keys import TOTAL
from pbx.call.setup import Setup
from pbx.call.trunks.caller_id import TAG, VARIABLE
from pbx.callback.checks import ACCOUNT
from pbx.callback.destinations import Destinations
from pbx.callback.pacing import Caution, ReachTime
from pbx.config import Config, Extension, Queue
from pbx.config_queue import members_of
from pbx.contact.item import ContactItem, ItemKind
from pbx.contact.windows import CallingHours
from pbx.ids import new_id

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.callback.preview import Preview
    from pbx.contact.book import ContactBook
    from pbx.contact.ports import VirtualQueue

log = logging.getLogger("centrala.callback")
UNDER_WAY = "callbacks"  # the key of callback.max_calls in the limits
ASKED = (ItemKind.CALLBACK, ItemKind.WIDGET)  # the customer wants to be called
ZONE = "zone"  # in an item's source: the customer's own time zone
SLOT = "slot"  # in an item's source: the UTC second that the customer chose


class NoRoom(Exception):
    """As many calls or callbacks run as may."""


class Desk:
    """Shared by all callbacks. `finished(item, pause_s)` is told when an attempt is over and written; it shall not be
    tried again for `pause_s`.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self.book: ContactBook = services.contacts
        self.offers: VirtualQueue = services.queues.items
        self.reach: dict[str, ReachTime] = {}  # by queue
        self.caution: dict[str, Caution] = {}
        self.configure(services.config)
        self.lines: dict[str, str] = {}  # number that is being called: the item
        self.finished: Callable[[ContactItem, float], None] = lambda _item, _pause_s: None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.previews: dict[str, Preview] = {}  # agent: what he reads
        self.stopping = False

    def configure(self, config: Config) -> None:
        """From now on as `config` says; calls that run go on, and what was learned of a queue stays."""
        settings = self.settings = config.callback
        self.queues: dict[str, Queue] = {queue.name: queue for queue in config.queue}
        self.members: dict[str, list[str]] = {queue.name: members_of(queue, config.team) for queue in config.queue}
        dialplan = self.services.dialplan
        self.destinations = Destinations(config, dialplan.extensions, dialplan.is_emergency)
        self.hours = CallingHours(
            config,
            hours=settings.hours,
            holidays=settings.holidays,
            home=settings.ambiguous_zone,
            region=lambda number: self.services.inbound.regions.origin(number).region,
        )
        for name in self.queues:
            self.reach.setdefault(name, ReachTime())
            self.caution.setdefault(name, Caution(settings.silent_share)).share = settings.silent_share
        dialplan.outbound.add_payer(self._account())

    def _account(self) -> Extension:
        """Who pays for callbacks: an account without a phone. Which countries may be called was checked before."""
        settings = self.settings
        return Extension(
            number=ACCOUNT,
            secret="",
            outbound=True,
            international=True,
            outbound_max_calls=settings.max_calls,
            outbound_minutes_per_day=round(settings.minutes_per_day),
            outbound_money_per_day=settings.money_per_day,
            outbound_money_per_month=settings.money_per_month,
            caller_id=settings.caller_id,
        )

    # -- items ---------------------------------------------------------------------------------------------------

    def queue_of(self, item: ContactItem) -> Queue:
        return self.queues[item.queue]

    def is_ours(self, item: ContactItem) -> bool:
        """Whether the item is to be called by us: it says so, or its queue wants it of such contacts."""
        queue = self.queues.get(item.queue)
        if queue is None or not item.number:
            return False
        return item.automatic or item.kind.value in queue.callback.on

    def mode_of(self, item: ContactItem) -> str:
        """Who is rung first: as the request says, or as the queue does it with contacts that asked for nothing."""
        return item.mode if item.kind in ASKED else self.queue_of(item).callback.mode

    def earliest(self, item: ContactItem) -> float:
        """Who did not ask to be called is left a while to ring again himself; UTC seconds."""
        if item.kind in ASKED or item.attempts:
            return 0.0
        return item.created + self.queue_of(item).callback.delay_s

    def opens(self, item: ContactItem, country: str, at: float) -> float:
        """The first instant from `at` on (UTC seconds) at which the item's customer may be called."""
        home = self.queue_of(item).callback.ambiguous_zone
        return self.hours.next_open(item.number, country, at, zone=item.source.get(ZONE, ""), home=home)

    def since_s(self, item: ContactItem) -> float:
        """The item's age on the loop's clock. Who chose an hour waits from that hour on."""
        since = max(item.since, slot_of(item))
        return asyncio.get_running_loop().time() - (self.services.clock.unix() - since)

    def asked(self, item: ContactItem) -> float:
        """From when the speed of our answer counts, UTC seconds: the request, or the hour that was chosen."""
        return max(item.created, slot_of(item))

    # -- calls ---------------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        return new_id(self.services.clock.unix())

    def new_call(self, item: ContactItem, call_id: str, *, caller: str, name: str = "", extension: str = "") -> Call:
        """A call for `item` whose first leg is to ring `caller`; it holds its places in the limits until its end.

        Raises NoRoom.
        """
        services = self.services
        if not services.limits.acquire(TOTAL, services.config.sip.max_calls):
            raise NoRoom
        if not services.limits.acquire(UNDER_WAY, self.settings.max_calls):
            services.limits.release((TOTAL,))
            raise NoRoom
        setup = Setup(
            caller,
            item.number,
            f"callback:{item.queue}",
            caller_name=name,
            direction="outbound",
            extension=extension,
            source="callback",
            limit_keys=(TOTAL, UNDER_WAY),
            contact=item.id,
            tag=item.source.get("tag", ""),
            campaign=item.source.get("campaign", ""),
        )
        call = Call(services, None, setup, call_id)
        self._choose_number(call, item)
        return call

    def _choose_number(self, call: Call, item: ContactItem) -> None:
        """What the customer will see: the queue's number or the one he had called, else the tag's, else ours."""
        chosen = self.queue_of(item).callback.caller_id
        if chosen == "called":
            chosen = item.source.get("did", "")
        if chosen:
            call.variables[VARIABLE] = chosen
        tag = item.source.get("tag") or item.source.get("campaign")
        if tag:
            call.variables[TAG] = tag

    def dialled(self, item: ContactItem) -> str:
        """What is dialled to reach the customer."""
        if item.number in self.services.dialplan.extensions:
            return item.number
        return self.settings.dial_prefix + item.number

    def shown(self, item: ContactItem) -> str:
        """What an agent's phone shows."""
        return address(item.name, item.number, self.services.config.sip.domain)

    @contextmanager
    def speaking(self, call: Call, item: ContactItem) -> Iterator[None]:
        """Within it the call speaks the customer's language."""
        kept = call.language
        call.language = item.language or self.services.config.server.language
        try:
            yield
        finally:
            call.language = kept

    # -- work that outlives a call ---------------------------------------------------------------------------------

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs `work` to its end, whatever becomes of the call that it is about."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def settle(self) -> None:
        """Waits for what was begun."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("work of a callback failed", exc_info=error)


def slot_of(item: ContactItem) -> float:
    """The UTC second that the customer chose; 0.0 for none."""
    try:
        return float(item.source.get(SLOT, 0.0))
    except ValueError:
        return 0.0

"""Short messages put together: what is asked for is checked and kept, gateways get it, everybody may look."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pbx.contact.messaging import SmsRefused, SmsRequest, SmsTicket
from pbx.contact.spend import ALL, Spend
from pbx.events import Alarm, CallEvent, Kind
from pbx.ids import new_id
from pbx.sms.gateway import Ears, Gateway, Receipt, Received
from pbx.sms.gateways import build
from pbx.sms.hooks import Hooks
from pbx.sms.inbox import Inbox
from pbx.sms.links import Links
from pbx.sms.message import OPEN, Message, Trigger
from pbx.sms.optout import OptOuts
from pbx.sms.outbox import Outbox
from pbx.sms.ports import SmsStore
from pbx.sms.quota import Quota
from pbx.sms.reassembly import Reassembly
from pbx.sms.receipts import Receipts
from pbx.sms.reconfigure import Reconfiguration
from pbx.sms.routes import Routes
from pbx.sms.sender import Sender
from pbx.sms.writing import Writer

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper
    from pbx.call.services import Services

log = logging.getLogger("centrala.sms")

OFF = "messages are not enabled; set sms.enabled = true"
SPEND_ROOM = "sms_spend"  # of the keeper
SWEEP_S = 3600.0
DAY_S = 86_400.0


@dataclass(slots=True, frozen=True)
class GatewayFigures:
    """`spent`: today and this month."""

    name: str
    kind: str
    up: bool
    under_way: int
    throttled: int
    spent: tuple[float, float]
    currency: str


@dataclass(slots=True, frozen=True)
class SmsFigures:
    """For metrics and views."""

    states: dict[str, int] = field(default_factory=dict)  # of the open messages
    refused: dict[str, int] = field(default_factory=dict)  # by reason, since the start
    received: dict[str, int] = field(default_factory=dict)
    opted_out: int = 0
    unknown_receipts: int = 0
    spent: tuple[float, float] = (0.0, 0.0)  # of all gateways
    gateways: list[GatewayFigures] = field(default_factory=list)


class SmsService:
    """`services.extra["sms"]` (an SmsPort) while messages are enabled, which a change of the settings begins and ends.
    Built after the contacts, started before calls come in, stopped after the last one.
    """

    def __init__(self, services: Services, store: SmsStore) -> None:
        self.services = services
        self.settings = services.config.sms
        self.enabled = self.settings.enabled
        keeper: Keeper = services.keeper
        clock, bus = services.clock, services.bus
        self._store = store
        self.opted_out = OptOuts(clock, keeper)
        self.links = Links(self.settings.public_url, bus, clock, keeper)
        self.quota = Quota(self.settings, clock, keeper)
        self.writer = Writer(services, self.opted_out, self.quota, self.links.shorten)
        self.outbox = Outbox(bus, clock, store, most=self.settings.max_queued)
        self._spend = Spend(clock, services.config.server.timezone, keeper, SPEND_ROOM)
        self.ears = Ears(self.receipt, self.received, self._gateway_state)
        self.reassembly = Reassembly(clock, keeper)
        self.gateways: list[Gateway] = build(services.config, clock, self.ears, self.reassembly)
        self.routes = Routes(self.settings, self.gateways, self._spend)
        self.sender = Sender(self.settings, self.outbox, self.gateways, self.routes, self._spend)
        self._receipts = Receipts(bus, self.outbox, lambda: self.sender.submitting)
        self.inbox = Inbox(services, store, self.opted_out, self._confirm)
        self.hooks = Hooks(services, self.send)
        self._sweeper: asyncio.Task[None] | None = None
        self.refused: dict[str, int] = {}
        self._reconfiguration = Reconfiguration(self)
        if self.enabled:
            services.extra["sms"] = self

    async def start(self) -> None:
        """Takes up the open messages; those of a process that is not to send any wait for one that is."""
        await self.outbox.start()
        if self.enabled:
            await self._reconfiguration.begin()

    async def stop(self) -> None:
        """Ends what is under way as well as that goes; what remains is in doubt for the next process."""
        await self._reconfiguration.stop()
        await self.outbox.stop()

    async def begin(self) -> None:
        """Messages go out from now on; a part of `start` and of a change."""
        for gateway in self.gateways:
            await gateway.start()
        self.sender.start()
        self.hooks.start()
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def end(self, *, patient: bool) -> None:
        """None go out any more. `patient`: however long gateways take to say what became of those under way."""
        await self.hooks.stop()
        await self.sender.stop(patient=patient)
        for gateway in self.gateways:
            await gateway.stop()
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait({self._sweeper})
            self._sweeper = None

    # -- sending -----------------------------------------------------------------------------------------------------

    async def send(self, request: SmsRequest) -> SmsTicket:
        """See SmsPort."""
        return await self._send(request)

    async def _send(self, request: SmsRequest, *, confirmation: bool = False) -> SmsTicket:
        try:
            if not self.enabled:
                raise SmsRefused(409, "disabled", OFF)
            known = await self.outbox.by_key(request.key) if request.key else None
            if known is not None:
                return self._ticket(known, new=False)
            message = self.writer.write(request, confirmation=confirmation)
            self._afford(message)
            kept, new = await self.outbox.add(message)
        except SmsRefused as refused:
            self._count_refused(request, refused)
            raise
        return self._ticket(kept, new=new)

    async def _confirm(self, request: SmsRequest) -> SmsTicket:
        return await self._send(request, confirmation=True)

    def preview(self, request: SmsRequest) -> tuple[str, str, int, float]:
        """(text, coding, parts, cost) of a text as it would be sent, without sending or counting it."""
        cut = self.writer.preview(request)
        number = self.writer.destinations.number(request.to) if request.to else ""
        ways = self.routes.of_number(number) if number else self.gateways
        cost = self.routes.cost(ways[0], cut[2]) if ways else 0.0
        return (*cut, cost)

    def _afford(self, message: Message) -> None:
        """Refuses what no gateway can take: none serves the number, or none may spend more."""
        ways = self.routes.of_number(message.number)
        if not ways:
            text = f"no gateway serves {message.number}; see prefixes of [[sms.gateway]]"
            raise SmsRefused(409, "no_gateway", text)
        if not any(self.routes.fits(way, message.parts) for way in ways):
            text = "the limits of money are used up (money_per_day, money_per_month)"
            raise SmsRefused(429, "money", text)

    def _ticket(self, message: Message, *, new: bool) -> SmsTicket:
        ways = self.routes.of_number(message.number)
        cost = message.cost or (self.routes.cost(ways[0], message.parts) if ways else 0.0)
        return SmsTicket(message.id, message.number, message.state.value, message.parts, message.coding, cost, new)

    def _count_refused(self, request: SmsRequest, refused: SmsRefused) -> None:
        self.refused[refused.reason] = self.refused.get(refused.reason, 0) + 1
        now = self.services.clock.unix()
        data = {
            "number": self.writer.destinations.number(request.to),
            "template": request.template,
            "source": request.source,
            "reason": refused.reason,
            "origin_call": request.origin_call,
        }
        told = {name: value for name, value in data.items() if value}
        self.services.bus.publish(CallEvent(Kind.SMS_REFUSED, new_id(now), "", now, told))

    # -- what gateways tell ------------------------------------------------------------------------------------------

    async def receipt(self, receipt: Receipt) -> None:
        await self._receipts.take(receipt)

    async def received(self, got: Received) -> None:
        await self.inbox.take(got, self.writer.destinations.number(got.number))

    def _gateway_state(self, name: str, up: bool, text: str) -> None:
        (log.info if up else log.error)("%s", text)
        self.services.bus.publish(Alarm(f"sms_gateway_{name}", text, not up, self.services.clock.unix()))
        if up:
            self.routes.cooling.pop(name, None)
            self.sender.wake()

    # -- by hand -----------------------------------------------------------------------------------------------------

    async def settle(self, message: str, sent: bool) -> Message:
        """A person knows what became of a message in doubt. WrongState for another one."""
        if sent:
            return await self.outbox.accepted(message, [])
        return await self.outbox.requeue(message, "by_hand", self.services.clock.unix())

    async def cancel(self, message: str) -> Message:
        """One that still waits is not sent. WrongState for another one."""
        return await self.outbox.end(message, Trigger.REFUSE, "cancelled")

    # -- looking -----------------------------------------------------------------------------------------------------

    def figures(self) -> SmsFigures:
        states = {state.value: self.outbox.count(state) for state in OPEN}
        return SmsFigures(
            states=states,
            refused=dict(self.refused),
            received=dict(self.inbox.received),
            opted_out=len(self.opted_out),
            unknown_receipts=self._receipts.unknown,
            spent=self._spend.spent(ALL),
            gateways=[
                GatewayFigures(
                    gateway.config.name,
                    gateway.config.kind,
                    gateway.is_up,
                    self.routes.under_way[gateway.config.name],
                    gateway.throttled,
                    self._spend.spent(gateway.config.name),
                    gateway.config.currency,
                )
                for gateway in self.gateways
            ],
        )

    async def _sweep(self) -> None:
        while True:
            self.quota.sweep()
            try:
                while await self._store.prune(self.services.clock.unix() - self.settings.keep_days * DAY_S):
                    pass
            except Exception as error:
                log.warning("old messages are not deleted: %s", error)
            await asyncio.sleep(SWEEP_S)

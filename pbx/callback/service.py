"""Callbacks put together: requests come in, the dialler calls, and everybody may look."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pbx.callback import texts
from pbx.callback.asking import Asking
from pbx.callback.desk import Desk, slot_of
from pbx.callback.destinations import Verdict
from pbx.callback.dialer import Dialer
from pbx.callback.preview import PreviewRow
from pbx.callback.requests import Requests
from pbx.configfile.change import ConfigChange
from pbx.contact.callback_request import CallbackRequest, RequestRefused
from pbx.contact.item import ContactItem

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.keeping import Keeper
    from pbx.call.services import Services

SWEEP_S = 3600.0
OFF = "callbacks are not enabled; set callback.enabled = true"


@dataclass(slots=True, frozen=True)
class CallbackRow:
    """An open item as people look at it. Instants are UTC seconds; `next_try` 0 is now."""

    id: str
    kind: str
    queue: str
    number: str
    name: str
    state: str
    mode: str
    since: float
    created: float
    promise: float
    slot: float
    next_try: float | None  # None: never by itself
    waits_for: str
    attempts: int
    last_outcome: str
    owner: str


@dataclass(slots=True, frozen=True)
class CallbackFigures:
    """For metrics: what is open, what was refused, and how careful pacing has become."""

    waiting: dict[str, dict[str, int]]
    refused: dict[str, int]
    launched: dict[str, int]
    silent_share: dict[str, float]
    caution: dict[str, float]
    reach_s: dict[str, float]


class Callbacks:
    """`services.extra["callbacks"]` while callbacks are enabled, which a change of the settings begins and ends. Built
    after the queues and the contacts, started after them; stopped after the last call and before the contacts.
    """

    def __init__(self, services: Services, keeper: Keeper | None = None) -> None:
        self.services = services
        self.enabled = services.config.callback.enabled
        self._sweep: asyncio.TimerHandle | None = None
        self.desk = Desk(services)
        self.requests = Requests(self.desk, keeper)
        self.dialer = Dialer(self.desk)
        self._asking = Asking(self.desk, self.requests)
        if self.enabled:
            services.extra["callbacks"] = self
        services.followers.add(self.follow, "callback", "queue", "team", "hours", "numbering")

    def follow(self, change: ConfigChange) -> None:
        """From now on as the new configuration says, for requests that are there as well."""
        self.desk.configure(change.new)
        self.requests.configure()
        if change.new.callback.enabled != self.enabled:
            self.dialer.configure(anew=False)
            self._turn(change.new.callback.enabled)
        elif self.enabled:
            old, new = ({queue.name: queue.callback for queue in one.queue} for one in (change.old, change.new))
            self.dialer.configure(anew=old != new or change.touches("callback", "hours"))

    def _turn(self, enabled: bool) -> None:
        """Switched on, what is open is taken up. Switched off, nothing new is asked for or begun: who is being called
        is called to the end, and what is open stays open and written, for people or for the day it is on again.
        """
        self.enabled = enabled
        if enabled:
            self.services.extra["callbacks"] = self
            self.start()
        else:
            self.services.extra.pop("callbacks", None)
            self.dialer.pause()
            self._end_sweeps()

    def start(self) -> None:
        """Takes up the open items and begins to call."""
        if self.enabled:
            self.dialer.start()
            self._swept()

    def pause(self) -> None:
        """The process drains: no further customer is called, talks go on."""
        self.dialer.pause()

    async def stop(self) -> None:
        """Writes how the last attempts ended."""
        self.desk.stopping = True
        self.dialer.stop()
        self._end_sweeps()
        await self.desk.settle()

    def texts(self) -> list[tuple[str, str]]:
        """(text, language) of what is said often, for preloading."""
        return texts.spoken(self.services.config)

    # -- requests --------------------------------------------------------------------------------------------------

    async def request(self, request: CallbackRequest) -> tuple[CallbackRow, bool]:
        """Takes a request; True when it is a new one. Raises RequestRefused."""
        if not self.enabled:
            raise RequestRefused(409, "disabled", OFF)
        item, created = await self.requests.take(request)
        return self._row(item), created

    def judge(self, heard: str) -> Verdict:
        """See pbx.contact.ports.WebCallbacks."""
        return self.desk.destinations.check(heard)

    def may_call(self, number: str, at: float) -> bool:
        """See pbx.contact.ports.WebCallbacks."""
        return self.desk.hours.is_open(number, self.desk.destinations.country(number), at)

    async def request_from_queue(self, call: Call, queue: str, since: float) -> ContactItem | None:
        """See pbx.contact.ports.CallbackRequests."""
        return await self._asking.request(call, queue, since)

    def number_of(self, heard: str) -> str:
        """See pbx.contact.ports.CallbackRequests."""
        verdict = self.desk.destinations.check(heard)
        return "" if verdict.reason else verdict.number

    async def request_from_flow(
        self, call: Call, queue: str, number: str, *, at: float = 0.0
    ) -> tuple[ContactItem | None, str]:
        """See pbx.contact.ports.CallbackRequests."""
        return await self._asking.request_from_flow(call, queue, number, at)

    async def cancel(self, contact: str, by: str = "control") -> CallbackRow:
        """Takes a request back. Raises RequestRefused."""
        return self._row(await self.requests.cancel(contact, by))

    async def reschedule(self, contact: str, at: float) -> CallbackRow:
        """Not before `at` (UTC seconds). Raises RequestRefused."""
        if not self.enabled:
            raise RequestRefused(409, "disabled", OFF)
        return self._row(await self.requests.reschedule(contact, at))

    def preview(self, agent: str, *, accept: bool) -> PreviewRow:
        """`agent` takes or declines the contact that he reads. Raises RequestRefused when he reads none."""
        found = self.desk.previews.get(agent)
        if found is None:
            raise RequestRefused(409, "preview", f"agent {agent} has no contact before him")
        row = found.row()
        if accept:
            found.accept()
        else:
            found.decline()
        return row

    # -- looking ---------------------------------------------------------------------------------------------------

    def list(self) -> Sequence[CallbackRow]:
        """The open items that are called by us, the oldest first."""
        return [self._row(item) for item in self.desk.book.open_items() if self.desk.is_ours(item)]

    def previews(self) -> Sequence[PreviewRow]:
        """What agents have before them."""
        return [found.row() for found in self.desk.previews.values()]

    def figures(self) -> CallbackFigures:
        desk, dialer = self.desk, self.dialer
        return CallbackFigures(
            waiting=dialer.waiting(),
            refused=dict(self.requests.refused),
            launched=dict(dialer.launched),
            silent_share={name: each.silent_share for name, each in desk.caution.items()},
            caution={name: each.weight for name, each in desk.caution.items()},
            reach_s={name: each.expected_s for name, each in desk.reach.items()},
        )

    def _row(self, item: ContactItem) -> CallbackRow:
        ours = item.is_open and self.desk.is_ours(item)
        due = self.dialer.next_try(item) if ours and self.enabled else None
        return CallbackRow(
            id=item.id,
            kind=item.kind.value,
            queue=item.queue,
            number=item.number,
            name=item.name,
            state=item.end or item.state.value,
            mode=self.desk.mode_of(item) if item.queue in self.desk.queues else item.mode,
            since=item.since,
            created=item.created,
            promise=item.promise,
            slot=slot_of(item),
            next_try=None if due is None or due.at == float("inf") else due.at,
            waits_for=due.waits_for if due is not None else "",
            attempts=len(item.attempts),
            last_outcome=item.attempts[-1].outcome if item.attempts else "",
            owner=item.owner,
        )

    def _end_sweeps(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _swept(self) -> None:
        self.requests.sweep()
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self._swept)


def as_json(row: CallbackRow) -> dict[str, Any]:
    """For the control socket."""
    return asdict(row)

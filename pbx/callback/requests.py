"""A request for a callback: checked, limited, and on disk before anybody is promised anything."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from pbx.call.identity import clean_name
from pbx.callback.desk import SLOT, ZONE, Desk
from pbx.contact.book import ContactError
from pbx.contact.callback_request import CallbackRequest, RequestRefused
from pbx.contact.item import ContactItem, ItemState, OpenRequest, WrongState
from pbx.contact.limits import RequestLimits, read_limit
from pbx.numbers.zones import is_zone

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper

ROOM = "callback_requests"  # of the keeper
MAX_KEYS = 10_000  # of requests that are remembered, so that one that is repeated is no second one
MAX_TAGS = 16
MAX_TAG = 200  # characters
MAX_AHEAD_S = 90 * 86_400.0
SLOT_S = 3600.0  # a slot is missed so long after its beginning, unless the request says otherwise


class Requests:
    """Used by the API, the command line and the queue's key."""

    def __init__(self, desk: Desk, keeper: Keeper | None) -> None:
        self._desk = desk
        self._limits = RequestLimits(desk.services.clock, ROOM, keeper)
        self.configure()
        self._keys: OrderedDict[str, str] = OrderedDict()  # key: the item's id
        self.refused: dict[str, int] = {}  # by reason, since the start

    def configure(self) -> None:
        """The desk's settings are others now; what was counted counts on."""
        self._per_number = [read_limit(text) for text in self._desk.settings.limits_per_number]
        self._per_source = [read_limit(text) for text in self._desk.settings.limits_per_source]

    async def take(self, request: CallbackRequest) -> tuple[ContactItem, bool]:
        """The item, and whether it is a new one: a repeated key is the same item, a second request of a number in a
        queue is merged into the first. Returns after the commit. Raises RequestRefused.
        """
        try:
            return await self._take(request)
        except RequestRefused as refused:
            self.refused[refused.reason] = self.refused.get(refused.reason, 0) + 1
            raise

    async def _take(self, request: CallbackRequest) -> tuple[ContactItem, bool]:
        known = self._keys.get(request.key) if request.key else None
        if known is not None:
            item = await self._desk.book.get(known)
            if item is not None:
                return item, False
        opening = self._checked(request)
        self._count(opening.number, request.asker or request.source)
        try:
            item, created = await self._desk.book.open(opening)
        except ContactError as error:
            raise RequestRefused(503, "full", str(error)) from None
        except WrongState as error:
            raise RequestRefused(409, "state", str(error)) from None
        except Exception as error:
            raise RequestRefused(503, "store", f"the request cannot be kept, so it is not taken: {error}") from error
        if request.key:
            self._keys[request.key] = item.id
            while len(self._keys) > MAX_KEYS:
                self._keys.popitem(last=False)
        return item, created

    def _checked(self, request: CallbackRequest) -> OpenRequest:
        desk, now = self._desk, self._desk.services.clock.unix()
        queue = desk.queues.get(request.queue)
        if queue is None:
            known = ", ".join(sorted(desk.queues)) or "none"
            raise RequestRefused(404, "queue", f"there is no queue {request.queue!r}; queues: {known}")
        verdict = desk.destinations.check(request.number)
        if verdict.reason:
            status = 422 if verdict.reason == "invalid" else 403
            raise RequestRefused(status, verdict.reason, verdict.text)
        if request.language not in ("", "pl", "ru", "en"):
            raise RequestRefused(422, "language", f"{request.language!r} is no language: pl, ru or en")
        if request.mode not in ("", "agent_first", "customer_first"):
            raise RequestRefused(422, "mode", f"{request.mode!r} is no mode: agent_first or customer_first")
        if request.zone and not is_zone(request.zone):
            raise RequestRefused(422, "zone", f"{request.zone[:40]!r} is no time zone; write one like Europe/Moscow")
        at, until = self._slot(request, now)
        return OpenRequest(
            kind=request.kind,
            number=verdict.number,
            queue=request.queue,
            name=clean_name(request.name),
            since=request.since,
            promise=self._promise(request, at, now),
            not_before=at,
            not_after=until,
            priority=request.priority,
            language=request.language,
            preferred_agent=request.preferred_agent,
            owner=queue.missed_owner or f"queue:{queue.name}",
            source=_source(request, at),
            origin_call=request.origin_call,
            key=request.key,
            mode=request.mode or queue.callback.mode,
            automatic=True,
        )

    def _slot(self, request: CallbackRequest, now: float) -> tuple[float, float]:
        """The hour that was chosen, and when it is missed; 0.0 for as soon as possible."""
        if not request.at or request.at <= now:
            return 0.0, request.until if request.until > now else 0.0
        if request.at > now + MAX_AHEAD_S:
            raise RequestRefused(422, "slot", "the hour is more than 90 days ahead")
        until = request.until or request.at + SLOT_S
        if until <= request.at:
            raise RequestRefused(422, "slot", "until lies before the hour itself")
        verdict, home = self._desk.destinations.check(request.number), self._desk.queues[request.queue].callback
        opens = self._desk.hours.next_open
        if (
            verdict.country
            and opens(verdict.number, verdict.country, request.at, zone=request.zone, home=home.ambiguous_zone) >= until
        ):
            raise RequestRefused(422, "hours", "nobody is called at that hour, on the customer's clock")
        return request.at, until

    def _promise(self, request: CallbackRequest, at: float, now: float) -> float:
        """Until when we promise to have called; 0.0 when nobody can say."""
        if request.promise_s is not None:
            return max(at, now) + request.promise_s if request.promise_s > 0 else 0.0
        set_s = self._desk.queues[request.queue].callback.promise_s
        if set_s:
            return max(at, now) + set_s
        if at:
            return at + SLOT_S
        expected_s = self._desk.offers.promise_s(request.queue)
        return now + expected_s if expected_s is not None else 0.0

    def _count(self, number: str, source: str) -> None:
        """Counts the request for its number and its source. Raises RequestRefused 429."""
        wanted = [(f"number:{number}", self._per_number)]
        if source:
            wanted.append((f"source:{clean_name(source)}", self._per_source))
        for key, limits in wanted:
            over = self._limits.over(key, limits)
            if over is not None:
                what = "number" if key.startswith("number:") else "source"
                text = f"too many requests of this {what} ({over.limit}); try again in {over.wait_s:.0f} s"
                raise RequestRefused(429, f"limit_{what}", text, over.wait_s)
        for key, limits in wanted:
            self._limits.count(key, limits)

    # -- changing ------------------------------------------------------------------------------------------------

    async def cancel(self, contact: str, by: str) -> ContactItem:
        """The customer or a person takes the request back. Raises RequestRefused."""
        try:
            return await self._desk.book.close(contact, "cancelled", by)
        except ContactError as error:
            raise RequestRefused(404, "unknown", str(error)) from None
        except WrongState as error:
            raise RequestRefused(409, "state", str(error)) from None

    async def reschedule(self, contact: str, at: float) -> ContactItem:
        """Not before `at` (UTC seconds). Raises RequestRefused."""
        now = self._desk.services.clock.unix()
        if not now - 60 <= at <= now + MAX_AHEAD_S:
            raise RequestRefused(422, "slot", "the hour must lie within the next 90 days")

        def change(draft: ContactItem) -> None:
            if draft.state is not ItemState.OPEN:
                raise WrongState(f"contact {contact} is {draft.state}: it cannot be put off now")
            draft.not_before, draft.not_after = at, 0.0
            draft.automatic = True
            draft.source = {**draft.source, SLOT: str(round(at, 3))}

        try:
            return await self._desk.book.change(contact, change, self._desk.book.journal.rescheduled)
        except ContactError as error:
            raise RequestRefused(404, "unknown", str(error)) from None
        except WrongState as error:
            raise RequestRefused(409, "state", str(error)) from None

    def sweep(self) -> None:
        """Forgets numbers and sources that asked for nothing since long."""
        windows = [limit.window_s for limit in (*self._per_number, *self._per_source)]
        self._limits.sweep(max(windows, default=0.0))


def _source(request: CallbackRequest, at: float) -> dict[str, str]:
    """Where the request came from, and the hour that was chosen. Raises RequestRefused."""
    source = {clean_name(name): clean_name(value)[:MAX_TAG] for name, value in request.tags.items() if value}
    if len(source) > MAX_TAGS:
        raise RequestRefused(422, "tags", f"{len(source)} tags are too many: at most {MAX_TAGS}")
    if request.source:
        source["source"] = clean_name(request.source)
    if at:
        source[SLOT] = str(round(at, 3))
    if request.zone:
        source[ZONE] = request.zone
    return source

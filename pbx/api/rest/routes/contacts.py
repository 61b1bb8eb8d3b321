"""Contacts that somebody owes an answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Query

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allows
from pbx.api.rest.listing import Listing
from pbx.api.rest.models.base import AskedInstant, ItemId, seconds_of
from pbx.api.rest.models.contacts import (
    Claim,
    CloseRequest,
    Contact,
    ContactDetail,
    ContactRequest,
    ContactSummary,
)
from pbx.api.rest.page import Page, Paging, make_cursor, page_from

CONTACTS = Listing(Contact)
Reader = Annotated[Principal, allows(Permission.CONTACTS_READ)]
Writer = Annotated[Principal, allows(Permission.CONTACTS_WRITE)]
Filter = Annotated[str, Query(max_length=64)]
State = Literal["open", "closed", "all"]


class ContactControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def page(
        self, wanted: dict[str, str], times: dict[str, float], limit: int, after: tuple[int, str] | None
    ) -> list[dict[str, Any]]: ...
    async def summary(self) -> dict[str, Any]: ...
    async def contact(self, contact: str) -> dict[str, Any]: ...
    async def add(self, body: dict[str, Any]) -> dict[str, Any]: ...
    async def claim(self, contact: str, by: str) -> dict[str, Any]: ...
    async def release(self, contact: str, by: str, reason: str) -> dict[str, Any]: ...
    async def close(self, contact: str, end: str, by: str, reason: str) -> dict[str, Any]: ...


def contacts_router(control: ContactControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["contacts"])
    _looking(router, control)
    _acting(router, control)
    return router


def sees(who: Principal, row: dict[str, Any]) -> bool:
    """Whether an item is for the eyes of `who`: of his queues, or his own."""
    mine = f"agent:{who.extension}" if who.extension else "agent:"
    return who.sees_queue(row["queue"]) or mine in (row["owner"], row["claimed_by"])


async def _seen(control: ContactControl, contact: str, who: Principal) -> dict[str, Any]:
    row = await control.contact(contact)
    if not sees(who, row):
        raise Refused(404, f"there is no contact {contact}")
    return row


def _by(given: str, who: Principal) -> str:
    """In whose name: an agent acts in his own."""
    own = f"agent:{who.extension}" if who.extension else f"{who.kind}:{who.name}"
    return given if given and who.sees_all else own


def _looking(router: APIRouter, control: ContactControl) -> None:
    @router.get(
        "/contacts", response_model=Page[Contact], summary="Contacts: open ones the oldest first, others the newest"
    )
    async def contacts(
        who: Reader,
        page: Paging,
        state: State = "open",
        queue: Filter = "",
        number: Filter = "",
        owner: Filter = "",
        kind: Filter = "",
        end: Filter = "",
        overdue: bool = False,
        since: AskedInstant | None = None,
        until: AskedInstant | None = None,
    ) -> Any:
        wanted = {"queue": queue, "number": number, "owner": owner, "kind": kind, "end": end}
        wanted = {name: value for name, value in wanted.items() if value} | {"state": state}
        if overdue:
            wanted["overdue"] = "1"
        times = {name: seconds for name, at in (("since", since), ("until", until)) if (seconds := seconds_of(at))}
        after = page.after(int, str)
        place = (after[0], after[1]) if after is not None else None
        found: list[dict[str, Any]] = []
        while True:  # what is not for his eyes makes no gap in a page
            rows = await control.page(wanted, times, page.limit + 1, place)
            found += [row for row in rows if sees(who, row)]
            if len(found) > page.limit or len(rows) <= page.limit:
                shown = page_from(found[: page.limit + 1], page, lambda row: make_cursor(row["placed"], row["id"]))
                return CONTACTS.page(shown)
            place = (rows[-1]["placed"], rows[-1]["id"])

    @router.get("/contacts/summary", response_model=ContactSummary, summary="How many are open, overdue, breached")
    async def summary(who: Reader) -> Any:
        if not who.sees_all:
            raise Refused(403, "the summary is of all queues")
        return await control.summary()

    @router.get("/contacts/{contact}", response_model=ContactDetail, summary="A contact, its attempts and its journey")
    async def contact(contact: ItemId, who: Reader) -> Any:
        return await _seen(control, contact, who)


def _acting(router: APIRouter, control: ContactControl) -> None:
    @router.post("/contacts", response_model=Contact, status_code=201, summary="A task for people")
    async def add(body: ContactRequest, who: Writer) -> Any:
        """Kept before it is answered. A second one of the same number and queue is merged into the first."""
        if not who.sees_queue(body.queue):
            raise Refused(403, f"queue {body.queue!r} is none of yours")
        fields = body.model_dump(exclude_none=True, exclude_defaults=True) | {"number": body.number, "kind": body.kind}
        if body.since is not None:
            fields["since"] = body.since.timestamp()
        return await control.add(fields)

    @router.post("/contacts/{contact}/claim", response_model=Contact, summary="I see to it")
    async def claim(contact: ItemId, body: Claim, who: Writer) -> Any:
        await _seen(control, contact, who)
        return await control.claim(contact, _by(body.by, who))

    @router.post("/contacts/{contact}/release", response_model=Contact, summary="Somebody else may see to it")
    async def release(contact: ItemId, body: Claim, who: Writer) -> Any:
        await _seen(control, contact, who)
        return await control.release(contact, _by(body.by, who), body.reason)

    @router.post("/contacts/{contact}/close", response_model=Contact, summary="How it ended")
    async def close(contact: ItemId, body: CloseRequest, who: Writer) -> Any:
        await _seen(control, contact, who)
        return await control.close(contact, body.end, _by(body.by, who), body.reason)

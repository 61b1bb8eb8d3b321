"""Trunks, numbers, registrations, what phones have set; who is refused and who is not listened to."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query
from pydantic import IPvAnyNetwork

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allow, allows
from pbx.api.rest.models.base import Extension, Name
from pbx.api.rest.models.network import (
    Ban,
    BanRequest,
    Number,
    Phone,
    PhoneChange,
    Registration,
    ScreeningEntry,
    ScreeningRequest,
    Subscription,
    Trunk,
)
from pbx.api.rest.page import Page, Paging, page_of

TRUNKS = [allow(Permission.TRUNKS_READ)]
CHANGE = [allow(Permission.TRUNKS_WRITE)]
PHONES = [allow(Permission.REGISTRATIONS_READ)]
Self = Annotated[Principal, allows(Permission.SELF)]
Pattern = Annotated[str, Path(pattern=r"^(\+?[0-9]{1,32}\*?|anonymous)$", examples=["+4860*"])]


class TrunkControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def trunks(self) -> list[dict[str, Any]]: ...
    def numbers(self) -> list[dict[str, Any]]: ...
    def lists(self) -> list[dict[str, Any]]: ...
    def put_on_list(self, side: str, pattern: str, action: str, reason: str, for_s: float) -> dict[str, Any]: ...
    def take_off_lists(self, pattern: str) -> dict[str, Any]: ...
    def bans(self) -> list[dict[str, Any]]: ...
    def ban(self, address: str, for_s: float) -> dict[str, Any]: ...
    def unban(self, address: str) -> dict[str, Any]: ...


class PhoneControl(Protocol):
    """Phones."""

    def registrations(self) -> list[dict[str, Any]]: ...
    def subscriptions(self) -> list[dict[str, Any]]: ...
    def phones(self) -> list[dict[str, Any]]: ...
    async def set_phone(self, extension: str, changes: dict[str, Any]) -> dict[str, Any]: ...


def network_router(trunks: TrunkControl, phones: PhoneControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["trunks and phones"])
    _trunks(router, trunks)
    _screening(router, trunks)
    _bans(router, trunks)
    _registrations(router, phones)
    _settings(router, phones)
    return router


def _trunks(router: APIRouter, control: TrunkControl) -> None:
    @router.get("/trunks", response_model=Page[Trunk], dependencies=TRUNKS, summary="Trunks now")
    async def trunks(page: Paging) -> Any:
        return page_of(control.trunks(), page, lambda row: row["name"])

    @router.get("/trunks/{name}", response_model=Trunk, dependencies=TRUNKS, summary="A trunk now")
    async def trunk(name: Name) -> Any:
        for row in control.trunks():
            if row["name"] == name:
                return row
        raise Refused(404, f"there is no trunk {name!r}")

    @router.get("/numbers", response_model=Page[Number], dependencies=TRUNKS, summary="Numbers and where they lead")
    async def numbers(page: Paging, tag: Annotated[str, Query(max_length=64)] = "") -> Any:
        found = [row for row in control.numbers() if not tag or row["tag"] == tag]
        return page_of(found, page, lambda row: row["number"])


def _screening(router: APIRouter, control: TrunkControl) -> None:
    @router.get(
        "/screening",
        response_model=Page[ScreeningEntry],
        dependencies=TRUNKS,
        summary="Callers who are refused, or never",
    )
    async def lists(page: Paging) -> Any:
        return page_of(control.lists(), page, lambda row: f"{row['side']}\t{row['pattern']}")

    @router.post(
        "/screening", response_model=ScreeningEntry, status_code=201, dependencies=CHANGE, summary="Put on a list"
    )
    async def put(body: ScreeningRequest) -> Any:
        return control.put_on_list(body.side, body.pattern, body.action, body.reason, body.for_s)

    @router.delete("/screening/{pattern}", status_code=204, dependencies=CHANGE, summary="Take off the lists")
    async def remove(pattern: Pattern) -> None:
        control.take_off_lists(pattern)


def _bans(router: APIRouter, control: TrunkControl) -> None:
    @router.get("/bans", response_model=Page[Ban], dependencies=TRUNKS, summary="Addresses that are not listened to")
    async def bans(page: Paging) -> Any:
        return page_of(control.bans(), page, lambda row: row["address"])

    @router.post("/bans", response_model=Ban, status_code=201, dependencies=CHANGE, summary="Ban an address")
    async def ban(body: BanRequest) -> Any:
        return control.ban(str(body.address), body.for_s)

    @router.delete("/bans", status_code=204, dependencies=CHANGE, summary="Listen to an address again")
    async def unban(address: Annotated[IPvAnyNetwork, Query(examples=["192.0.2.10"])]) -> None:
        text = str(address)
        control.unban(text.removesuffix("/32").removesuffix("/128"))


def _registrations(router: APIRouter, control: PhoneControl) -> None:
    @router.get(
        "/registrations", response_model=Page[Registration], dependencies=PHONES, summary="Phones that are registered"
    )
    async def registrations(page: Paging, extension: Annotated[str, Query(max_length=32)] = "") -> Any:
        found = [row for row in control.registrations() if not extension or row["extension"] == extension]
        return page_of(found, page, lambda row: f"{row['extension']}\t{row['contact']}")

    @router.get("/subscriptions", response_model=Page[Subscription], dependencies=PHONES, summary="Who is told of what")
    async def subscriptions(page: Paging) -> Any:
        keyed = {
            f"{row['watcher']}\t{row['event']}\t{row['resource']}\t{row['address']}": row
            for row in control.subscriptions()
        }
        answer = page_of(keyed.items(), page, lambda pair: pair[0])
        return {**answer, "items": [row for _, row in answer["items"]]}


def _settings(router: APIRouter, control: PhoneControl) -> None:
    @router.get("/phones", response_model=Page[Phone], summary="What extensions have set: forwarding, do not disturb")
    async def phones(who: Self, page: Paging) -> Any:
        """Of everybody with the right to see registrations, else one's own."""
        every = who.may(Permission.REGISTRATIONS_READ)
        found = [row for row in control.phones() if every or row["extension"] == who.extension]
        return page_of(found, page, lambda row: row["extension"])

    @router.patch("/phones/{extension}", response_model=Phone, summary="Set it as the phone would by code")
    async def change(extension: Extension, body: PhoneChange, who: Self) -> Any:
        if not (who.may(Permission.AGENTS_CONTROL) or (who.extension and who.extension == extension)):
            raise Refused(
                403, f"this needs the right {Permission.AGENTS_CONTROL.value}, or to be extension {extension}"
            )
        await control.set_phone(extension, body.model_dump(exclude_unset=True))
        return next(row for row in control.phones() if row["extension"] == extension)

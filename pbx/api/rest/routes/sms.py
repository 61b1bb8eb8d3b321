"""Short messages: sent, looked up, received; who wants none."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request, Response

from pbx.accounts.rights import Permission
from pbx.api.rest.access import allow
from pbx.api.rest.models.base import ItemId
from pbx.api.rest.models.messages import (
    Opted,
    OptOut,
    OptRequest,
    SmsAction,
    SmsAsked,
    SmsFigures,
    SmsMessage,
    SmsMessageDetail,
    SmsPreview,
    SmsReceived,
    SmsState,
    SmsTemplate,
    SmsTicket,
)
from pbx.api.rest.page import Page, Paging, make_cursor, page_from, page_of

Filter = Annotated[str, Query(max_length=200)]
READ = [allow(Permission.SMS_READ)]
SEND = [allow(Permission.SMS_SEND)]


class SmsControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def send(self, fields: dict[str, Any], preview: bool) -> dict[str, Any]: ...
    async def messages(
        self, wanted: dict[str, str], limit: int, after: tuple[int, str] | None
    ) -> list[dict[str, Any]]: ...
    async def message(self, message: str) -> dict[str, Any]: ...
    async def change(self, message: str, action: str) -> dict[str, Any]: ...
    async def inbox(self, number: str, limit: int, after: tuple[int, str] | None) -> list[dict[str, Any]]: ...
    def opted_out(self, limit: int) -> list[dict[str, Any]]: ...
    async def opt(self, number: str, out: bool) -> dict[str, Any]: ...
    def templates(self) -> list[dict[str, Any]]: ...
    def figures(self) -> dict[str, Any]: ...


def sms_router(control: SmsControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["sms"])
    _opting(router, control)
    _telling(router, control)
    _looking(router, control)
    _sending(router, control)
    return router


def _sending(router: APIRouter, control: SmsControl) -> None:
    @router.post(
        "/sms",
        response_model=SmsTicket,
        status_code=201,
        dependencies=SEND,
        summary="Send a message",
        responses={200: {"model": SmsTicket, "description": "The key was known; nothing more is sent"}},
    )
    async def send(body: SmsAsked, request: Request, response: Response) -> Any:
        """On disk before it is answered. The same key twice is one message."""
        fields = _fields(body)
        fields["key"] = body.key or request.headers.get("idempotency-key", "")
        answer = await control.send(fields, False)
        response.status_code = 201 if answer["new"] else 200
        return answer

    @router.post("/sms/preview", response_model=SmsPreview, dependencies=SEND, summary="Text, parts and price")
    async def preview(body: SmsAsked) -> Any:
        return await control.send(_fields(body), True)

    @router.post("/sms/{message}", response_model=SmsMessage, dependencies=SEND, summary="Cancel or settle a message")
    async def change(message: ItemId, body: SmsAction) -> Any:
        return await control.change(message, body.action)


def _fields(body: SmsAsked) -> dict[str, Any]:
    fields = body.model_dump(exclude={"not_before"})
    fields["not_before"] = body.not_before.timestamp() if body.not_before is not None else 0.0
    return fields


def _looking(router: APIRouter, control: SmsControl) -> None:
    @router.get("/sms", response_model=Page[SmsMessage], dependencies=READ, summary="Messages, the newest first")
    async def messages(
        page: Paging,
        state: SmsState | None = None,
        number: Filter = "",
        source: Filter = "",
        template: Filter = "",
    ) -> Any:
        wanted = {"state": state or "", "number": number, "source": source, "template": template}
        after = page.after(int, str)
        place = (after[0], after[1]) if after is not None else None
        rows = await control.messages({name: value for name, value in wanted.items() if value}, page.limit + 1, place)
        return page_from(rows, page, lambda row: make_cursor(round(row["created"] * 1e6), row["id"]))

    @router.get(
        "/sms/inbox", response_model=Page[SmsReceived], dependencies=READ, summary="What came in, the newest first"
    )
    async def inbox(page: Paging, number: Filter = "") -> Any:
        after = page.after(int, str)
        rows = await control.inbox(number, page.limit + 1, (after[0], after[1]) if after is not None else None)
        return page_from(rows, page, lambda row: make_cursor(round(row["received"] * 1e6), row["id"]))

    @router.get("/sms/{message}", response_model=SmsMessageDetail, dependencies=READ, summary="A message and its parts")
    async def message(message: ItemId) -> Any:
        return await control.message(message)


def _telling(router: APIRouter, control: SmsControl) -> None:
    @router.get("/sms/templates", response_model=Page[SmsTemplate], dependencies=READ, summary="Templates")
    async def templates(page: Paging) -> Any:
        return page_of(control.templates(), page, lambda row: f"{row['name']}\t{row['language']}")

    @router.get("/sms/figures", response_model=SmsFigures, dependencies=READ, summary="What waits, gateways, money")
    async def figures() -> Any:
        return control.figures()


def _opting(router: APIRouter, control: SmsControl) -> None:
    @router.get("/sms/optouts", response_model=Page[OptOut], dependencies=READ, summary="Who wants no messages")
    async def optouts(page: Paging) -> Any:
        return page_of(control.opted_out(1_000_000), page, lambda row: row["number"])

    @router.post("/sms/optouts", response_model=Opted, dependencies=SEND, summary="Wants no messages")
    async def out(body: OptRequest) -> Any:
        return await control.opt(body.number, True)

    @router.delete("/sms/optouts/{number}", response_model=Opted, dependencies=SEND, summary="Wants messages again")
    async def back(number: str) -> Any:
        return await control.opt(number, False)

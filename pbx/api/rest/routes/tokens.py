"""Tokens by which programs ask: scoped, with an end, shown once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from pbx.api.controls import AccountControl
from pbx.api.rest.access import Permission, Principal, allow, allows
from pbx.api.rest.auditing import changed
from pbx.api.rest.guard import HIDDEN
from pbx.api.rest.models.base import Asked
from pbx.api.rest.page import Page, Paging, page_of
from pbx.api.rest.problem import problems

Name = Annotated[str, Path(max_length=64, description="id or prefix")]
NOT_COMPARED = ("used", "used_from", "token", "login", "valid")


class NewToken(Asked):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "crm", "permissions": ["calls.read", "callbacks.write"]}]},
    )

    name: str = Field(min_length=1, max_length=80)
    permissions: list[Permission] | None = Field(default=None, description="null: all that its owner has")
    expires: float | None = Field(default=None, gt=0, lt=1e11, description="UTC seconds; null: never")
    user: str = Field(default="", max_length=64, description="whose it is; empty: yours")


class Token(BaseModel):
    """A token, without what opens the door."""

    id: str
    prefix: str = Field(description="its first characters")
    name: str
    user: str = Field(description="id of whose rights it cannot exceed")
    login: str
    permissions: list[Permission]
    created: float
    expires: float | None
    used: float | None = Field(description="last, UTC seconds, to a minute")
    used_from: str
    revoked: float | None
    valid: bool


class MadeToken(Token):
    """A new token. `token` is shown this once."""

    token: str


def tokens_router(control: AccountControl) -> APIRouter:
    """/tokens."""
    router = APIRouter(prefix="/tokens", tags=["tokens"])

    @router.get("", dependencies=[allow(Permission.TOKENS_READ)])
    async def tokens(page: Paging) -> Page[Token]:
        """All, the oldest first, those that are revoked as well."""
        return Page[Token].model_validate(page_of(control.tokens(), page, lambda row: row["id"]))

    @router.post("", status_code=201, openapi_extra={HIDDEN: True}, responses=problems(404))
    async def make(
        request: Request, body: NewToken, who: Annotated[Principal, allows(Permission.TOKENS_WRITE)]
    ) -> MadeToken:
        """A new one."""
        row = await control.add_token(body.user, body.name, body.permissions, body.expires or 0.0, who)
        changed(request, f"/tokens/{row['id']}", after=_compared(row))
        return MadeToken.model_validate(row)

    @router.delete("/{token}", status_code=204, dependencies=[allow(Permission.TOKENS_WRITE)])
    async def revoke(request: Request, token: Name) -> Response:
        """It opens nothing any more; its row stays."""
        row = await control.revoke_token(token)
        changed(request, f"/tokens/{row['id']}", before={"revoked": None}, after={"revoked": row["revoked"]})
        return Response(status_code=204)

    return router


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in NOT_COMPARED}

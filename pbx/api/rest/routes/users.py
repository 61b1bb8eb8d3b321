"""People who may come in: kept by admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from pbx.api.controls import AccountControl
from pbx.api.rest.access import Permission, Principal, Role, allow, allows
from pbx.api.rest.auditing import changed
from pbx.api.rest.guard import HIDDEN
from pbx.api.rest.models.base import Asked
from pbx.api.rest.page import Page, Paging, page_of
from pbx.api.rest.problem import problems
from pbx.api.rest.routes.session import SessionRow

Name = Annotated[str, Path(max_length=64, description="id or login")]
Writer = Annotated[Principal, allows(Permission.USERS_WRITE)]
Language = Literal["", "pl", "ru", "en"]
NOT_COMPARED = ("sessions", "login_at", "changed", "sees_queues")


class UserFields(Asked):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "viewer", "language": "pl"}]})

    login: str | None = Field(default=None, min_length=1, max_length=64)
    role: Role | None = None
    name: str | None = Field(default=None, max_length=120)
    email: str | None = Field(default=None, max_length=254)
    language: Language | None = Field(default=None, description="empty: the PBX's")
    extension: str | None = Field(default=None, max_length=32, description="of his phone; empty: none")
    queues: list[str] | None = Field(
        default=None,
        max_length=500,
        description="that he sees; null: all, or for an agent those that he serves",
    )
    disabled: bool | None = Field(default=None, description="may not come in, and leaves at once")


class NewUser(UserFields):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"login": "ola", "role": "agent", "extension": "201"}]}
    )

    login: str = Field(min_length=1, max_length=64)
    role: Role


class User(BaseModel):
    """A person who may come in."""

    id: str
    login: str
    role: Role
    name: str
    email: str
    language: Language
    extension: str
    queues: list[str] | None
    sees_queues: list[str] | None = Field(description="what `queues` means at this moment; null: all")
    disabled: bool
    has_password: bool
    external: bool = Field(description="known by an identity provider")
    created: float
    changed: float
    login_at: float | None = Field(description="came in last, UTC seconds")
    sessions: int
    second_factor: bool = Field(description="a code of an authenticator is asked for beside the password")


class OneTimeLink(BaseModel):
    """Opens once, for whoever has it."""

    url: str
    token: str
    expires_s: float


def users_router(control: AccountControl) -> APIRouter:
    """/users and what belongs to one of them."""
    router = APIRouter(prefix="/users", tags=["users"])
    _people(router, control)
    _belongings(router, control)
    return router


def _people(router: APIRouter, control: AccountControl) -> None:
    @router.get("", dependencies=[allow(Permission.USERS_READ)])
    async def users(page: Paging) -> Page[User]:
        """Everybody, by login."""
        return Page[User].model_validate(page_of(control.users(), page, lambda row: row["login"].casefold()))

    @router.post("", status_code=201)
    async def add(request: Request, body: NewUser, who: Writer) -> User:
        """A new one, who has no password yet: give him a link."""
        row = await control.add_user(_said(body), who)
        changed(request, f"/users/{row['id']}", after=_compared(row))
        return User.model_validate(row)

    @router.get("/{user}", dependencies=[allow(Permission.USERS_READ)])
    async def user(user: Name) -> User:
        """One of them."""
        return User.model_validate(control.user(user))

    @router.patch("/{user}")
    async def change(request: Request, user: Name, body: UserFields, who: Writer) -> User:
        """Changes what is given. A new role counts from the next request on."""
        before = control.user(user)
        row = await control.change_user(user, _said(body), who)
        changed(request, f"/users/{row['id']}", before=_compared(before), after=_compared(row))
        return User.model_validate(row)

    @router.delete("/{user}", status_code=204)
    async def remove(request: Request, user: Name, who: Writer) -> Response:
        """With his sessions and tokens; what he did stays in the audit log."""
        row = await control.remove_user(user, who)
        changed(request, f"/users/{row['id']}", before=_compared(row))
        return Response(status_code=204)


def _belongings(router: APIRouter, control: AccountControl) -> None:
    @router.post("/{user}/link", status_code=201, openapi_extra={HIDDEN: True})
    async def link(user: Name, who: Writer) -> OneTimeLink:
        """A link by which he chooses a new password; earlier ones open nothing any more."""
        return OneTimeLink.model_validate(await control.link(user, who))

    @router.delete("/{user}/second-factor", status_code=204, responses=problems(404))
    async def reset(request: Request, user: Name, who: Writer) -> Response:
        """For whoever lost his authenticator and his recovery codes: he comes in by his password alone, and is logged
        out everywhere.
        """
        row = await control.reset_factor(user, who)
        changed(request, f"/users/{row['id']}", action="reset of the second factor")
        return Response(status_code=204)

    @router.get("/{user}/sessions", dependencies=[allow(Permission.USERS_WRITE)])
    async def sessions(user: Name) -> list[SessionRow]:
        """Where he is logged in."""
        return [SessionRow.model_validate(row) for row in control.sessions(user)]

    @router.delete("/{user}/sessions", status_code=204)
    async def end_all(user: Name, who: Writer) -> Response:
        """Logs him out everywhere."""
        await control.end_sessions(user, "", who)
        return Response(status_code=204)

    @router.delete("/{user}/sessions/{session}", status_code=204, responses=problems(404))
    async def end(user: Name, session: Annotated[str, Path(max_length=64)], who: Writer) -> Response:
        """Logs him out in one place."""
        await control.end_sessions(user, session, who)
        return Response(status_code=204)


def _said(body: UserFields) -> dict[str, Any]:
    """The fields that were given; null for `queues` says something, for the others nothing."""
    fields = body.model_dump(exclude_unset=True)
    return {name: value for name, value in fields.items() if value is not None or name == "queues"}


def _compared(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in NOT_COMPARED}

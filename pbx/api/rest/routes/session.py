"""Coming in and going out: sessions of people, their passwords, links that work once."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from pbx.accounts.service import Entered
from pbx.api.control import Refused
from pbx.api.rest.access import PUBLIC, Permission, Principal, Role, allow, allows
from pbx.api.rest.auditing import ADDRESS, changed
from pbx.api.rest.authenticate import DEVICE_COOKIE, clear_cookie, set_cookies
from pbx.api.rest.models.base import Asked
from pbx.api.rest.problem import problems

Id = Annotated[str, Path(max_length=64)]
MAX_PASSWORD = 256
CODE = "of the authenticator, or a recovery code: asked for (401 at `body.code`) of whoever has a second factor"
MAX_BODY = 8192  # bytes, of those whom nobody knows yet: what is wrong with a large body takes long to say


class SessionControl(Protocol):
    """What pbx.app.account_control.PbxAccountControl does; raises Refused."""

    async def login(
        self, login: str, password: str, address: str, agent: str, mark: str, code: str = ""
    ) -> Entered: ...
    async def use_link(
        self, secret: str, password: str, login: str, address: str, agent: str, code: str = ""
    ) -> Entered: ...
    def needs_login(self, secret: str) -> bool: ...
    async def change_password(self, who: Principal, current: str, password: str, address: str) -> None: ...
    def sessions(self, name: str) -> list[dict[str, Any]]: ...
    async def end_sessions(self, name: str, session: str, who: Principal | None) -> int: ...


def _example(values: dict[str, str]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [dict(values)]})


class Login(Asked):
    model_config = _example({"login": "ola", "password": "correct horse battery"})

    login: str = Field(max_length=64)
    password: str = Field(max_length=MAX_PASSWORD)
    code: str = Field(default="", max_length=64, description=CODE)


class LinkUse(Asked):
    model_config = _example({"token": "Yq3...", "password": "correct horse battery", "login": "ola"})

    token: str = Field(max_length=256, description="of the link: what stands behind `?token=`")
    password: str = Field(max_length=MAX_PASSWORD, description="that is to be yours")
    login: str = Field(default="", max_length=64, description="for the first admin alone: the login you choose")
    code: str = Field(default="", max_length=64, description=CODE)


class NewPassword(Asked):
    model_config = _example({"current": "correct horse battery", "password": "wrong donkey capacitor"})

    current: str = Field(max_length=MAX_PASSWORD)
    password: str = Field(max_length=MAX_PASSWORD)


class LoggedIn(BaseModel):
    """Who came in; the session is in the cookie."""

    id: str
    login: str
    role: Role
    session: str
    ends: float = Field(description="UTC seconds at which the session is over in any case")


class SessionRow(BaseModel):
    """A session of somebody."""

    id: str
    how: str = Field(description="`password`, `link` or `oidc`")
    address: str
    agent: str = Field(description="User-Agent of the browser")
    created: float
    seen: float = Field(description="last request, UTC seconds, to half a minute")
    ends: float


def session_router(control: SessionControl) -> APIRouter:
    """POST, GET and DELETE /session, /sessions, /password, POST /link."""
    router = APIRouter(tags=["session"])
    _coming_in(router, control)
    _own(router, control)
    return router


def _coming_in(router: APIRouter, control: SessionControl) -> None:
    @router.post("/session", dependencies=[allow(PUBLIC)], responses=problems(401, 403), max_body_size=MAX_BODY)
    async def login(request: Request, response: Response, body: Login) -> LoggedIn:
        """Logs in: the answer sets the session's cookie. Wrong guesses are counted, see the limits in docs/api.md."""
        address, agent = origin_of(request)
        mark = request.cookies.get(DEVICE_COOKIE, "")
        found = await control.login(body.login, body.password, address, agent, mark, body.code)
        return entered(request, response, found)

    @router.post("/link", dependencies=[allow(PUBLIC)], responses=problems(401), max_body_size=MAX_BODY)
    async def link(request: Request, response: Response, body: LinkUse) -> LoggedIn:
        """Takes a password by a link that works once, and logs in."""
        address, agent = origin_of(request)
        found = await control.use_link(body.token, body.password, body.login, address, agent, body.code)
        return entered(request, response, found)


def _own(router: APIRouter, control: SessionControl) -> None:
    @router.get("/session", responses=problems(404))
    async def session(who: Annotated[Principal, allows(Permission.SELF)]) -> SessionRow:
        """The session of this request."""
        for row in control.sessions(who.id) if who.session else []:
            if row["id"] == who.session:
                return SessionRow.model_validate(row)
        raise Refused(404, "a token has no session")

    @router.delete("/session", status_code=204, responses=problems(404))
    async def logout(request: Request, who: Annotated[Principal, allows(Permission.SELF)]) -> Response:
        """Logs out."""
        if not who.session:
            raise Refused(404, "a token has no session; revoke it instead")
        await control.end_sessions(who.id, who.session, who)
        changed(request, f"/users/{who.id}", action="logout")
        response = Response(status_code=204)
        clear_cookie(response, request)
        return response

    @router.get("/sessions", responses=problems(404))
    async def sessions(who: Annotated[Principal, allows(Permission.SELF)]) -> list[SessionRow]:
        """Everywhere I am logged in, the newest use first; 20 at most."""
        if not who.session:
            raise Refused(404, "a token has no sessions")
        return [SessionRow.model_validate(row) for row in control.sessions(who.id)]

    @router.delete("/sessions/{session}", status_code=204)
    async def end(session: Id, who: Annotated[Principal, allows(Permission.SELF)]) -> Response:
        """Logs out somewhere else."""
        if not who.session:
            raise Refused(404, "a token has no sessions")
        await control.end_sessions(who.id, session, who)
        return Response(status_code=204)

    @router.post("/password", status_code=204)
    async def password(
        request: Request, body: NewPassword, who: Annotated[Principal, allows(Permission.SELF)]
    ) -> Response:
        """Changes my password; my other sessions are over."""
        await control.change_password(who, body.current, body.password, origin_of(request)[0])
        changed(request, f"/users/{who.id}", action="change of the password")
        return Response(status_code=204)


def origin_of(request: Request) -> tuple[str, str]:
    """The client's address and what it calls itself."""
    return request.scope.get(ADDRESS, ""), request.headers.get("user-agent", "")


def entered(request: Request, response: Response, found: Entered) -> LoggedIn:
    """Gives the cookies of a login to `response`."""
    path = request.scope.get("root_path", "") or "/"
    set_cookies(response, request, found.secret, found.device, path)
    person, session = found.person, found.session
    return LoggedIn(id=person.id, login=person.login, role=person.role, session=session.id, ends=session.ends)

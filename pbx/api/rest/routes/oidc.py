"""Coming in by the identity provider: there and back again."""

from __future__ import annotations

from typing import Annotated, Protocol

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pbx.accounts.oidc import BEGUN_S, Begun
from pbx.accounts.service import Entered
from pbx.api.control import Refused
from pbx.api.rest.access import PUBLIC, allow
from pbx.api.rest.authenticate import SECURE
from pbx.api.rest.problem import problems
from pbx.api.rest.routes.session import entered, origin_of

COOKIE = "centrala_oidc"
Text = Annotated[str, Query(max_length=4096)]


class OidcControl(Protocol):
    """What pbx.app.oidc_control.PbxOidcControl does; raises Refused 404 where no provider is configured."""

    async def begin(self) -> Begun: ...
    async def finish(self, cookie: str, state: str, code: str, issuer: str, address: str, agent: str) -> Entered: ...
    def home(self) -> str:
        """Where people go who are logged in."""
        ...


def oidc_router(control: OidcControl) -> APIRouter:
    """GET /oidc/login and /oidc/callback."""
    router = APIRouter(prefix="/oidc", tags=["session"])

    @router.get(
        "/login", status_code=303, response_class=Response, dependencies=[allow(PUBLIC)], responses=problems(404, 502)
    )
    async def login(request: Request) -> Response:
        """Leads to the identity provider."""
        begun = await control.begin()
        response = RedirectResponse(begun.url, 303)
        secure = bool(request.scope.get(SECURE))
        response.set_cookie(COOKIE, begun.cookie, max_age=int(BEGUN_S), httponly=True, samesite="lax", secure=secure)
        return response

    @router.get(
        "/callback",
        status_code=303,
        response_class=Response,
        dependencies=[allow(PUBLIC)],
        responses=problems(401, 403, 404, 502),
    )
    async def callback(
        request: Request, state: Text = "", code: Text = "", error: Text = "", iss: Text = ""
    ) -> Response:
        """Where the identity provider leads back to; the answer sets the session's cookie."""
        if error:
            raise Refused(401, f"the identity provider refused: {error[:100]}")
        found = await control.finish(request.cookies.get(COOKIE, ""), state, code, iss, *origin_of(request))
        response = RedirectResponse(control.home(), 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=bool(request.scope.get(SECURE)))
        entered(request, response, found)
        return response

    return router

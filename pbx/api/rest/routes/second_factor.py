"""One's own second factor: set up with an authenticator, proved by a code, taken away by one."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from pbx.api.rest.access import Permission, Principal, allows
from pbx.api.rest.auditing import changed
from pbx.api.rest.guard import HIDDEN
from pbx.api.rest.models.base import Asked
from pbx.api.rest.problem import problems
from pbx.api.rest.routes.session import MAX_PASSWORD, origin_of

Own = Annotated[Principal, allows(Permission.SELF)]
REFUSED = problems(401, 404, 409)


class FactorControl(Protocol):
    """What pbx.app.factor_control.PbxFactorControl does; raises Refused, 404 for a token."""

    def factor(self, who: Principal) -> dict[str, Any]: ...
    async def begin(self, who: Principal, password: str, code: str, address: str) -> dict[str, Any]: ...
    async def confirm(self, who: Principal, code: str) -> list[str]: ...
    async def renew(self, who: Principal, code: str, address: str) -> list[str]: ...
    async def remove(self, who: Principal, code: str, address: str) -> None: ...


class Begin(Asked):
    """Who sits there proves that it is still he."""

    password: str = Field(max_length=MAX_PASSWORD, examples=["correct horse battery"])
    code: str = Field(default="", max_length=64, description="of the present second factor, where there is one")


class Code(Asked):
    """A code of the authenticator; where the factor is proved, a recovery code does as well."""

    code: str = Field(max_length=64, examples=["123456"])


class FactorState(BaseModel):
    enrolled: bool
    required: bool = Field(description="by `accounts.second_factor`: until it is set up nothing else may be done")
    since: float | None
    recovery_left: int


class Secret(BaseModel):
    """It counts when `PUT` proves that an authenticator knows it."""

    secret: str = Field(description="base32, to be typed")
    uri: str = Field(description="otpauth://, to be shown as a QR code")
    expires_s: float


class Recovery(BaseModel):
    """Each opens once in place of a code; shown now and never again."""

    recovery_codes: list[str]


def second_factor_router(control: FactorControl) -> APIRouter:
    """/second-factor."""
    router = APIRouter(prefix="/second-factor", tags=["session"])

    @router.get("", responses=problems(404))
    async def state(who: Own) -> FactorState:
        """Whether I have one, and must have one."""
        return FactorState.model_validate(control.factor(who))

    @router.post("", status_code=201, openapi_extra={HIDDEN: True}, responses=REFUSED)
    async def begin(request: Request, body: Begin, who: Own) -> Secret:
        """A new secret for my authenticator."""
        made = await control.begin(who, body.password, body.code, origin_of(request)[0])
        return Secret.model_validate(made)

    @router.put("", openapi_extra={HIDDEN: True}, responses=problems(404, 409))
    async def confirm(request: Request, body: Code, who: Own) -> Recovery:
        """Set up: the code proves it. My other sessions are over."""
        codes = await control.confirm(who, body.code)
        changed(request, f"/users/{who.id}", action="second factor set up")
        return Recovery(recovery_codes=codes)

    @router.post("/recovery", status_code=201, openapi_extra={HIDDEN: True}, responses=REFUSED)
    async def renew(request: Request, body: Code, who: Own) -> Recovery:
        """New recovery codes; those of before open nothing."""
        codes = await control.renew(who, body.code, origin_of(request)[0])
        changed(request, f"/users/{who.id}", action="new recovery codes")
        return Recovery(recovery_codes=codes)

    @router.post("/remove", status_code=204, responses=REFUSED)
    async def remove(request: Request, body: Code, who: Own) -> Response:
        """Without one from now on."""
        await control.remove(who, body.code, origin_of(request)[0])
        changed(request, f"/users/{who.id}", action="second factor removed")
        return Response(status_code=204)

    return router

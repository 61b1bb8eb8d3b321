"""Who a request is of: a session's cookie or a token in the Authorization header."""

from __future__ import annotations

from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.responses import Response

from pbx.accounts.rights import Principal
from pbx.api.control import Denied
from pbx.api.rest.access import CHALLENGE
from pbx.api.rest.auditing import ADDRESS

COOKIE = "centrala_session"
DEVICE_COOKIE = "centrala_device"  # see pbx.accounts.secrets.DeviceMarks
DEVICE_S = 180 * 86_400
SECURE = "centrala.secure"  # in the ASGI scope: whether the client's connection is encrypted


class Recogniser(Protocol):
    """A part of pbx.accounts.service.Accounts."""

    def of_cookie(self, secret: str) -> Principal | None: ...
    def of_token(self, text: str, address: str) -> Principal | None: ...


class AccountAuthenticator:
    """A pbx.api.rest.guard.Authenticator."""

    def __init__(self, accounts: Recogniser) -> None:
        self._accounts = accounts

    def principal(self, connection: HTTPConnection) -> Principal | None:
        """A token counts before a cookie."""
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, text = header.partition(" ")
            found = None
            if scheme.lower() == "bearer":
                found = self._accounts.of_token(text.strip(), connection.scope.get(ADDRESS, ""))
            if found is None:
                raise Denied(401, "the token is none of ours, expired or revoked", CHALLENGE)
            return found
        secret = connection.cookies.get(COOKIE)
        if not secret:
            return None
        found = self._accounts.of_cookie(secret)
        if found is None:
            raise Denied(401, "the session is over; log in again", CHALLENGE)
        return found


def set_cookies(response: Response, connection: HTTPConnection, secret: str, device: str, path: str) -> None:
    """What a browser keeps of a login: no script can read it, no other site can send it with a POST."""
    secure = bool(connection.scope.get(SECURE))
    response.set_cookie(COOKIE, secret, path="/", httponly=True, samesite="lax", secure=secure)
    response.set_cookie(
        DEVICE_COOKIE, device, max_age=DEVICE_S, path=path, httponly=True, samesite="lax", secure=secure
    )


def clear_cookie(response: Response, connection: HTTPConnection) -> None:
    """The session's; the browser stays one that he has used."""
    secure = bool(connection.scope.get(SECURE))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=secure)

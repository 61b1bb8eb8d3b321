"""The identity provider in the process: made when somebody first comes by it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pbx.accounts.errors import AccountError
from pbx.accounts.identity import enter_by
from pbx.accounts.oidc import Begun, Provider
from pbx.accounts.service import Entered
from pbx.api.account_errors import refusal
from pbx.api.control import Refused
from pbx.app.account_control import PbxAccountControl
from pbx.app.nonce_key import nonce_key
from pbx.web.client import WebClient
from pbx.web.hosts import Hosts

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

CALLBACK = "/api/v1/oidc/callback"


class PbxOidcControl:
    """Implements pbx.api.rest.routes.oidc.OidcControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app
        self._accounts = PbxAccountControl(app)
        self._provider: Provider | None = None

    async def begin(self) -> Begun:
        try:
            return await self._get().begin(self._redirect_uri())
        except AccountError as error:
            raise refusal(error) from None

    async def finish(self, cookie: str, state: str, code: str, issuer: str, address: str, agent: str) -> Entered:
        app = self._app
        try:
            identity = await self._get().finish(cookie, state, code, issuer, self._redirect_uri())
            return await enter_by(app.accounts, app.config.oidc, identity, address, agent)
        except AccountError as error:
            raise refusal(error) from None

    def home(self) -> str:
        return f"{self._accounts.base_url()}/"

    def _redirect_uri(self) -> str:
        return f"{self._accounts.base_url()}{CALLBACK}"

    def _get(self) -> Provider:
        app = self._app
        settings = app.config.oidc
        if not settings.issuer:
            raise Refused(404, "no identity provider is configured ([oidc] issuer)")
        if self._provider is None:
            http, issuer = app.config.http, urlsplit(settings.issuer)
            web = WebClient(http, Hosts([*http.hosts, issuer.netloc], http.networks))
            self._provider = Provider(settings, web, app.clock, nonce_key(app.data_dir / "accounts.key"))
            app.closing(web.stop)
        return self._provider

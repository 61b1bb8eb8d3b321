"""A browser goes to the identity provider and comes back logged in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from pbx.api.rest.app import rest_app
from pbx.api.rest.authenticate import AccountAuthenticator
from pbx.api.rest.routes.oidc import oidc_router
from pbx.api.rest.routes.session import session_router
from pbx.app.account_control import PbxAccountControl
from pbx.app.oidc_control import PbxOidcControl
from pbx.clock import SystemClock
from pbx.config import Config
from tests.support.accounts import World
from tests.support.identity_provider import IdentityProvider
from tests.support.rest import services


async def test_there_and_back_again(tmp_path: Path) -> None:
    provider = IdentityProvider()
    stops: list[Any] = []
    try:
        async with World() as world:
            oidc = {"issuer": provider.issuer, "client_id": "centrala", "client_secret": provider.secret}
            config = Config.model_validate(
                {
                    "http": {"networks": ["127.0.0.0/8"]},
                    "api": {"public_url": "https://pbx.test"},
                    "oidc": {**oidc, "default_role": "viewer"},
                }
            )
            app: Any = SimpleNamespace(
                accounts=world.accounts, config=config, clock=SystemClock(), data_dir=tmp_path, closing=stops.append
            )
            made = services(authenticator=AccountAuthenticator(world.accounts), audit=world.accounts.audit)
            routers = [oidc_router(PbxOidcControl(app)), session_router(PbxAccountControl(app))]
            transport = httpx.ASGITransport(rest_app(routers, made))
            async with httpx.AsyncClient(transport=transport, base_url="https://pbx.test") as browser:
                away = await browser.get("/oidc/login")
                assert away.status_code == 303
                assert away.headers["location"].startswith(provider.issuer.removesuffix("/main") + "/authorize?")
                assert "HttpOnly" in away.headers["set-cookie"]
                back = provider.approve(away.headers["location"], sub="17", preferred_username="ola")
                async with httpx.AsyncClient(transport=transport, base_url="https://pbx.test") as other:
                    assert (await other.get("/oidc/callback", params=back)).status_code == 401  # not who began
                refused = await browser.get("/oidc/callback", params={"error": "access_denied"})
                assert refused.status_code == 401
                home = await browser.get("/oidc/callback", params=back)
                assert (home.status_code, home.headers["location"]) == (303, "https://pbx.test/")
                assert (await browser.get("/session")).json()["how"] == "oidc"
                again = await browser.get("/oidc/callback", params=back)
                assert again.status_code == 401  # its cookie is gone, and the code was used
            app.config = Config()
            async with httpx.AsyncClient(transport=transport, base_url="https://pbx.test") as browser:
                assert (await browser.get("/oidc/login")).status_code == 404
            assert [entry.action for entry in world.entries] == ["login by oidc"]
            for stop in stops:
                await stop()
    finally:
        provider.close()

"""The HTTP API of a running PBX: its routers and what every request passes. Imported when somebody first asks."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.types import ASGIApp

from pbx.api.client_address import ClientAddress
from pbx.api.rest.app import rest_app
from pbx.api.rest.authenticate import AccountAuthenticator
from pbx.api.rest.guard import Authenticator, RestServices
from pbx.api.rest.idempotency import Idempotency
from pbx.api.rest.limits import RateLimit
from pbx.api.rest.live_access import Credentials, LiveAuthenticator
from pbx.api.rest.routes.audit import audit_router
from pbx.api.rest.routes.link_page import link_page_router
from pbx.api.rest.routes.live import live_router
from pbx.api.rest.routes.oidc import oidc_router
from pbx.api.rest.routes.outbox import outbox_router
from pbx.api.rest.routes.second_factor import second_factor_router
from pbx.api.rest.routes.session import session_router
from pbx.api.rest.routes.status import status_router
from pbx.api.rest.routes.tokens import tokens_router
from pbx.api.rest.routes.users import users_router
from pbx.api.rest.routes.webhooks import webhooks_router
from pbx.app.account_control import PbxAccountControl
from pbx.app.control import PbxControl
from pbx.app.factor_control import PbxFactorControl
from pbx.app.live_control import PbxLiveControl
from pbx.app.oidc_control import PbxOidcControl
from pbx.app.outbox_control import PbxOutboxControl
from pbx.app.rest_resources import resource_routers
from pbx.app.webhook_control import PbxWebhookControl
from pbx.live.tickets import LIFE_S, Tickets

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


def build_rest(app: Pbx) -> ASGIApp:
    """Runs in a thread: it only builds, and starts nothing."""
    return rest_app(*parts(app))


def parts(app: Pbx) -> tuple[list[APIRouter], RestServices]:
    """The routers, and what every request passes."""
    tickets: Tickets[Credentials] = Tickets(app.clock)
    authenticator = LiveAuthenticator(AccountAuthenticator(app.accounts), tickets)
    return routers(app, authenticator, tickets), _services(app, authenticator)


def routers(app: Pbx, authenticator: Authenticator, tickets: Tickets[Credentials]) -> list[APIRouter]:
    """Every topic of the API; paths begin after /api/v1."""
    accounts = PbxAccountControl(app)
    return [
        status_router(PbxControl(app)),
        session_router(accounts),
        second_factor_router(PbxFactorControl(app)),
        link_page_router(accounts, app.config.server.language),
        oidc_router(PbxOidcControl(app)),
        users_router(accounts),
        tokens_router(accounts),
        audit_router(accounts),
        *resource_routers(app),
        outbox_router(PbxOutboxControl(app.outbox)),
        webhooks_router(PbxWebhookControl(app)),
        live_router(PbxLiveControl(app, authenticator, tickets), LIFE_S),
    ]


def _services(app: Pbx, authenticator: Authenticator) -> RestServices:
    settings = app.config.api
    return RestServices(
        authenticator=authenticator,
        address=ClientAddress(app.config.http.trusted_proxies),
        principal_limit=RateLimit(settings.requests_per_s, settings.burst, monotonic),
        address_limit=RateLimit(settings.anonymous_per_s, settings.anonymous_burst, monotonic),
        idempotency=Idempotency(app.store.keys),
        observe=app.api_metrics.observe,
        audit=app.accounts.audit,
        origins=[settings.public_url] if settings.public_url else [],
    )

"""What the process answers over HTTP: the public servers, and the control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Mount, Route

from pbx.api.account_routes import account_routes
from pbx.api.agent_routes import agent_routes
from pbx.api.callback_routes import callback_routes
from pbx.api.client_address import ClientAddress
from pbx.api.contact_routes import contact_routes
from pbx.api.control import control_app
from pbx.api.control_audit import AuditedControl
from pbx.api.distribution import distribution_routes
from pbx.api.equipment_routes import equipment_routes
from pbx.api.features import feature_routes
from pbx.api.flow_count_routes import flow_count_routes
from pbx.api.flow_routes import flow_routes
from pbx.api.late import Late
from pbx.api.ledger_routes import ledger_routes
from pbx.api.presence import presence_routes
from pbx.api.public import public_app
from pbx.api.server import HttpServer
from pbx.api.settings_routes import settings_routes
from pbx.api.sip_websocket import sip_route
from pbx.api.sms_routes import sms_routes
from pbx.api.sms_web import sms_web_routes
from pbx.api.trunk_routes import trunk_routes
from pbx.app import (
    outbox_control,
    prompt_control,
    report_schedule_control,
    selftest_control,
    tracking_control,
    voicemail_control,
    webhook_control,
    widget_control,
)
from pbx.app.account_control import PbxAccountControl
from pbx.app.callback_control import PbxCallbackControl
from pbx.app.contact_control import PbxContactControl
from pbx.app.control import PbxControl
from pbx.app.distribution_control import AppDistributionControl
from pbx.app.equipment import PbxEquipmentControl
from pbx.app.feature_control import AppFeatureControl
from pbx.app.flow_control import PbxFlowControl
from pbx.app.ledger_imports import PbxLedgerControl
from pbx.app.past_decisions import PastDecisions
from pbx.app.presence_control import AppPresenceControl
from pbx.app.settings_control import PbxSettingsControl
from pbx.app.sms_control import PbxSmsControl
from pbx.app.trunk_control import PbxTrunkControl
from pbx.configfile.check_network import split_host_port
from pbx.features.views import FeatureViews
from pbx.metrics.metrics import CONTENT_TYPE
from pbx.places import CONTROL_SOCKET

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from pbx.app.pbx import Pbx

API_PATH = "/api/v1"


def build_servers(app: Pbx) -> list[HttpServer]:
    """In the order of their start: the control socket last, as the sign that all is up. Sets `app.http` and
    `app.https`.
    """
    control = PbxControl(app)
    servers = []
    settings = app.config.http
    public = public_app(control.health, app.metrics.exposition, CONTENT_TYPE, _public_routes(app))
    trusted = ClientAddress(settings.trusted_proxies).is_trusted
    if settings.listen:
        host, port = split_host_port(settings.listen)
        app.http = HttpServer(public, host=host, port=port, trusted=trusted)
        servers.append(app.http)
    if settings.listen_tls:
        host, port = split_host_port(settings.listen_tls)
        app.https = HttpServer(
            public, host=host, port=port, tls=app.driver.certificates.server_context, trusted=trusted
        )
        servers.append(app.https)
    inside = AuditedControl(control_app(control, _control_routes(app)), app.accounts.audit)
    servers.append(HttpServer(inside, path=app.data_dir / CONTROL_SOCKET))
    return servers


def _public_routes(app: Pbx) -> list[BaseRoute]:
    """What the network may reach beside health and metrics."""
    settings = app.config.http
    routes: list[BaseRoute] = []
    if settings.websocket:
        routes.append(sip_route(app.driver.websocket, settings.websocket_origins))
    routes += sms_web_routes(app.sms)
    routes += widget_control.public_routes(app)
    routes += tracking_control.public_routes(app)
    if settings.api and (settings.listen or settings.listen_tls):

        def build() -> ASGIApp:
            from pbx.app.rest import build_rest  # FastAPI: 0.25 s and 6 MB that a PBX without a panel need not spend

            return build_rest(app)

        routes.append(Mount(API_PATH, Late(build)))
    return routes


def _control_routes(app: Pbx) -> list[Route]:
    """What the command line asks, over the control socket."""
    return [
        *account_routes(PbxAccountControl(app)),
        *agent_routes(app.agents),
        *feature_routes(AppFeatureControl(FeatureViews(app.features))),
        *trunk_routes(PbxTrunkControl(app)),
        *contact_routes(PbxContactControl(app)),
        *callback_routes(PbxCallbackControl(app)),
        *sms_routes(PbxSmsControl(app)),
        *flow_routes(PbxFlowControl(app.publishing)),
        *equipment_routes(PbxEquipmentControl(app)),
        *distribution_routes(AppDistributionControl(app.queues, PastDecisions(app))),
        *selftest_control.routes(app),
        *voicemail_control.routes(app),
        *widget_control.routes(app),
        *prompt_control.routes(app),
        *tracking_control.routes(app),
        *ledger_routes(PbxLedgerControl(app)),
        *outbox_control.routes(app),
        *report_schedule_control.routes(app),
        *webhook_control.routes(app),
        *flow_count_routes(app.flow_counts),
        *settings_routes(PbxSettingsControl(app)),
        *presence_routes(AppPresenceControl(app.calls, app.presence)),
    ]

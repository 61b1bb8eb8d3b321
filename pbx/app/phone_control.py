"""Answers the HTTP API about phones: registered, subscribed, what they have set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pbx.app.control import PbxControl
from pbx.app.feature_control import AppFeatureControl
from pbx.app.presence_control import AppPresenceControl
from pbx.features.views import FeatureViews

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class PbxPhoneControl(AppFeatureControl):
    """Implements pbx.api.rest.routes.network.PhoneControl."""

    def __init__(self, app: Pbx) -> None:
        super().__init__(FeatureViews(app.features))
        self._control = PbxControl(app)
        self._presence = AppPresenceControl(app.calls, app.presence)

    def registrations(self) -> list[dict[str, Any]]:
        return self._control.registrations()

    def subscriptions(self) -> list[dict[str, Any]]:
        return self._presence.subscriptions()

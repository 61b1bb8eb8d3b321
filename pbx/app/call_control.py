"""Answers the HTTP API about running calls: what the control socket is answered by several objects, in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.app.control import PbxControl
from pbx.app.feature_control import AppFeatureControl
from pbx.app.presence_control import AppPresenceControl
from pbx.features.views import FeatureViews

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class PbxCallControl(AppFeatureControl):
    """Implements pbx.api.rest.routes.calls.CallControl."""

    def __init__(self, app: Pbx) -> None:
        super().__init__(FeatureViews(app.features))
        self._app = app
        self._control = PbxControl(app)
        self._presence = AppPresenceControl(app.calls, app.presence)

    def calls(self) -> list[dict[str, Any]]:
        return self._control.calls()

    def call(self, call_id: str) -> dict[str, Any]:
        return self._control.call(call_id)

    def hang_up(self, call_id: str) -> dict[str, Any]:
        return self._control.hang_up(call_id)

    def transfer(self, call_id: str, target: str, extension: str, into: str = "") -> dict[str, Any]:
        return self._presence.transfer(call_id, target, extension, into)

    def agent_of(self, call_id: str) -> str:
        """The agent who talks in a call, or wraps it up; Refused 404 when there is none."""
        queues = self._app.queues
        talking = queues.roster.talking.get(call_id)
        if talking is not None:
            return talking.extension
        for agent in queues.roster.agents.values():
            slip = queues.wrapups.slip(agent)
            if slip is not None and slip.call_id == call_id:
                return agent.extension
        raise Refused(404, f"no agent talks in call {call_id} or wraps it up")

    def note(self, call_id: str, code: str, note: str) -> dict[str, Any]:
        """The code and the note of a call, as its agent would give them."""
        return self._app.agents.note(self.agent_of(call_id), code, note)

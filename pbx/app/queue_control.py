"""Answers the HTTP API about queues and who waits in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pbx.app.control import PbxControl
from pbx.app.distribution_control import AppDistributionControl
from pbx.app.past_decisions import PastDecisions

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class PbxQueueControl(AppDistributionControl):
    """Implements pbx.api.rest.routes.queues.QueueControl."""

    def __init__(self, app: Pbx) -> None:
        super().__init__(app.queues, PastDecisions(app))
        self._control = PbxControl(app)

    def queues(self) -> list[dict[str, Any]]:
        return self._control.queues()

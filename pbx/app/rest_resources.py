"""The resources of the HTTP API over what runs: the same controls as the control socket's, and looks into the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from pbx.api.rest.routes.agents import agents_router
from pbx.api.rest.routes.callbacks import callbacks_router
from pbx.api.rest.routes.calls import calls_router
from pbx.api.rest.routes.contacts import contacts_router
from pbx.api.rest.routes.customers import customers_router
from pbx.api.rest.routes.flows import flows_router
from pbx.api.rest.routes.history import history_router
from pbx.api.rest.routes.ledger import ledger_router
from pbx.api.rest.routes.network import network_router
from pbx.api.rest.routes.prompts import prompts_router
from pbx.api.rest.routes.queues import queues_router
from pbx.api.rest.routes.recordings import recordings_router
from pbx.api.rest.routes.reports import reports_router
from pbx.api.rest.routes.screen_pops import screen_pops_router
from pbx.api.rest.routes.settings import settings_router
from pbx.api.rest.routes.sms import sms_router
from pbx.api.rest.routes.staffing import staffing_router
from pbx.api.rest.routes.system import system_router
from pbx.api.rest.routes.tracking import tracking_router
from pbx.api.rest.routes.voicemail import voicemail_router
from pbx.api.rest.routes.widget import widget_router
from pbx.app.call_control import PbxCallControl
from pbx.app.callback_control import PbxCallbackControl
from pbx.app.contact_control import PbxContactControl
from pbx.app.control import PbxControl
from pbx.app.equipment import PbxEquipmentControl
from pbx.app.flow_control import PbxFlowControl
from pbx.app.history_control import PbxHistoryControl
from pbx.app.history_reader import HistoryReader
from pbx.app.ledger_imports import PbxLedgerControl
from pbx.app.phone_control import PbxPhoneControl
from pbx.app.prompt_control import PbxPromptControl
from pbx.app.queue_control import PbxQueueControl
from pbx.app.recording_control import PbxRecordingControl
from pbx.app.report_control import PbxReportControl
from pbx.app.screen_pop_control import PbxScreenPopControl
from pbx.app.selftest_control import PbxSelfTestControl
from pbx.app.settings_control import PbxSettingsControl
from pbx.app.sms_control import PbxSmsControl
from pbx.app.staffing_control import PbxStaffingControl
from pbx.app.tracking_control import PbxTrackingControl
from pbx.app.trunk_control import PbxTrunkControl
from pbx.app.voicemail_control import PbxVoicemailControl
from pbx.app.widget_control import PbxWidgetControl

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


def resource_routers(app: Pbx) -> list[APIRouter]:
    """Paths begin after /api/v1."""
    reader = HistoryReader(app.config)
    app.at_stop(reader.close)
    history, reports = PbxHistoryControl(app, reader), PbxReportControl(app)
    return [
        calls_router(PbxCallControl(app)),
        history_router(history),
        recordings_router(PbxRecordingControl(app, reader, history)),
        queues_router(PbxQueueControl(app)),
        agents_router(app.agents, history),
        screen_pops_router(PbxScreenPopControl(app)),
        contacts_router(PbxContactControl(app)),
        callbacks_router(PbxCallbackControl(app)),
        customers_router(PbxEquipmentControl(app)),
        flows_router(PbxFlowControl(app.publishing), app.flow_counts),
        prompts_router(PbxPromptControl(app)),
        sms_router(PbxSmsControl(app)),
        voicemail_router(PbxVoicemailControl(app)),
        tracking_router(PbxTrackingControl(app, reader)),
        widget_router(PbxWidgetControl(app)),
        network_router(PbxTrunkControl(app), PbxPhoneControl(app)),
        system_router(PbxControl(app), PbxSelfTestControl(app)),
        settings_router(PbxSettingsControl(app)),
        reports_router(reports),
        staffing_router(PbxStaffingControl(app, reports)),
        ledger_router(PbxLedgerControl(app)),
    ]

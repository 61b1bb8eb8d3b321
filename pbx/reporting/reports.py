"""The reports that are older than the registry, as it wants them: one function of (connection, request) each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from pbx.reporting import queries
from pbx.reporting.agents import agents_sheet
from pbx.reporting.blocks import dealers_sheet, surveys_sheet
from pbx.reporting.callback_sheet import callbacks_sheet
from pbx.reporting.callbacks import callback_figures
from pbx.reporting.customers import customers_sheet
from pbx.reporting.opened.team import spans
from pbx.reporting.partners import partners_sheet
from pbx.reporting.patience import patience_sheet
from pbx.reporting.per.grid import whole
from pbx.reporting.promises import promises_sheet
from pbx.reporting.queues_by import queue_sheets
from pbx.reporting.recovery import recovery
from pbx.reporting.recovery_sheet import recovery_sheet
from pbx.reporting.redials import redials_sheet
from pbx.reporting.request import Request
from pbx.reporting.sheet import Sheet
from pbx.reporting.sms import sms_sheet
from pbx.reporting.trunk_sheet import trunks_sheet


def queues(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Offered, answered, abandoned, six service levels, waits and handling, by queue or by what else `by` says."""
    return queue_sheets(connection, request, whole(request.period))[0]


def agents(connection: Connection, request: Request) -> Sequence[Sheet]:
    """What agents were offered and took, and what they did with their time."""
    given = (spans(connection, request), request.filter("team"))
    return [agents_sheet(connection, [request.period], request.now_us, *given)]


def trunks(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Seizures by trunk: ASR, NER, average call duration, post-dial delay, cost."""
    return [trunks_sheet(request.period, queries.trunk_figures(connection, request.period))]


def callbacks(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Speed-to-lead and the callbacks' own service level."""
    return [callbacks_sheet(request.period, callback_figures(connection, request.period))]


def missed(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Missed contacts and how they ended."""
    return [recovery_sheet(request.period, recovery(connection, request.period, request.zone))]


def patience(connection: Connection, request: Request) -> Sequence[Sheet]:
    """How long callers wait before they give up."""
    return [patience_sheet(connection, request.period)]


def promises(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Promised waits against waits had."""
    return [promises_sheet(connection, request.period)]


def customers(connection: Connection, request: Request) -> Sequence[Sheet]:
    """First attempts, repeated calls, missed and recovered customers."""
    return [customers_sheet(connection, request)]


def redials(connection: Connection, request: Request) -> Sequence[Sheet]:
    """At which attempt customers got through."""
    return [redials_sheet(connection, request)]


def sms(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Messages by what asked for them."""
    return [sms_sheet(connection, request.period, request.language)]


def surveys(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Answers to surveys."""
    return [surveys_sheet(connection, request.period)]


def dealers(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Calls given to dealers."""
    return [dealers_sheet(connection, request.period)]


def partners(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Calls given to overflow partners, and what they cost."""
    return [partners_sheet(connection, request.period)]

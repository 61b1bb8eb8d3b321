"""Which tool people choose: a call or the callback widget, by device and source, with what became of it."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from pbx.reporting.opened.figure import Figure, Source, always, holds
from pbx.reporting.proportion import Share
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.store import schema
from pbx.store.schema_tracking import call_sources

COLUMNS = (
    Column("device", "Device", Unit.TEXT),
    Column("source", "Source", Unit.TEXT),
    Column("tool", "Tool", Unit.TEXT),
    Column("calls", "Calls", formula="TOOL"),
    Column("tool_share", "Of the\ndevice", Unit.SHARE, "TOOL"),
    Column("tool_low", "from", Unit.SHARE),
    Column("tool_high", "to", Unit.SHARE),
    Column("spoken", "Spoken\nwith", Unit.SHARE, "TOOL.SPOKEN"),
)
NOTES = (
    "Tool: widget is a callback that was asked for on the site, call everything that was dialled. Of the device:\n"
    "share of the calls from this device and source, with the 95 % interval (Wilson). Only calls of which it is known."
)


_cdr, _origin = schema.cdrs.c, call_sources.c
TOLD_CALLS = (
    select(
        *(_cdr.id, _cdr.started_us, _origin.device, _origin.source),
        case((_origin.method == "widget", "widget"), else_="call").label("tool"),
        case((_cdr.bridged_us.is_not(None), 1), else_=0).label("spoken"),
    )
    .join_from(call_sources, schema.cdrs, _cdr.id == _origin.call_id)
    .where(_cdr.test == "", (_origin.device != "") | (_origin.source != ""))
    .subquery("told_calls")
)
TOOLS = Source(TOLD_CALLS, "id", "started_us", keys={name: name for name in ("device", "source", "tool")})
FIGURES = (
    Figure("TOOL", TOOLS, always, always, within=frozenset({"tool"})),
    Figure("TOOL.SPOKEN", TOOLS, always, holds(TOLD_CALLS.c.spoken == 1)),
)


def tools_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """By device and source, the most calls first."""
    origin, row = call_sources.c, TOLD_CALLS.c
    query = (
        select(row.device, row.source, row.tool, func.count(), func.sum(row.spoken))
        .where(row.started_us >= request.period.start_us, row.started_us < request.period.end_us)
        .group_by(row.device, row.source, row.tool)
    )
    known = connection.execute(select(origin.call_id).limit(1)).first() is not None
    rows = [tuple(row) for row in connection.execute(query)] if known else []
    whole: dict[tuple[str, str], int] = {}
    for device, source, _tool, count, _spoken in rows:
        whole[device, source] = whole.get((device, source), 0) + count
    sheet = Sheet(f"Tools, {request.period.label}", COLUMNS, notes=NOTES)
    for device, source, name, count, spoken in sorted(rows, key=lambda row: (-whole[row[0], row[1]], *row[:3])):
        share = Share(count, whole[device, source])
        told = Share(int(spoken), count).value
        sheet.rows.append((device or "-", source or "-", name, count, share.value, *share.interval, told))
    return [sheet]

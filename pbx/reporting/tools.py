"""Which tool people choose: a call or the callback widget, by device and source, with what became of it."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

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


def tools_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """By device and source, the most calls first."""
    cdr, origin = schema.cdrs.c, call_sources.c
    tool = case((origin.method == "widget", "widget"), else_="call").label("tool")
    query = (
        select(
            origin.device, origin.source, tool, func.count(), func.sum(case((cdr.bridged_us.is_not(None), 1), else_=0))
        )
        .join_from(call_sources, schema.cdrs, cdr.id == origin.call_id)
        .where(cdr.started_us >= request.period.start_us, cdr.started_us < request.period.end_us, cdr.test == "")
        .where((origin.device != "") | (origin.source != ""))
        .group_by(origin.device, origin.source, tool)
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

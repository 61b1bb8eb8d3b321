"""Answers the HTTP API about calls of the past, journeys, and what agents did."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from pbx.api.control import Refused
from pbx.events import CallEvent
from pbx.reporting.call_history import Ending, Scope, WantedCalls, ending_of, find_calls, find_parts, is_missed
from pbx.reporting.cdr import find_cdr
from pbx.store import schema
from pbx.store.encode import micros, seconds
from pbx.store.journey import read_events
from pbx.store.places import behind
from pbx.store.records import Cdr, QueueVisit, TrunkCall

if TYPE_CHECKING:
    from pbx.app.history_reader import HistoryReader
    from pbx.app.pbx import Pbx

INSTANTS = ("started", "answered", "bridged", "ended", "joined")
Seen = tuple[str, tuple[str, ...]] | None  # an extension and queues; None: everything


class PbxHistoryControl:
    """Implements pbx.api.rest.routes.history.HistoryControl and agents.AgentHistory."""

    def __init__(self, app: Pbx, reader: HistoryReader) -> None:
        self._app = app
        self._reader = reader

    async def cdrs(
        self, wanted: dict[str, Any], limit: int, after: tuple[int, str] | None, scope: Seen
    ) -> list[dict[str, Any]]:
        """The newest first; `started_us` names the place of a row."""
        query = self.wanted(wanted, scope)
        found = await self._reader.read(lambda connection: find_calls(connection, query, limit, after))
        return [cdr_row(record) for record in found]

    async def cdr(self, call_id: str, scope: Seen) -> dict[str, Any]:
        """With its stays in queues and its trunks."""

        def look(connection: Connection) -> tuple[Cdr | None, tuple[list[QueueVisit], list[TrunkCall]]]:
            return find_cdr(connection, call_id), find_parts(connection, call_id)

        record, (stays, legs) = await self._reader.read(look)
        if record is None or not sees(scope, record):
            raise Refused(404, f"there is no record of call {call_id}: it runs, or there was none")
        return {**cdr_row(record), "stays": [_shown(stay) for stay in stays], "seizures": [_shown(leg) for leg in legs]}

    async def journey(self, call_id: str, scope: Seen) -> dict[str, Any]:
        """Of a call that runs or is over."""
        call = self._app.calls.calls.get(call_id)
        if scope is not None and not (call is not None and self._sees_call(scope, call_id)):
            await self.cdr(call_id, scope)
        events = await self._app.store.journey(call_id) if call is not None else await self._journey(call_id)
        if not events:
            raise Refused(404, f"there is no call {call_id}")
        return {"id": call_id, "steps": [step_row(event) for event in events]}

    async def agent_states(
        self, extension: str, since: float | None, until: float | None, limit: int, after: tuple[int, int] | None
    ) -> list[dict[str, Any]]:
        """What an agent did, the newest first."""
        table = schema.agent_log.c
        query = select(schema.agent_log).where(table.agent == extension)
        if since is not None:
            query = query.where(table.started_us >= micros(since))
        if until is not None:
            query = query.where(table.started_us < micros(until))
        if after is not None:
            query = query.where(behind(table.started_us, table.seq, after))  # type: ignore[arg-type]
        query = query.order_by(table.started_us.desc(), table.seq.desc()).limit(limit)
        rows = await self._reader.read(lambda connection: connection.execute(query).mappings().all())
        return [
            {**row, "started": seconds(row["started_us"]), "ended": seconds(row["ended_us"])} for row in map(dict, rows)
        ]

    def wanted(self, asked: dict[str, Any], scope: Seen) -> WantedCalls:
        """What was asked for, as the database is asked. Unknown keys are a mistake of ours."""
        number, outcome = str(asked.get("number") or ""), asked.get("outcome")
        plain = {
            name: asked[name] for name in ("queue", "agent", "trunk", "did", "tag", "direction") if asked.get(name)
        }
        return WantedCalls(
            **plain,
            since_us=micros(asked["since"]) if asked.get("since") is not None else None,
            until_us=micros(asked["until"]) if asked.get("until") is not None else None,
            numbers=self._spellings(number) if number else (),
            ending=Ending(outcome) if outcome else None,
            missed=asked.get("missed"),
            recorded=bool(asked.get("recorded")),
            tests=bool(asked.get("tests")),
            scope=Scope(*scope) if scope is not None else None,
        )

    def _spellings(self, number: str) -> tuple[str, ...]:
        """As it is written, and as E.164 where the country's plan knows it."""
        return tuple(dict.fromkeys((number, self._app.contacts.book.number(number))))

    def _sees_call(self, scope: tuple[str, tuple[str, ...]], call_id: str) -> bool:
        call = self._app.calls.calls[call_id]
        extension, queues = scope
        mine = bool(extension) and (call.extension == extension or any(leg.target == extension for leg in call.legs))
        return mine or call.queue in queues

    async def _journey(self, call_id: str) -> list[CallEvent]:
        return await self._reader.read(lambda connection: read_events(connection, call_id))


def sees(scope: Seen, record: Cdr) -> bool:
    """Whether a call is for the eyes of whoever sees `scope`: as `find_calls` finds it."""
    if scope is None:
        return True
    extension, queues = scope
    mine = bool(extension) and extension in (record.agent, record.caller, record.callee)
    return mine or (bool(record.queue) and record.queue in queues)


def step_row(event: CallEvent) -> dict[str, Any]:
    """One step of a journey."""
    return {"event": event.kind.value, "at": event.at, "leg": event.leg, "data": event.data}


def cdr_row(record: Cdr) -> dict[str, Any]:
    """A call's record as values; instants are UTC seconds."""
    row = _shown(record)
    row |= {"outcome": ending_of(record).value, "missed": is_missed(record), "recorded": bool(record.recording)}
    return row


def _shown(record: Cdr | QueueVisit | TrunkCall) -> dict[str, Any]:
    row: dict[str, Any] = asdict(record)
    for name in INSTANTS:
        at_us = row.get(f"{name}_us")
        row[name] = seconds(at_us) if at_us is not None else None
    return row

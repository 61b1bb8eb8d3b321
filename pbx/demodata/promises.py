"""The contacts of the made-up year: who was missed, what was promised, and how often somebody tried."""

from __future__ import annotations

from sqlalchemy import Connection

from pbx.contact.item import Attempt, ContactItem, ItemKind, ItemState
from pbx.demodata.agency import Agency
from pbx.demodata.office import ASKED, Backlog, Call, Missed
from pbx.store.contacts import ATTEMPTS, CONTACTS, attempt_rows, row_of

PROMISED_S = 3 * 3600.0  # to call a missed customer back
ASKED_S = 15 * 60.0  # who asked for a call


def write_contacts(connection: Connection, backlog: Backlog, agency: Agency) -> int:
    items = [_item(missed, agency) for missed in backlog.all]
    with connection.begin():
        CONTACTS.write(connection, [row_of(item) for item in items])
        ATTEMPTS.write(connection, [row for item in items for row in attempt_rows(item)])
    return len(items)


def _by(call: Call) -> str:
    return "callback" if call.automatic else f"agent:{call.agent}"


def _item(missed: Missed, agency: Agency) -> ContactItem:
    attempts = [
        Attempt(
            at,
            call.id,
            "reached" if reached else "no_answer",
            at + call.wait_s,
            "callback" if call.automatic else f"agent:{call.agent}",
        )
        for at, reached, call in missed.tries
    ]
    return ContactItem(
        id=missed.item,
        kind=ItemKind(missed.kind),
        queue=agency.queue,
        number=missed.number,
        since=missed.at,
        created=missed.at,
        promise=missed.at + (ASKED_S if missed.kind in ASKED else PROMISED_S),
        automatic=missed.kind in ASKED,
        owner=f"queue:{agency.queue}",
        source={"did": missed.did},
        origin_call=missed.origin,
        key=f"call:{missed.origin}" if missed.origin else f"widget:{missed.item}",
        times=missed.times,
        state=ItemState.CLOSED if missed.end else ItemState.OPEN,
        end=missed.end,
        ended=missed.ended,
        ended_by=attempts[-1].by if missed.end and attempts else "",
        attempts=attempts,
    )

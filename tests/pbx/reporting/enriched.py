"""A database of demo calls, and at random everything else that reports count: messages, promises, callbacks, sources,
costs, sales, surveys.
"""

from __future__ import annotations

import json
import random

from sqlalchemy import Connection, delete, select, update

from pbx.store import schema
from pbx.store.intervals.settling import settle_all
from pbx.store.schema_ledger import ad_costs, ledger_marks, sales
from pbx.store.schema_sms import sms_messages
from pbx.store.schema_teams import agent_teams
from pbx.store.schema_tracking import call_sources, number_guard, number_leases, pool_hours, web_events
from tests.pbx.reporting.enriched_tracking import enrich_tracking, write_row

TOLD = (
    *(call_sources, sales, ad_costs, sms_messages, agent_teams, schema.wait_promises, schema.callback_calls),
    *(ledger_marks, number_guard, number_leases, pool_hours, web_events),
)
HOUR_US = 3_600_000_000


def enrich(connection: Connection, seed: int) -> None:
    """Some of each, about calls that are there; what was told of them before is gone."""
    for table in TOLD:
        connection.execute(delete(table))
    rng = random.Random(seed)
    cdr = schema.cdrs.c
    calls = connection.execute(select(cdr.id, cdr.caller, cdr.started_us, cdr.bridged_us, cdr.direction)).all()
    numbers = [call.caller for call in calls if call.direction == "inbound"]
    _messages(connection, rng, numbers, [call.started_us for call in calls])
    for call in rng.sample(calls, len(calls) // 2):
        device, source = rng.choice(("phone", "desktop", "")), rng.choice(("ads", "organic", "", "=cmd()"))
        known = {"device": device, "source": source, "medium": rng.choice(("cpc", "")), "probability": 0.9}
        method = rng.choice(("widget", "pool", "static"))
        write_row(connection, call_sources, call_id=call.id, method=method, is_unique=rng.random() < 0.7, **known)
        if rng.random() < 0.2:
            sold = {"amount_micro": rng.randrange(10**9), "currency": "PLN", "call_id": call.id, "matched_by": "call"}
            write_row(connection, sales, order_id=call.id, at_us=call.started_us, **sold)
    day = {"day": "2026-11-19", "currency": "PLN"}
    for source in ("ads", "organic"):
        write_row(connection, ad_costs, source=source, amount_micro=rng.randrange(10**9), **day)
    _waits(connection, rng)
    _callbacks(connection, rng)
    _steps(connection, rng, [call.id for call in calls])
    enrich_tracking(connection, rng)
    for agent in connection.execute(select(schema.agent_states.c.agent)).scalars():
        team = {"agent": agent, "team": rng.choice(("early", "late")), "site": rng.choice(("Warsaw", "Moscow"))}
        write_row(connection, agent_teams, until_us=2**62, **team)
    settle_all(connection)


def _messages(connection: Connection, rng: random.Random, numbers: list[str], times: list[int]) -> None:
    step = 0
    for number in range(300):
        at_us = rng.choice(times)
        state = rng.choice(("delivered", "accepted", "failed", "expired", "refused", "queued", "in_doubt"))
        told = {
            "number": rng.choice(numbers),
            "state": state,
            "source": rng.choice(("flow:hotline:sms", "queue:a", "api")),
        }
        took = {"accepted_us": at_us, "ended_us": at_us + rng.randrange(10**7), "cost": rng.random(), "parts": 1}
        ident, template = f"{number:032x}", rng.choice(("late", "sale"))
        write_row(connection, sms_messages, id=ident, key=ident, created_us=at_us, template=template, **told, **took)
        if rng.random() < 0.3:
            step += 1
            clicked = {"kind": "sms.clicked", "leg": "", "data": "{}"}
            write_row(connection, schema.journey, seq=10**9 + step, call_id=ident, at_us=at_us + 1, **clicked)


def _waits(connection: Connection, rng: random.Random) -> None:
    visit = schema.queue_visits.c
    for call_id, at_us, wait_s in connection.execute(select(visit.call_id, visit.joined_us, visit.wait_s)).all():
        high_s = rng.choice((30.0, 60.0, 90.0))
        given = {"high_s": high_s, "waited_s": wait_s, "outcome": rng.choice(("kept", "broken", "open"))}
        queue = rng.choice(("hotline", "support"))
        write_row(
            connection,
            schema.wait_promises,
            call_id=call_id,
            promise=1,
            queue=queue,
            told_us=at_us,
            quantile=0.8,
            **given,
        )
    every = connection.execute(select(visit.call_id)).scalars().all()
    for call_id in rng.sample(every, len(every) // 3):  # two queues
        connection.execute(update(schema.queue_visits).where(visit.call_id == call_id).values(queue="support"))
        connection.execute(
            update(schema.queue_offers).where(schema.queue_offers.c.call_id == call_id).values(queue="support")
        )


def _callbacks(connection: Connection, rng: random.Random) -> None:
    item, cdr = schema.contacts.c, schema.cdrs.c
    agents = connection.execute(select(schema.agent_states.c.agent)).scalars().all()
    free = iter(connection.execute(select(cdr.id).where(cdr.direction == "outbound")).scalars().all())
    for contact, queue, at_us in connection.execute(select(item.id, item.queue, item.created_us)).all():
        kind = rng.choice(("abandoned", "missed", "lead", "callback", "widget"))
        change = {"kind": kind, "promise_us": at_us + HOUR_US if rng.random() < 0.5 else 0}
        change |= {"queue": rng.choice((queue, "support")), "source": json.dumps({"slot": at_us / 1e6 + 600})}
        change["ended_as"] = rng.choice(("", "reached", "customer_came_back", "refused", "not_a_customer", "merged"))
        connection.execute(update(schema.contacts).where(item.id == contact).values(change))
        for attempt in range(rng.randrange(3)):
            outcome = rng.choice(("reached", "no_answer"))
            speed_s = rng.choice((12.0, 40.0, 200.0, 5000.0)) if outcome == "reached" else None
            given = {"reach_s": rng.choice((None, 4.0)), "speed_s": speed_s, "silent": False, "outcome": outcome}
            given |= {"agent": rng.choice((*agents, "")), "queue": queue, "started_us": at_us + (attempt + 1) * HOUR_US}
            call_id = next(free, None)
            if call_id is not None:
                write_row(connection, schema.callback_calls, call_id=call_id, contact=contact, **given)


def _steps(connection: Connection, rng: random.Random, calls: list[str]) -> None:
    for number, call_id in enumerate(rng.sample(calls, 60)):
        survey = {"survey": "end", "question": rng.choice(("q1", "q2")), "answer": rng.choice(("1", "5", ""))}
        dealer = {"dealer": rng.choice(("Nowak", "")), "by": rng.choice(("memory", "region"))}
        kind, data = rng.choice((("survey.answered", survey), ("dealer.chosen", dealer), ("dealer.chosen", dealer)))
        row = {"kind": kind, "leg": "", "data": json.dumps(data), "call_id": call_id, "at_us": 1}
        write_row(connection, schema.journey, seq=2 * 10**9 + 2 * number, **row)
        if kind == "dealer.chosen":
            again = row | {"data": json.dumps(dealer | {"dealer": "Kowalski"})}
            write_row(connection, schema.journey, seq=2 * 10**9 + 2 * number + 1, **again)

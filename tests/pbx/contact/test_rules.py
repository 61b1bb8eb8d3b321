"""Which journeys leave an item, of which kind, whose, until when and with which end."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.contact.facts import CallFacts
from pbx.contact.item import OpenRequest
from pbx.contact.rules import Rules, matches
from pbx.events import CallEvent, Kind
from tests.support.journeys import T0, Journey, abandoned, answered, left, seizure

QUEUES = [{"name": "sales"}, {"name": "vip", "missed_owner": "team:gold", "missed_deadline_s": 60}]


def judge(events: list[CallEvent], queues: list[dict[str, Any]] = QUEUES, **contacts: Any) -> OpenRequest | None:
    blocks = {"time": {"kind": "hours"}, "wait": {"kind": "queue", "queue": "sales"}}
    flows = [{"name": "hotline", "start": "time", "block": blocks}]
    config = Config.model_validate({"queue": queues, "contacts": contacts, "flow": flows})
    facts = CallFacts(events[0])
    facts.number = "" if facts.withheld else facts.caller
    for event in events[1:]:
        facts.add(event)
    return Rules(config).request(facts)


def opened(events: list[CallEvent], **more: Any) -> OpenRequest:
    found = judge(events, **more)
    assert found is not None
    return found


def test_an_abandoned_call_is_its_queue_s() -> None:
    found = opened(abandoned())
    assert (found.kind, found.queue, found.owner, found.end) == ("abandoned", "sales", "queue:sales", "")
    assert (found.since, found.promise) == (T0 + 1, T0 + 1 + 3600)
    assert found.source == {"did": "600", "trunk": "carrier"}
    assert found.key == f"call:{found.origin_call}"
    assert not found.automatic


def test_owner_and_deadline_are_the_queue_s_to_say() -> None:
    found = opened(abandoned(queue="vip"))
    assert (found.owner, found.promise - found.since) == ("team:gold", 60)


@pytest.mark.parametrize("reason", ["timeout", "full", "no_agents", "shutdown", "key"])
def test_whoever_the_queue_gives_back_is_missed(reason: str) -> None:
    found = opened(left(reason=reason))
    assert (found.kind, found.reason) == ("missed", reason)


def test_a_served_caller_leaves_nothing() -> None:
    assert judge(answered()) is None


def test_a_caller_in_other_hands_leaves_nothing() -> None:
    assert judge(left(reason="callback")) is None


def test_served_after_a_queue_gave_back() -> None:
    call = Journey().begin().at(1).add(Kind.QUEUE_JOINED, queue="sales")
    call.at(5).add(Kind.QUEUE_LEFT, queue="sales", reason="timeout", wait_s=4.0)
    call.at(8).add(Kind.BRIDGE_STARTED, with_leg="b1").at(20).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=12.0)
    assert judge(call.end().events) is None


def test_abandoned_in_the_second_queue_after_a_talk() -> None:
    call = Journey().begin().at(1).add(Kind.BRIDGE_STARTED, with_leg="b1").at(2).add(Kind.BRIDGE_ENDED, talk_s=1.0)
    call.at(3).add(Kind.QUEUE_JOINED, queue="vip").at(30).add(Kind.QUEUE_ABANDONED, queue="vip", wait_s=27.0)
    found = opened(call.end().events)
    assert (found.queue, found.since) == ("vip", T0 + 3)


def test_an_unanswered_extension_owns_it() -> None:
    call = Journey().begin("extension:102").add(Kind.LEG_STARTED, "b1", role="callee", target="102", trunk="")
    found = opened(call.at(20).end(cause="no_answer", status=480, by="callee").events)
    assert (found.kind, found.reason, found.owner, found.queue) == ("missed", "no_answer", "extension:102", "")


def test_an_unanswered_group_owns_it() -> None:
    call = Journey().begin("group:office").add(Kind.GROUP_RANG, group="office")
    call.at(9).add(Kind.GROUP_UNANSWERED, group="office", wait_s=9.0, reason="no_answer")
    found = opened(call.end(cause="no_answer", status=480, by="callee").events)
    assert (found.kind, found.owner, found.reason) == ("missed", "group:office", "no_answer")


def test_a_caller_who_gives_up_while_a_group_rings() -> None:
    call = Journey().begin("group:office").add(Kind.GROUP_RANG, group="office").at(4)
    assert opened(call.end(cause="cancelled", status=487).events).reason == "cancelled"


def test_off_hours_is_a_lead() -> None:
    number = Journey().begin("flow:closed", off_hours="queue:vip").end().events
    found = opened(number)
    assert (found.kind, found.reason, found.queue, found.owner) == ("lead", "closed", "vip", "team:gold")
    phone = opened(Journey().begin("flow:closed", off_hours="extension:102").end().events, owner="team:all")
    assert (phone.queue, phone.owner) == ("", "extension:102")
    other = opened(Journey().begin("flow:closed", off_hours="page:all").end().events, owner="team:all")
    assert (other.queue, other.owner) == ("", "team:all")
    flow = Journey().begin().add(Kind.FLOW_BLOCK, flow="hotline", block="time", exit="holiday").end().events
    assert (opened(flow).reason, opened(flow).queue) == ("holiday", "sales")


def test_a_lead_whom_somebody_on_duty_served_is_none() -> None:
    call = Journey().begin(off_hours="queue:sales").add(Kind.BRIDGE_STARTED, with_leg="b1")
    assert judge(call.at(9).add(Kind.BRIDGE_ENDED, talk_s=9.0).end().events) is None


def test_whoever_serves_himself_is_not_missed() -> None:
    call = Journey().begin().add(Kind.FLOW_BLOCK, flow="hotline", block="menu", exit="1")
    assert judge(call.end().events) is None
    assert judge(Journey().begin("echo").end().events) is None


def test_a_refused_call_is_missed_where_we_had_no_room() -> None:
    full = Journey()
    full.begin().events.pop()
    assert opened(full.end(cause="congestion", status=503, by="pbx").events).reason == "congestion"
    for cause in ("blocked", "not_found", "forbidden"):
        refused = Journey()
        refused.begin().events.pop()
        assert judge(refused.end(cause=cause, status=403, by="pbx").events) is None


def test_a_screened_caller_leaves_nothing() -> None:
    call = Journey().begin().add(Kind.SCREENED, pattern="+48*", action="announce")
    call.at(1).add(Kind.QUEUE_JOINED, queue="sales").at(60).add(Kind.QUEUE_ABANDONED, queue="sales", wait_s=59.0)
    assert judge(call.end().events) is None


def test_a_crash_while_waiting_is_our_fault() -> None:
    call = Journey().begin().at(1).add(Kind.QUEUE_JOINED, queue="sales")
    found = opened(call.at(3).end(cause="interrupted", status=0, by="pbx").events)
    assert (found.kind, found.reason, found.queue) == ("missed", "interrupted", "sales")
    in_the_menu = Journey().begin().at(3).end(cause="interrupted", status=0, by="pbx").events
    assert (opened(in_the_menu).reason, opened(in_the_menu).queue) == ("interrupted", "sales")


def test_withheld_numbers_end_at_once() -> None:
    call = Journey().begin(caller="anonymous", withheld=True).at(1).add(Kind.QUEUE_JOINED, queue="sales")
    found = opened(call.at(60).add(Kind.QUEUE_ABANDONED, queue="sales", wait_s=59.0).end().events)
    assert (found.number, found.end, found.reason) == ("", "unreachable", "withheld")


def test_test_numbers_are_no_customers() -> None:
    found = opened(abandoned(), test_numbers=["+4822*"])
    assert (found.end, found.reason) == ("not_a_customer", "test")


def test_short_abandons_by_rule() -> None:
    short = abandoned(wait_s=4.0)
    assert (opened(short).end, opened(short).reason) == ("not_a_customer", "short_abandon")
    assert opened(short, short_abandon="open").end == ""
    assert judge(short, short_abandon="ignore") is None
    assert opened(abandoned(wait_s=5.0)).end == ""


def test_colleagues_count_when_they_are_to() -> None:
    inside = abandoned()
    inside[0].data["direction"] = "internal"
    assert judge(inside) is None
    assert opened(inside, internal=True).kind == "abandoned"


def test_calls_for_an_item_and_calls_out_leave_nothing() -> None:
    placed = abandoned()
    placed[0].data["contact"] = "0" * 32
    assert judge(placed) is None
    assert judge(seizure(1, 486)) is None


def test_patterns() -> None:
    assert matches("+48600", "+486*")
    assert matches("+48600", "+48600")
    assert not matches("+48600", "+4860")

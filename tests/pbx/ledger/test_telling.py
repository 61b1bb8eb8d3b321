"""What GA and CRM systems are told of calls: once, in their own words, and not what they may not know."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

import pytest

from pbx.config import Config
from pbx.events import CallEvent, EventBus, Kind
from pbx.ledger.ga4.rules import faults
from pbx.ledger.mark import Mark, State
from pbx.ledger.targets import Targets
from pbx.ledger.telling import Telling
from pbx.web.client import Answer, Ask
from tests.support.analytics_services import AmoCrm, Bitrix24, Ga4
from tests.support.outbox import World
from tests.support.virtual_loop import virtual_clock

GA = {"measurement_id": "G-TEST", "api_secret": "hush", "value": 25.0, "currency": "PLN"}
VISIT = {
    **{"method": "session", "probability": 0.98, "source": "google", "medium": "cpc", "campaign": "pumps"},
    **{
        "visit": "v1",
        "site": "shop",
        "ga_client": "123.456",
        "ga_session": "789",
        "click_id": "g",
        "click_kind": "gclid",
    },
}


class Memory:
    """A LedgerStore of marks and leads; `failing` of its next calls are refused."""

    def __init__(self) -> None:
        self.marks: dict[tuple[str, str, str], Mark] = {}
        self.leads: dict[tuple[str, str], str] = {}
        self.failing = 0

    async def mark(self, *marks: Mark) -> None:
        self._fail()
        for one in marks:
            key = (one.call_id, one.target, one.event)
            if one.state in (State.SENT, State.DEAD) or key not in self.marks:
                self.marks[key] = one

    async def first_of(self, target: str, number: str, call_id: str, at: float, again_s: float) -> bool:
        self._fail()
        return self.leads.setdefault((target, number), call_id) == call_id

    def _fail(self) -> None:
        if self.failing:
            self.failing -= 1
            raise RuntimeError("the disk is full")


class Network:
    """A Web of the three services; `down` of the next requests of a host are refused."""

    def __init__(self, now: Any) -> None:
        self.ga, self.bitrix, self.amo = Ga4("G-TEST", "hush", now), Bitrix24("tok"), AmoCrm("tok")
        self.hooks: list[tuple[dict[str, str], bytes]] = []
        self.down: dict[str, int] = {}
        self.asked: list[str] = []

    async def ask(self, ask: Ask) -> Answer:
        host = ask.url.split("/")[2]
        self.asked.append(host)
        if self.down.get(host, 0):
            self.down[host] -= 1
            return Answer(503, {}, b"")
        if host == "hook":
            self.hooks.append((dict(ask.headers), ask.body))
            return Answer(200, {}, b"")
        service = {"ga": self.ga, "bitrix": self.bitrix, "amo": self.amo}[host]
        status, told = service.answer(ask.url, dict(ask.headers), ask.body)
        return Answer(status, {}, json.dumps(told).encode() if told is not None else b"")


class House:
    """A PBX that tells; use with `async with`."""

    def __init__(self, config: dict[str, Any], world: World | None = None, store: Memory | None = None) -> None:
        self.clock = virtual_clock()
        self.world = world or World(self.clock)
        self.network = self.world.receiver if isinstance(self.world.receiver, Network) else Network(self.clock.unix)
        self.world.receiver = self.network  # type: ignore[assignment]
        self.store = store or Memory()
        self.bus: EventBus = self.world.bus
        self.config = Config.model_validate(config)
        self.consent: bool | None = True
        self.telling = Telling(
            Targets.of(self.config, self.clock.unix), self.store, self.world.outbox, self.bus, self.clock,  # type: ignore[arg-type]
            lambda heard: heard if heard.startswith("+") else "", self.visit, lambda _contact: {"visit": "v1"},
        )  # fmt: skip

    def visit(self, visit: str) -> dict[str, Any] | None:
        return VISIT | {"consent": self.consent} if visit == "v1" and self.consent is not None else None

    async def __aenter__(self) -> House:
        self.world.outbox.start()
        self.telling.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.telling.stop()
        await self.world.outbox.stop()

    def call(self, number: int = 1, *, visit: dict[str, Any] | None = VISIT, answered: bool = True, **more: Any) -> str:
        call_id, at = f"{number:032x}", self.clock.unix() - more.pop("age_s", 60.0)
        given = {"direction": "inbound", "caller": "+48600100200", "callee": "+48221112233", "did": "+48221112233"}
        steps: list[tuple[float, Kind, dict[str, Any]]] = [(0, Kind.CALL_STARTED, given | more)]
        if visit is not None:
            steps.append((0, Kind.CALL_ATTRIBUTED, visit))
        steps.append((1, Kind.QUEUE_JOINED, {"queue": "sales"}))
        if answered:
            steps += [(5, Kind.QUEUE_ANSWERED, {"agent": "101"}), (5, Kind.BRIDGE_STARTED, {"with_leg": "b1"})]
            steps.append((35, Kind.BRIDGE_ENDED, {"with_leg": "b1", "talk_s": 30.0}))
        steps.append((40, Kind.CALL_ENDED, {"cause": "normal", "ended_by": "caller"}))
        for after, kind, data in steps:
            self.bus.publish(CallEvent(kind, call_id, "a", at + after, data))
        return call_id

    async def settled(self) -> None:
        await self.world.until(lambda: not self.telling._work and not self.telling._marks and self._done())

    def _done(self) -> bool:
        return not self.world.shelf.late and all(state != "pending" for state in self.world.states().values())

    def states(self) -> dict[str, str]:
        return {mark.event: mark.reason or mark.state.value for mark in self.store.marks.values()}


async def test_an_answered_call_is_an_event_of_its_session() -> None:
    async with House({"ga4": [GA | {"url": "https://ga/mp/collect"}]}) as house:
        call = house.call()
        await house.settled()
        assert house.network.ga.faults == []
        (event,) = house.network.ga.events
        assert (event["name"], event["client_id"]) == ("phone_call", "123.456")
        params = event["params"]
        assert (params["call_id"], params["session_id"], params["status"]) == (call, "789", "answered")
        assert (params["value"], params["currency"], params["duration"], params["talk_time"]) == (25.0, "PLN", 40, 30)
        assert "+48600100200" not in str(event)  # no number of a person goes to Google
        assert house.states() == {"phone_call": "sent"}
        assert "hush" not in str([row.body for row in house.world.shelf.rows.values()])


async def test_a_missed_call_has_an_event_of_its_own_and_no_value() -> None:
    async with House({"ga4": [GA | {"url": "https://ga/mp/collect"}]}) as house:
        house.call(answered=False)
        data = {"contact_kind": "widget", "queue": "sales", "number": "+48600100200", "origin_call": None}
        house.bus.publish(CallEvent(Kind.CONTACT_OPENED, "c" * 32, "a", house.clock.unix(), data))
        await house.settled()
        assert house.network.ga.faults == []
        assert sorted(event["name"] for event in house.network.ga.events) == [
            "callback_requested",
            "phone_call",
            "phone_call_missed",
        ]
        assert all("value" not in event["params"] for event in house.network.ga.events)


@pytest.mark.parametrize(
    ("visit", "consent", "why"),
    [
        ({"method": "static", "probability": 1.0}, True, "no_visit"),
        (VISIT | {"ga_client": ""}, False, "no_consent"),
        (VISIT | {"ga_client": ""}, True, "no_client"),
        (VISIT | {"probability": 0.3}, True, "unsure"),
        ({"method": "session", "probability": 0.4, "candidates": [1, 2]}, True, "unsure"),
        (None, True, "no_visit"),
    ],
)
async def test_what_ga_is_not_told_and_why(visit: dict[str, Any] | None, consent: bool, why: str) -> None:
    async with House({"ga4": [GA | {"url": "https://ga/mp/collect"}]}) as house:
        house.consent = consent
        house.call(visit=visit)
        await house.settled()
        assert house.network.asked == []
        assert house.states() == {"phone_call": why}


async def test_nothing_older_than_three_days_is_told() -> None:
    async with House({"ga4": [GA | {"url": "https://ga/mp/collect"}]}) as house:
        house.call(age_s=73 * 3600.0)
        await house.settled()
        assert house.states() == {"phone_call": "late"}
        house.network.down["ga"] = 10_000
        house.call(2, age_s=60.0)
        await house.world.until(lambda: "dead" in house.world.states().values(), 80 * 3600.0)
        assert house.network.ga.events == []
        assert next(iter(house.world.shelf.rows.values())).state.value == "dead"


async def test_other_sites_and_tests_are_not_told() -> None:
    async with House({"ga4": [GA | {"url": "https://ga/mp/collect", "site": "other"}]}) as house:
        house.call()
        started = {"direction": "inbound", "caller": "+48600100200"}
        for kind, data in ((Kind.CALL_STARTED, started), (Kind.TEST_CALL, {}), (Kind.CALL_ENDED, {"cause": "normal"})):
            house.bus.publish(CallEvent(kind, "f" * 32, "a", house.clock.unix(), data))
        await house.settled()
        assert house.states() == {"phone_call": "off"}


async def test_bitrix24_gets_lead_call_and_task_in_its_own_words() -> None:
    crm = {"name": "b", "kind": "bitrix24", "url": "https://bitrix/rest/", "token": "tok", "responsible": "1"}
    async with House({"crm": [crm | {"agents": {"101": "7"}}]}) as house:
        house.network.down["bitrix"] = 2
        house.call()
        house.call(2, answered=False)
        data = {
            "contact_kind": "abandoned",
            "number": "+48600100200",
            "owner": "queue:sales",
            "origin_call": f"{2:032x}",
        }
        house.bus.publish(CallEvent(Kind.CONTACT_OPENED, "c" * 32, "a", house.clock.unix(), data | {"promise": 2e9}))
        await house.settled()
        bitrix = house.network.bitrix
        assert bitrix.faults == []
        assert [lead["fields[PHONE][0][VALUE]"] for lead in bitrix.leads.values()] == [
            "+48600100200"
        ]  # once a customer
        assert bitrix.leads[1]["fields[UTM_CAMPAIGN]"] == "pumps"
        first, second = sorted(bitrix.calls.values(), key=lambda call: call["STATUS"])  # each call is a line of its own
        assert (first["USER_ID"], first["TYPE"], first["STATUS"], first["DURATION"]) == ("7", "2", "200", "30")
        assert first["CRM_ENTITY_ID"] == "1"
        assert (second["USER_ID"], second["STATUS"], second["DURATION"]) == ("1", "304", "0")
        assert bitrix.tasks[0]["fields[TITLE]"].startswith("Call back +48600100200")
        assert house.states() == {"call": "sent"}


async def test_amocrm_gets_an_incoming_lead_then_calls_when_it_knows_the_number() -> None:
    crm = {"name": "a", "kind": "amocrm", "url": "https://amo", "token": "tok", "agents": {"101": "42"}, "pipeline": 5}
    async with House({"crm": [crm]}) as house:
        house.call()
        await house.settled()
        (lead,) = house.network.amo.leads
        assert (lead["pipeline_id"], lead["metadata"]["from"], lead["metadata"]["duration"]) == (5, "+48600100200", 30)
        assert lead["_embedded"]["contacts"][0]["custom_fields_values"][0]["values"][0]["value"] == "+48600100200"
        house.call(2)
        await house.world.until(lambda: len(house.network.asked) > 3)  # nobody has accepted the lead yet
        assert house.network.amo.calls == []
        house.network.amo.known.add("+48600100200")
        await house.settled()
        (call,) = house.network.amo.calls
        assert (call["uniq"], call["direction"], call["call_status"]) == (f"{2:032x}", "inbound", 4)
        assert call["responsible_user_id"] == 42
        assert house.network.amo.faults == []


async def test_a_generic_webhook_is_signed_and_tells_once() -> None:
    crm = {"name": "g", "url": "https://hook/in", "secret": "s", "recording_url": "https://pbx/r/{call_id}"}
    async with House({"crm": [crm]}) as house:
        call = house.call()
        house.call(2)
        await house.settled()
        told = [json.loads(body) for _, body in house.network.hooks]
        assert sorted(one["event"] for one in told) == ["call", "call", "lead"]
        headers, body = house.network.hooks[0]
        signed = hmac.new(b"s", headers["X-Centrala-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
        assert headers["X-Centrala-Signature"] == f"sha256={signed}"
        first = next(one for one in told if one["event"] == "call" and one["call_id"] == call)
        assert (first["status"], first["agent"], first["queue"], first["recording_url"]) == (
            "answered",
            "101",
            "sales",
            "",
        )
        assert first["source"]["campaign"] == "pumps"


async def test_after_a_crash_what_was_not_told_is_told_and_nothing_twice() -> None:
    config = {"ga4": [GA | {"url": "https://ga/mp/collect"}], "crm": [{"name": "g", "url": "https://hook/in"}]}
    house = House(config)
    heard: dict[str, list[CallEvent]] = {}
    house.bus.subscribe(CallEvent, lambda event: heard.setdefault(event.call_id, []).append(event))
    async with house:
        house.call()
        await house.settled()
    house.store.failing = 10_000  # the database is away, and the process dies
    crashed = House(config, house.world.kill(), house.store)
    journeys: Iterable[list[CallEvent]] = heard.values()
    async with crashed:
        crashed.bus.subscribe(CallEvent, lambda event: heard.setdefault(event.call_id, []).append(event))
        crashed.call(2)
        crashed.store.failing = 0
        crashed.telling.replay(journeys)
        await crashed.settled()
        assert [event["params"]["call_id"] for event in crashed.network.ga.events] == [f"{1:032x}", f"{2:032x}"]
        assert len(crashed.network.hooks) == 3  # a lead and two calls
        assert set(crashed.states().values()) == {"sent"}


def test_the_rules_of_the_protocol() -> None:
    good = {"client_id": "1.2", "events": [{"name": "phone_call", "params": {"session_id": "1"}}]}
    assert faults(good, 100, 0.0) == []
    event = good["events"][0]  # type: ignore[index]
    for wrong in (
        good | {"client_id": "x"},
        good | {"events": [event] * 26},
        good | {"events": []},
        good | {"timestamp_micros": 1},
        good | {"events": [event | {"name": "ga_call"}]},
        good | {"events": [event | {"name": "session_start"}]},
        good | {"events": [event | {"name": "a" * 41}]},
        good | {"events": [event | {"params": {"session_id": "1", "x": "y" * 101}}]},
        good | {"events": [event | {"params": {"session_id": "1", **{f"p{n}": 1 for n in range(25)}}}]},
        good | {"events": [event | {"params": {}}]},
        good | {"events": [event | {"params": {"session_id": "1", "x": {}}}]},
    ):
        assert faults(wrong, 100, 1_000_000.0) != []
    assert faults(good, 130_001, 0.0) != []

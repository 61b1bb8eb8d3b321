"""Agents are told the pages of their callers: when, which, how often, and what the pages know."""

from __future__ import annotations

from typing import Any

from pbx.app.screen_pop_control import collected
from pbx.call.keeping import MemoryKeeper
from pbx.call.testing import FakeCaller
from pbx.config import Agent, Config, Queue
from pbx.config_screenpop import ScreenPop
from pbx.events import CallEvent, Kind
from pbx.flow.run import KEPT, Run
from pbx.flow.variables import Variables
from pbx.queue.roster import RETRY_PAUSE_S
from pbx.screenpop.carried import ROOM as CARRIED
from pbx.screenpop.once import ROOM
from pbx.screenpop.service import ScreenPops
from pbx.webhooks.catalogue import schema
from pbx.webhooks.telling import Telling
from tests.pbx.callback.world import JAN, World
from tests.pbx.queue.house import QUIET, House
from tests.pbx.settings.home import switch
from tests.pbx.webhooks.test_signature import fits

CRM = {"name": "crm", "url": "https://crm.example/?n={number_e164}&q={queue}"}
CALLER = {"direction": "inbound", "trunk": "carrier", "did": "+48221110001"}


class Office:
    """A house with screen pops."""

    def __init__(self, *pops: dict[str, Any], agents: dict[str, Any] | None = None, **more: Any) -> None:
        config = {"screen_pop": [ScreenPop(**pop) for pop in pops], **more.pop("config", {})}
        self.house = House(agents or {"101": {}}, config=config, **more)
        self.services = self.house.harness.services
        self.pops = ScreenPops(self.services, collected)
        self.pops.start()
        self.marks: list[str] = []
        self.pops.changed = self.marks.append

    def call(self, **setup: Any) -> FakeCaller:
        return self.house.call(**{**CALLER, **setup})

    def told(self, caller: FakeCaller | None = None) -> list[dict[str, Any]]:
        return [event.data for event in self.house.journey(Kind.SCREEN_POP, caller)]

    async def close(self) -> None:
        await self.house.close()
        assert not self.pops.open
        assert not self.pops._calls
        self.pops.stop()


async def test_nothing_listens_until_a_page_is_configured_and_then_the_next_ring_is_told() -> None:
    office = Office(agents={"101": {"answer_after_s": None}})
    assert office.pops._unsubscribe is None
    first = office.call()
    await office.house.sleep(1)
    assert office.told() == []
    first.hang_up()
    assert switch(office.services, screen_pop=[CRM]) == []
    second = office.call()
    await office.house.sleep(1)
    assert [(pop["name"], pop["agent"], pop["trigger"], pop["open"]) for pop in office.told(second)] == [
        ("crm", "101", "ringing", True)
    ]
    assert switch(office.services, screen_pop=[]) == []
    assert (office.pops._unsubscribe, office.pops.of("101")) == (None, [])
    await office.close()


async def test_ringing_answer_and_click_come_at_their_time_and_go_with_the_call() -> None:
    pops = [{**CRM, "name": name, "on": name} for name in ("ringing", "answer", "click")]
    office = Office(*pops, agents={"101": {"answer_after_s": 4.0}})
    caller = office.call()
    await office.house.sleep(2)
    assert [(pop["trigger"], pop["open"]) for pop in office.told()] == [("ringing", True), ("click", False)]
    await office.house.sleep(4)
    assert [pop["trigger"] for pop in office.told()] == ["ringing", "click", "answer"]
    (first, *_) = office.pops.of("101")
    assert first.url == "https://crm.example/?n=%2B48600100200&q=sales"
    assert first.row()["id"] == f"{caller.call.id}.101.ringing"
    assert office.pops.told == {("ringing", "ringing"): 1, ("click", "click"): 1, ("answer", "answer"): 1}
    caller.hang_up()
    await office.house.sleep(1)
    assert office.pops.of("101") == []
    assert {office.marks.count(name) for name in office.marks} == {2}, "come and gone"
    await office.close()


async def test_only_those_get_it_for_whom_it_is() -> None:
    pops = [
        {**CRM, "name": "team", "teams": ["day"]},
        {**CRM, "name": "service", "queues": ["service"]},
        {**CRM, "name": "out", "direction": "out"},
        {**CRM, "name": "both", "direction": "both", "agents": ["102"]},
    ]
    queues = [Queue(**{**QUIET, "name": name, "agents": [who]}) for name, who in (("sales", "101"), ("service", "102"))]
    config = {"team": Config.model_validate({"team": [{"name": "day", "members": ["101"]}]}).team}
    office = Office(*pops, agents={"101": {}, "102": {}}, queues=queues, config=config)
    office.call()
    office.house.call("service", **CALLER)
    await office.house.sleep(2)
    assert sorted((pop["name"], pop["agent"]) for pop in office.told()) == [
        ("both", "102"), ("service", "102"), ("team", "101"),
    ]  # fmt: skip
    await office.close()


async def test_a_contact_that_is_offered_again_opens_once_and_leaves_a_link() -> None:
    twice = {**CRM, "name": "each", "once_per_contact": False}
    office = Office(CRM, twice, agents={"101": {"answer_after_s": None}}, ring_timeout_s=3, missed_offers_until_break=5)
    caller = office.call()
    await office.house.sleep(3 + RETRY_PAUSE_S + 1)  # the second offer rings
    assert [(pop["name"], pop["open"]) for pop in office.told(caller)] == [
        ("crm", True), ("each", True), ("each", True),
    ]  # fmt: skip
    assert [(pop.name, pop.open) for pop in office.pops.of("101")] == [("crm", False), ("each", True)]
    caller.hang_up()
    await office.house.sleep(1)
    again = office.call()
    await office.house.sleep(1)
    assert [pop["name"] for pop in office.told(again)] == ["crm", "each"], "another call is another contact"
    await office.close()


async def test_a_call_to_an_agents_own_number_and_one_transferred_back_to_him() -> None:
    office = Office({**CRM, "on": "answer"}, agents={"101": {"talk_s": 2.0}, "102": {"talk_s": 2.0}})

    async def rounds(call: Any) -> None:
        for extension in ("101", "102", "101"):
            await call.dial(extension, timeout_s=10.0)

    caller = office.house.harness.call(rounds, **CALLER)
    await office.house.sleep(2)
    assert [pop["agent"] for pop in office.told(caller)] == ["101"]
    await office.house.sleep(30)
    assert [pop["agent"] for pop in office.told(caller)] == ["101", "102"]
    inside = office.house.harness.call(rounds, caller="105", direction="internal", extension="105")
    await office.house.sleep(20)
    assert office.told(inside) == [], "a colleague is no customer"
    await office.close()


async def test_the_page_knows_the_visit_the_tags_and_what_the_flow_collected() -> None:
    names = ("number_national", "did", "session_id", "utm_source", "gclid", "tags", "caller_name", "agent")
    url = "https://crm.example/?" + "&".join(f"{name}={{{name}}}" for name in names) + "&o={ivr.order}&pin={ivr.pin}"
    config = Config.model_validate({"numbering": {"country": "PL"}})
    office = Office({"name": "crm", "url": url}, config={"numbering": config.numbering})

    async def flow(call: Any) -> None:
        run = object.__new__(Run)
        run.variables = Variables(call, {"order": "A/7 & B"})
        run.variables.set("pin", "1234", masked=True)
        call.variables[KEPT], call.variables["tag"] = run, "vip"
        await office.house.queues.application("sales")(call)  # type: ignore[misc]

    origin = {"source": "google", "session": "s1", "click_id": "Cj0K", "click_kind": "gclid"}
    office.house.harness.call(flow, caller_name="Jan Żak", tag="shop", origin=origin, **CALLER)
    await office.house.sleep(2)
    (pop,) = office.told()
    assert pop["url"] == (
        "https://crm.example/?number_national=600100200&did=%2B48221110001&session_id=s1&utm_source=google&gclid=Cj0K"
        "&tags=vip%2Cshop&caller_name=Jan%20%C5%BBak&agent=101&o=A%2F7%20%26%20B&pin="
    )
    await office.close()


async def test_an_agent_on_a_line_that_stays_connected() -> None:
    agent = Agent(extension="kim", initial_state="available", line="persistent", line_number="300")
    queue = Queue(**{**QUIET, "name": "sales", "agents": ["kim"]})
    both = [{**CRM, "name": on, "on": on} for on in ("ringing", "answer")]
    office = Office(
        *both, agents={"300": {"answer_after_s": 2.0}}, queues=[queue], config={"agent": [agent]}, signed_in=False
    )
    await office.house.sleep(5)
    caller = office.call()
    await office.house.sleep(5)
    assert [(pop["agent"], pop["trigger"]) for pop in office.told(caller)] == [("kim", "ringing"), ("kim", "answer")]
    caller.hang_up()
    await office.house.sleep(1)
    assert not office.pops.open
    office.house.phones["300"].hang_up()
    await office.house.sleep(2)
    await office.close()


async def test_a_withheld_number_is_not_given_away() -> None:
    office = Office(CRM)
    office.call(withheld=True)
    await office.house.sleep(2)
    assert [pop["url"] for pop in office.told()] == ["https://crm.example/?n=&q=sales"]
    await office.close()


def popping(
    url: str = "https://crm.example/{contact_id}/{number_e164}", **world: Any
) -> tuple[World, ScreenPops, list[CallEvent]]:
    pop = {"name": "crm", "url": url, "direction": "out"}
    here = World(screen_pop=[pop], **world)
    here.services.keeper = here.keeper
    pops = ScreenPops(here.services, collected)
    told: list[CallEvent] = []
    here.services.bus.subscribe(CallEvent, told.append, {Kind.SCREEN_POP})
    return here, pops, told


async def test_a_callback_pops_for_its_agent_once_over_a_restart_and_is_forgotten_with_its_item() -> None:
    here, pops, told = popping(agents={"201": {"answer_after_s": None}})
    await here.start()
    pops.start()
    item = await here.ask()
    await here.harness.sleep(3)
    (event,) = told
    assert (event.data["agent"], event.data["direction"], event.data["contact"]) == ("201", "out", item.id)
    assert event.data["url"] == f"https://crm.example/{item.id}/%2B{JAN[1:]}"
    assert here.keeper.load(ROOM) == {item.id: [["crm", "201"]]}
    pops.stop()
    again, others, more = popping(agents={"201": {}}, store=here.store, keeper=here.keeper)
    await here.close()
    await again.start()
    others.start()
    await again.harness.sleep(4)
    assert more == []
    await again.harness.sleep(7200)
    await again.close()
    assert again.keeper.load(ROOM) == {}, "the item is closed"


async def test_a_callback_knows_what_was_told_before_it_was_asked_for() -> None:
    url = "https://crm.example/?o={ivr.order}&pin={ivr.pin}"
    here, pops, told = popping(url, agents={"201": {"answer_after_s": None}})
    await here.start()
    pops.start()
    asked: list[Any] = []

    async def flow(call: Any) -> None:
        run = object.__new__(Run)
        run.variables = Variables(call, {"order": ["A/7", "B"][len(asked)]})
        run.variables.set("pin", "1234", masked=True)
        call.variables[KEPT] = run
        asked.append(await here.ask(origin_call=call.id, key=call.id, at=here.services.clock.unix() + 60))
        await call.hangup()

    here.harness.call(flow, caller=JAN, direction="inbound")
    await here.harness.sleep(1)
    here.harness.call(flow, caller=JAN, direction="inbound")
    await here.harness.sleep(1)
    assert asked[0].id == asked[1].id, "one item"
    assert here.keeper.load(CARRIED) == {asked[0].id: {"order": "B"}}, "the newest stands, of one contact"
    pops.stop()
    again, others, more = popping(url, agents={"201": {}}, store=here.store, keeper=here.keeper)
    await here.close()
    await again.start()
    others.start()
    await again.harness.sleep(63)
    assert [event.data["url"] for event in more] == ["https://crm.example/?o=B&pin="]
    assert told == []
    await again.harness.sleep(7200)
    await again.close()
    assert again.keeper.load(CARRIED) == {}, "the item is closed"


async def test_webhooks_tell_it_as_they_say() -> None:
    office = Office(CRM)
    bodies: list[tuple[str, str, dict[str, Any]]] = []
    telling = Telling(lambda name, _about, queue, data: bodies.append((name, queue, data)), office.services.running)
    office.services.bus.subscribe(CallEvent, telling.event, {Kind.SCREEN_POP})
    office.call()
    await office.house.sleep(2)
    ((name, queue, data),) = bodies
    assert (name, queue, data["url"]) == ("screen.pop", "sales", "https://crm.example/?n=%2B48600100200&q=sales")
    body = {"id": "1", "type": name, "version": 1, "created": "2026-11-22T10:00:00Z", "sequence": 1, "data": data}
    assert fits(body, schema("screen.pop")) == []
    await office.close()


async def test_an_outgoing_call_of_an_agent() -> None:
    here, pops, told = popping(extension=[{"number": "201", "secret": "x" * 12, "outbound": True}])
    await here.start()
    pops.start()

    async def out(call: Any) -> None:
        await call.dial(JAN, timeout_s=20.0, account="201")

    caller = here.harness.call(out, caller="201", callee=JAN, direction="outbound", extension="201")
    await here.harness.sleep(2)
    assert [(event.data["agent"], event.data["queue"]) for event in told] == [("201", "")]
    assert told[0].data["url"].endswith(f"/{caller.call.id}/%2B{JAN[1:]}")
    assert [pop.agent for pop in pops.of("201")] == ["201"]
    caller.hang_up()
    await here.close()
    assert not pops.open


async def test_a_keeper_with_something_else_in_its_room_is_swept() -> None:
    keeper = MemoryKeeper()
    keeper.put(ROOM, "gone", [["crm", "101"]])
    office = Office(CRM, keeper=keeper)
    assert keeper.load(ROOM) == {}
    await office.close()

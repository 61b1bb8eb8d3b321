"""Who calls, from where, and what other systems know of him."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pbx.customers.customer import Customer
from pbx.events import Kind
from pbx.flow.loader import check_flows
from pbx.numbers.range_files import read_ranges
from tests.pbx.flow.equipped import EquippedHouse, FakeWeb, said

END = {"kind": "hangup"}
GOLD = Customer("7", ("+48600100200",), "Jan", "pl", tags=("gold",), agent="101", note="likes tea")


def check(**settings: Any) -> dict[str, Any]:
    ends = ("gold", "vip", "known", "blocked", "first", "nobody")
    block = {"kind": "caller_check", "unknown": "nobody", **settings}
    words = {"kind": "say", "text": "{caller.name|default:nobody} {caller.match|default:-}", "next": "end"}
    used = {value for value in (*block.values(), *block.get("tags", {}).values()) if isinstance(value, str)}
    return {"who": block, **{name: words for name in ends if name in used}, "end": END}


ALL = {"tags": {"Gold": "gold"}, "vip": "vip", "known": "known", "first_time": "first", "blacklist": "blocked"}


@pytest.mark.parametrize(
    ("customer", "caller", "exit_", "heard"),
    [
        (GOLD, "+48600100200", "tag:gold", "Jan exact"),
        (GOLD, "600100200", "tag:gold", "Jan exact"),
        (Customer("8", ("+48600100200",), "Ola", vip=True), "+48600100200", "vip", "Ola exact"),
        (Customer("9", ("+48600100200",), "Ola"), "+48600100200", "known", "Ola exact"),
        (GOLD, "+48611222333", "first_time", "nobody -"),
        (GOLD, "+48699999999", "unknown", "nobody -"),
        (GOLD, "+49600100200", "tag:gold", "Jan tail"),
    ],
)
async def test_the_first_exit_that_fits(customer: Customer, caller: str, exit_: str, heard: str) -> None:
    house = EquippedHouse(check(**ALL))
    house.knows(customer)
    house.customers.callers.add("+48699999999")
    assert said(await house.run(caller=caller)) == [heard]
    assert house.way()[0] == f"who:{exit_}"
    (told,) = house.told(Kind.CALLER_KNOWN)
    assert told["exit"] == exit_.partition(":")[0]
    await house.close()


async def test_who_is_blocked_goes_his_own_way_though_he_is_known() -> None:
    house = EquippedHouse(check(**ALL))
    house.knows(GOLD)
    house.harness.services.inbound.screening.add("block", "+48600*")
    await house.run(caller="+48600100200")
    assert house.way()[0] == "who:blacklist"
    await house.close()


async def test_a_customer_s_language_is_taken_where_the_flow_speaks_it_and_his_agent_is_asked_first() -> None:
    blocks = {
        "who": {"kind": "caller_check", "known": "say", "unknown": "say", "languages": ["pl", "en"]},
        "say": {"kind": "say", "text": {"pl": "Dzień dobry", "en": "Good day"}, "next": "agents"},
        "agents": {"kind": "queue", "queue": "sales", "preferred": "{caller.agent}"},
    }
    house = EquippedHouse(blocks)
    house.knows(GOLD)
    phone = house.harness.phone("101", talk_s=1.0)
    caller = await house.run(caller="+48600100200")
    assert caller.heard[0][1] == "pl:Dzień dobry"
    assert phone.sessions
    assert house.told(Kind.QUEUE_JOINED)[0]["preferred"] == "101"
    await house.close()


async def test_texts_are_needed_in_every_language_that_a_customer_may_bring() -> None:
    blocks = check(known="nobody", languages=["ru"])
    blocks["nobody"] = {"kind": "say", "text": {"en": "Hello"}, "next": "end"}
    house = EquippedHouse({"end": END})
    config = house.config.model_copy(deep=True)
    config.flow[0].block, config.flow[0].start = blocks, "who"
    assert ["no words in 'ru'" in str(problem) for problem in check_flows(config)] == [True]
    await house.close()


async def test_a_database_that_fails_costs_the_caller_his_name_alone() -> None:
    house = EquippedHouse(check(known="nobody"))
    house.customers.broken = OSError("disk")
    assert said(await house.run(caller="+48600100200")) == ["nobody -"]
    assert [told["error"] for told in house.told(Kind.FLOW_FAILED)] == ["the caller cannot be looked up: disk"]
    assert said(await house.run(caller="anonymous", withheld=True)) == ["nobody -"]
    assert house.customers.asked == 1, "nobody is looked up by a number that he hides"
    await house.close()


REGISTER = """АВС/ DEF;От;До;Емкость;Оператор;Регион
916;0000000;0999999;1000000;ПАО МТС;г. Москва
921;1000000;1999999;1000000;ПАО Мегафон;Ленинградская область
"""


@pytest.mark.parametrize(
    ("number", "exit_", "region"),
    [
        ("+79160000001", "region:г. Москва|Московская*", "г. Москва"),
        ("+79211234567", "other", "Ленинградская область"),
        ("+79990000001", "unknown", ""),
        ("+48600100200", "region:PL", ""),
    ],
)
async def test_regions_by_imported_ranges(number: str, exit_: str, region: str) -> None:
    blocks = {
        "where": {
            "kind": "region",
            "regions": {"г. Москва|Московская*": "say", "PL": "say"},
            "other": "end",
            "unknown": "end",
        },
        "say": {"kind": "say", "text": "{region.name|default:-} {region.country}", "next": "end"},
        "end": END,
    }
    house = EquippedHouse(blocks, config={"numbering": {"country": "RU", "regions": False}})
    house.harness.services.inbound.regions.take_ranges([read_ranges([("r", REGISTER)])])
    await house.run(caller=number)
    assert house.way()[0] == f"where:{exit_}"
    assert house.told(Kind.REGION_FOUND)[0]["region"] == region
    await house.close()


def crm(**settings: Any) -> dict[str, Any]:
    block = {
        "kind": "crm",
        "url": "https://crm.example/find?phone={call.caller}",
        "headers": {"Authorization": "{secret.crm}"},
        "fields": {"id": "customer.id", "name": "customer.name", "vip": "vip", "tags": "tags", "agent": "manager.ext"},
        **{"found": "say", "vip": "gold", "unknown": "end", "error": "sorry", **settings},
    }
    say = {"kind": "say", "text": "Hello {caller.name}", "next": "end"}
    sorry = {"kind": "say", "text": "Later", "next": "end"}
    return {"crm": block, "say": say, "gold": say, "sorry": sorry, "end": END}


ANSWER = {"customer": {"id": 12, "name": "Ola"}, "vip": "yes", "tags": ["a"], "manager": {"ext": "101"}}


@pytest.mark.parametrize(
    ("status", "body", "exit_"),
    [
        (200, ANSWER, "vip"),
        (200, {**ANSWER, "vip": False}, "found"),
        (200, [], "unknown"),
        (404, {}, "unknown"),
        (500, {}, "error"),
    ],
)
async def test_a_crm_says_who_calls(status: int, body: Any, exit_: str) -> None:
    house = EquippedHouse(crm(), web=FakeWeb(lambda _: (status, json.dumps(body))))
    await house.run(caller="+48600100200")
    assert house.way()[0] == f"crm:{exit_}"
    (ask,) = house.web.asks
    assert ask.url == "https://crm.example/find?phone=%2B48600100200"
    assert ask.headers["Authorization"] == "Bearer xyz"
    assert "xyz" not in str(house.harness.events)
    await house.close()

"""Requests to other systems: variables in, variables out, what goes wrong, and what is told of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from pbx.config import Config, Flow
from pbx.events import Kind
from pbx.flow.loader import check_flows
from pbx.web.client import Ask, WebError
from tests.pbx.flow.equipped import EquippedHouse, FakeWeb, said

END = {"kind": "hangup"}


def asking(**settings: Any) -> dict[str, Any]:
    block = {
        "kind": "http",
        "url": "https://crm.example/orders",
        "map": {"order.state": "state"},
        "ok": "say",
        "error": "sorry",
    }
    block |= settings
    return {
        "ask": block,
        "say": {"kind": "say", "text": "Order {order.state|default:unknown}", "next": "end"},
        "sorry": {"kind": "say", "text": "Reason {http.reason|default:none} {http.status}", "next": "end"},
        "end": END,
    }


async def answered(web: FakeWeb, **settings: Any) -> tuple[EquippedHouse, list[str]]:
    house = EquippedHouse(asking(**settings), web=web)
    heard = said(await house.run(caller="+48600100200"))
    await house.close()
    return house, heard


async def test_what_an_answer_says_becomes_variables_and_its_body_is_told_nobody() -> None:
    body = json.dumps({"orders": [{"state": "sent"}, {"state": "paid"}], "secret": "TOPSECRET"})
    web = FakeWeb(lambda _: (200, body))
    house, heard = await answered(web, map={"order.state": "orders[-1].state"}, needed=["order.state"])
    assert heard == ["Order paid"]
    (told,) = house.told(Kind.HTTP_ASKED)
    assert {key: told[key] for key in ("host", "method", "status", "outcome", "reason")} == {
        "host": "crm.example",
        "method": "GET",
        "status": 200,
        "outcome": "ok",
        "reason": "",
    }
    assert told["ms"] == 50
    assert "TOPSECRET" not in str(house.harness.events)


@pytest.mark.parametrize(
    ("answer", "exit_"),
    [((500, "{}"), "error"), ((404, ""), "error"), ((200, "no JSON"), "error"), ((302, ""), "error")],
)
async def test_what_is_no_use_is_an_error(answer: tuple[int, str], exit_: str) -> None:
    house, _ = await answered(FakeWeb(lambda _: answer), map={"order.state": "state"}, needed=["order.state"])
    assert house.way()[0] == f"ask:{exit_}"


async def test_a_value_that_is_too_large_is_none() -> None:
    web = FakeWeb(lambda _: (200, json.dumps({"state": "x" * 10_000})))
    house, heard = await answered(web, map={"order.state": "state"})
    assert heard == ["Order unknown"]
    house, _ = await answered(web, map={"order.state": "state"}, needed=["order.state"])
    assert house.way()[0] == "ask:error"


async def test_no_answer_in_time_and_no_connection() -> None:
    slow = FakeWeb(lambda _: (200, "{}"))
    slow.takes_s = 9.0
    house, heard = await answered(slow, timeout_s=2.0)
    assert (house.way()[0], heard) == ("ask:timeout", ["Reason timeout zero"])
    assert house.told(Kind.HTTP_ASKED)[0]["ms"] == 2000

    def broken(_: Ask) -> tuple[int, str]:
        raise WebError("connect", "refused")

    house, heard = await answered(FakeWeb(broken))
    assert (house.way()[0], heard) == ("ask:error", ["Reason connect zero"])


async def test_variables_in_an_address_change_neither_its_host_nor_its_path() -> None:
    web = FakeWeb(lambda _: (200, "{}"))
    house = EquippedHouse(
        asking(url="https://crm.example/of/{call.caller_name}", query={"q": "{call.caller}&x=1"}), web=web
    )
    await house.run(caller="+48600100200", caller_name="../admin?a=b#c@evil.example/")
    assert web.asks[0].url == (
        "https://crm.example/of/..%2Fadmin%3Fa%3Db%23c%40evil.example%2F?q=%2B48600100200%26x%3D1"
    )
    await house.run(caller="+48600100200", caller_name="..")
    assert len(web.asks) == 1, "a value that is a way upwards is not sent"
    assert house.way().count("ask:error") == 1
    await house.close()


async def test_bodies_hold_variables_and_a_post_is_the_same_when_it_comes_twice() -> None:
    web = FakeWeb(lambda _: (200, "{}"))
    body = {"who": "{call.caller}", "more": ["{call.did|default:none}", 1, {"x": True}]}
    await answered(web, method="POST", body=body)
    assert json.loads(web.asks[0].body) == {"who": "+48600100200", "more": ["none", 1, {"x": True}]}
    assert web.asks[0].headers["Content-Type"] == "application/json"
    assert web.asks[0].headers["Idempotency-Key"].endswith("-ask")
    await answered(web, method="POST", form={"n": "{call.caller}", "z": "ż"})
    assert web.asks[1].body == b"n=%2B48600100200&z=%C5%BC"


async def test_each_round_that_says_something_else_is_a_request_of_its_own() -> None:
    web = FakeWeb(lambda _: (200, "{}"))
    blocks = asking(method="POST", body={"round": "{ivr.round}"}, ok="more") | {
        "more": {"kind": "loop", "times": 2, "again": "set", "done": "end"},
        "set": {"kind": "set_variable", "set": {"ivr.round": "'b'"}, "next": "ask"},
    }
    del blocks["say"]
    house = EquippedHouse(blocks, web=web, flow={"variables": {"ivr.round": "a"}})
    await house.run(caller="+48600100200")
    keys = [ask.headers["Idempotency-Key"] for ask in web.asks]
    assert [json.loads(ask.body)["round"] for ask in web.asks] == ["a", "b", "b"]
    assert keys[0] != keys[1] == keys[2], "the same request twice is one"
    await house.close()


async def test_a_webhook_is_signed_over_its_second_and_body() -> None:
    web = FakeWeb(lambda _: (204, ""))
    hook = {"kind": "webhook", "url": "https://crm.example/hook", "secret": "crm", "event": "vip", "ok": "end"}
    house = EquippedHouse({"hook": {**hook, "data": {"x": "{call.caller_name}"}}, "end": END}, web=web)
    await house.run(caller="+48600100200", caller_name="{not a variable}")
    ask = web.asks[0]
    told = json.loads(ask.body)
    assert (told["event"], told["call"]["caller"], told["data"]) == ("vip", "+48600100200", {"x": "{not a variable}"})
    at = ask.headers["X-Centrala-Timestamp"]
    wanted = hmac.new(b"Bearer xyz", f"{at}.".encode() + ask.body, hashlib.sha256).hexdigest()
    assert ask.headers["X-Centrala-Signature"] == f"sha256={wanted}"
    await house.close()


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"url": "https://other.example/x"}, "add 'other.example' to hosts of [http]"),
        ({"url": "http://crm.example:81/x"}, "hosts of [http]"),
        ({"url": "https://{call.caller}.example/x"}, "the host as it is"),
        ({"url": "ftp://crm.example/x"}, "http:// or https://"),
        ({"headers": {"A": "{secret.none}"}}, "there is no entry of http.secrets 'none'"),
        ({"map": {"order.state": "a..b"}}, "is no path"),
        ({"map": {"call.id": "a"}}, "cannot be set"),
        ({"needed": ["x.y"]}, "needed names 'x.y'"),
        ({"method": "GET", "body": {"a": 1}}, "a GET has no body"),
        ({"query": {"a": "{order.nothing}"}}, "reads 'order.nothing', which nothing sets"),
    ],
)
def test_mistakes_are_told_before_a_call_comes(settings: dict[str, Any], part: str) -> None:
    blocks = asking(**settings)
    blocks["say"]["text"] = "Yes"
    flow = Flow.model_validate({"name": "main", "start": "ask", "block": blocks})
    config = Config.model_validate({"http": {"hosts": ["crm.example"]}, "flow": [flow]})
    found = [str(problem) for problem in check_flows(config)]
    assert any(part in text for text in found), found

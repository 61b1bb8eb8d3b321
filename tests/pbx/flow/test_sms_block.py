"""The block that sends messages: what it asks for, and where its exits lead."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config, Flow
from pbx.contact.messaging import SmsRefused, SmsRequest, SmsTicket
from pbx.flow.loader import check_flows
from tests.pbx.flow.test_interpreter import END, House

EXITS = {"sent": "end", "not_mobile": "land", "failed": "sorry"}


class FakeSms:
    """Takes everything, unless it was told to refuse."""

    def __init__(self, refuse: Exception | None = None) -> None:
        self.asked: list[SmsRequest] = []
        self.refuse = refuse

    async def send(self, request: SmsRequest) -> SmsTicket:
        self.asked.append(request)
        if self.refuse is not None:
            raise self.refuse
        return SmsTicket("m1", request.to, "queued", 1, "gsm7", 0.1)


def house(port: FakeSms | None, **settings: Any) -> House:
    found = House(
        send={"kind": "sms", **EXITS, **settings},
        land={"kind": "set_variable", "set": {"ivr.why": "sms.reason"}, "next": "end"},
        sorry={"kind": "set_variable", "set": {"ivr.why": "sms.reason"}, "next": "end"},
        end=END,
    )
    if port is not None:
        found.harness.services.extra["sms"] = port
    return found


async def way(found: House, **setup: Any) -> list[tuple[str, str]]:
    caller = found.call(**setup)
    await found.harness.sleep(1)
    ways = found.way(caller)
    await found.close()
    return ways


async def test_the_caller_gets_the_text_with_its_values() -> None:
    port = FakeSms()
    found = house(port, text="Hello {call.caller}", once_per_h=2)
    assert await way(found, caller="+48600100200") == [("send", "sent"), ("end", "end")]
    (request,) = port.asked
    assert (request.to, request.text, request.once_per_h) == ("+48600100200", "Hello {call.caller}", 2)
    assert request.source == "flow:hotline:send"
    assert request.urgent
    assert request.variables is not None
    assert request.variables["call.caller"] == request.variables["caller"] == "+48600100200"
    assert request.key.endswith(":hotline:send")


@pytest.mark.parametrize(
    ("refuse", "exit_"),
    [
        (SmsRefused(403, "not_mobile", "a landline"), "not_mobile"),
        (SmsRefused(422, "invalid", "no number"), "not_mobile"),
        (SmsRefused(429, "limit_number", "too many"), "failed"),
        (SmsRefused(403, "opted_out", "wants none"), "failed"),
        (RuntimeError("the disk is full"), "failed"),
    ],
)
async def test_what_goes_wrong_has_an_exit(refuse: Exception, exit_: str) -> None:
    ways = await way(house(FakeSms(refuse), text="Hello"), caller="+48600100200")
    assert ways[0] == ("send", exit_)
    assert ways[-1] == ("end", "end")


async def test_a_withheld_number_and_no_messages_at_all() -> None:
    port = FakeSms()
    assert (await way(house(port, text="Hello"), caller="anonymous", withheld=True))[0] == ("send", "not_mobile")
    assert port.asked == []
    assert (await way(house(None, text="Hello")))[0] == ("send", "failed")


async def test_another_number_by_a_template() -> None:
    port = FakeSms()
    await way(house(port, text="A call from {call.caller}", to="{call.did|default:+48600100299}"))
    assert port.asked[0].to == "+48600100299"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "template"),
        ({"text": "a", "template": "b"}, "template"),
        ({"template": "none"}, "there is no template of messages 'none'"),
    ],
)
def test_a_block_that_is_wrong_is_refused(settings: dict[str, Any], told: str) -> None:
    blocks = {"send": {"kind": "sms", **settings, "sent": "end"}, "end": END}
    flow = Flow.model_validate({"name": "f", "start": "send", "block": blocks})
    assert any(told in str(problem) for problem in check_flows(Config(flow=[flow])))

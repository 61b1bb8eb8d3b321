"""Supervisors: rights, modes, the change between them, taking over, and that all of it is in the journeys."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.testing import FakeCaller, FakePhone
from pbx.events import Kind
from pbx.queue.service import QueueService
from tests.pbx.features.world import Company

PEOPLE: list[dict[str, Any]] = [
    {"number": "101", "call_groups": ["sales"]},
    {"number": "103", "supervisor": True, "supervises": ["sales"]},
    {"number": "104", "supervisor": True},
]


async def talk(**more: Any) -> tuple[Company, FakePhone, FakeCaller]:
    company = Company(extension=PEOPLE, **more)
    phone = company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    return company, phone, caller


@pytest.mark.parametrize(("code", "mode"), [("*33", "listen"), ("*34", "whisper"), ("*35", "barge")])
async def test_modes(code: str, mode: str) -> None:
    company, phone, caller = await talk()
    chief = company.dial("103", f"{code}101")
    await company.sleep(1)
    agent = phone.sessions[0].observer.media
    assert chief.media.supervises == (mode, agent)
    assert agent.partner is caller.media
    assert not agent.overlaid
    begun = company.journey(caller.call, Kind.SUPERVISED)[0]
    assert begun.data == {"mode": mode, "supervisor": "103", "target": "101"}
    caller.hang_up()
    await chief.over()
    assert company.journey(chief.call, Kind.UNSUPERVISED)
    await company.close()


async def test_keys_change_the_mode_and_a_notice_is_heard() -> None:
    company, phone, caller = await talk(supervision={"notice": True})
    chief = company.dial("104", "*33101")
    await company.sleep(1)
    agent = phone.sessions[0].observer.media
    assert agent.overlaid == ["tone:beep"]
    chief.press("2")
    await company.sleep(1)
    assert chief.media.supervises == ("whisper", agent)
    chief.press("3")
    await company.sleep(1)
    assert chief.media.supervises == ("barge", agent)
    modes = [event.data["mode"] for event in company.journey(caller.call, Kind.SUPERVISED)]
    assert modes == ["listen", "whisper", "barge"]
    chief.hang_up()
    await chief.over()
    assert agent.partner is caller.media
    await company.close()


async def test_takeover() -> None:
    company, phone, caller = await talk()
    chief = company.dial("103", "*36101")
    await company.sleep(1)
    assert not phone.talking
    assert caller.media.partner is chief.media
    caller.hang_up()
    await caller.over()
    assert chief.session.state == "terminated"
    await company.close()


@pytest.mark.parametrize(
    ("who", "target", "status"), [("102", "101", 403), ("103", "104", 403), ("104", "104", 403), ("104", "102", 404)]
)
async def test_rights(who: str, target: str, status: int) -> None:
    company, _, _ = await talk()
    chief = company.dial(who, f"*33{target}")
    await chief.over()
    assert chief.status == status
    await company.close()


async def test_a_queue_gives_the_right_to_hear_its_agents() -> None:
    company = Company(
        extension=[{"number": "104", "supervisor": True, "supervises": ["help"]}],
        queue=[{"name": "help", "agents": ["102"]}],
    )
    company.phone("102")
    company.call("extension:102")
    await company.sleep(3)
    chief = company.dial("104", "*33102")
    await company.sleep(1)
    assert chief.status == 200
    await company.close()


@pytest.mark.parametrize("first", ["*36", "*33"])
async def test_taking_over_from_a_queues_agent_gives_the_agent_wrap_up(first: str) -> None:
    company = Company(
        extension=PEOPLE,
        agent=[{"extension": "102", "initial_state": "available"}],
        queue=[{"name": "help", "agents": ["102"], "wrapup_s": 30, "announce_every_s": 0, "record": False}],
    )
    queues = QueueService(company.services)
    company.services.applications.register("queue", queues.application)
    phone = company.phone("102")
    queues.start()
    caller = company.call("queue:help")
    await company.sleep(3)
    assert queues.agents()[0].state == "talking"
    chief = company.dial("104", f"{first}102")
    await company.sleep(1)
    if first == "*33":
        chief.press("4")
        await company.sleep(1)
    assert not phone.talking
    assert queues.agents()[0].state == "wrapup"
    assert caller.media.partner is chief.media
    await company.sleep(5)
    assert not caller.call.ended
    chief.session.observer.on_ended(chief.session, "bye")
    await caller.over()
    queues.stop()
    await company.close()

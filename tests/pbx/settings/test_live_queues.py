"""Queues, agents and extensions change while one caller talks and others wait."""

from __future__ import annotations

import pytest

from pbx.app.reconfigure import SettingsRefused
from pbx.events import Kind
from tests.pbx.settings.home import QUIET, Home

SLOW = {"answer_after_s": 5.0}


async def test_a_new_extension_agent_and_queue_serve_while_calls_run() -> None:
    home = Home()
    talking = [home.harness.call("queue:sales") for _ in range(2)]
    await home.sleep(3)
    waiting = home.harness.call("queue:sales")
    await home.sleep(30)
    assert len(home.queues.queues["sales"].waiting) == 1
    await home.put("extension", "103", secret="secret-of-103")
    home.phones["103"] = home.harness.phone("103")
    await home.put("agent", "103", initial_state="available")
    assert home.state("103") == "available"
    await home.put("queue", "sales", agents=["101", "102", "103"], strategy="ring-all", **QUIET)
    await home.sleep(2)
    assert waiting.call.answered
    assert home.state("103") == "talking"
    (answered,) = home.harness.journey(waiting.call, Kind.QUEUE_ANSWERED)
    assert answered.data["wait_s"] > 29  # he kept his age
    await home.put("queue", "support", agents=["103"], **QUIET)
    await home.put("number", "700", application="queue:support")
    assert home.services.dialplan.named_application("700") == "queue:support"
    late = home.harness.call("queue:support")
    await home.sleep(1)
    assert [row.call_id for row in home.queues.queues["support"].snapshot().callers] == [late.call.id]
    home.phones["103"].hang_up()
    await home.sleep(3)
    assert home.state("103") == "talking"
    assert not any(caller.call.ended for caller in talking)
    await home.close()


async def test_an_agent_who_goes_serves_his_caller_to_the_end() -> None:
    home = Home()
    caller = home.harness.call("queue:sales")
    await home.sleep(3)
    (busy,) = [name for name in ("101", "102") if home.state(name) == "talking"]
    other = "102" if busy == "101" else "101"
    await home.settings.change(
        {("agent", busy): None, ("queue", "sales"): home.book.entry("queue", "sales", {"agents": [other], **QUIET})},
        "x",
    )
    assert home.state(busy) == "talking"
    home.phones[busy].hang_up()
    await home.sleep(1)
    assert caller.call.ended
    assert busy not in home.queues.roster.agents
    assert [agent.extension for agent in home.queues.queues["sales"].agents] == [other]
    await home.put("agent", busy, initial_state="available")  # and comes again
    await home.put("queue", "sales", agents=[busy], **QUIET)
    assert home.state(busy) == "available"
    served = home.harness.call("queue:sales")
    await home.sleep(3)
    assert served.call.answered
    assert home.state(busy) == "talking"
    await home.close()


async def test_an_agent_who_is_taken_back_before_his_call_ends_stays() -> None:
    home = Home()
    home.harness.call("queue:sales")
    await home.sleep(3)
    (busy,) = [name for name in ("101", "102") if home.state(name) == "talking"]
    before = home.queues.roster.agents[busy]
    other = "102" if busy == "101" else "101"
    entry = home.book.entry("queue", "sales", {"agents": [other], **QUIET})
    await home.settings.change({("agent", busy): None, ("queue", "sales"): entry}, "x")
    await home.settings.revert(None, "x")
    home.phones[busy].hang_up()
    await home.sleep(1)
    assert home.queues.roster.agents[busy] is before
    assert home.state(busy) == "available"
    await home.close()


async def test_a_queue_with_callers_is_not_removed() -> None:
    home = Home(agent=[], queue=[{"name": "sales", "agents": ["101"], **QUIET}, {"name": "spare", **QUIET}])
    caller = home.harness.call("queue:spare")
    await home.sleep(1)
    with pytest.raises(SettingsRefused, match=r"queue\.spare: 1 wait in the queue") as refused:
        await home.delete("queue", "spare")
    assert refused.value.status == 409
    assert home.store.log == []
    caller.hang_up()
    await home.sleep(1)
    await home.delete("queue", "spare")
    assert [queue.name for queue in home.queues.snapshot()] == ["sales"]
    assert home.queues.application("spare") is None
    await home.put("queue", "spare", agents=["102"], **QUIET)
    assert home.queues.dispatcher.index("spare") == 1  # it has its number again
    await home.close()


async def test_skills_relax_and_wrapup_change_for_those_who_come() -> None:
    home = Home()
    strict = {"agents": ["101", "102"], "skills": {"russian": 5}, **QUIET}
    await home.put("agent", "101", skills={"russian": 2}, initial_state="available")
    await home.put("queue", "sales", **strict)
    caller = home.harness.call("queue:sales")
    await home.sleep(10)
    assert len(home.queues.queues["sales"].waiting) == 1  # nobody speaks it well enough
    await home.put("agent", "102", skills={"russian": 7}, initial_state="available")
    await home.sleep(3)
    assert home.state("102") == "talking"
    assert caller.call.answered
    await home.put("queue", "sales", **{**strict, "wrapup_s": 60.0, "skills": {}})
    home.phones["102"].hang_up()
    await home.sleep(1)
    assert home.state("102") == "available"  # the rule of wrap-up that the talk began with
    talks = [home.harness.call("queue:sales") for _ in range(2)]
    await home.sleep(3)
    home.phones["102"].hang_up()
    await home.sleep(1)
    assert home.state("102") == "wrapup"
    assert sum(caller.call.ended for caller in talks) == 1
    await home.close()


async def test_breaks_teams_and_shifts() -> None:
    home = Home()
    await home.put("break_reason", "lunch", code="1", max_minutes=1)
    home.queues.set_agent("101", "break", "lunch")
    await home.delete("break_reason", "lunch")
    await home.sleep(90)
    assert home.queues.breaks.over("101")  # the break that runs keeps its limit
    home.queues.set_agent("101", "available")
    await home.put("team", "office", members=["101", "102"])
    assert [agent.extension for agent in home.queues.teams["office"]] == ["101", "102"]
    await home.put("hours", "never", closed=[])
    await home.put("shift", "day", hours="never", teams=["office"])
    await home.sleep(1)
    assert home.state("101") == home.state("102") == "offline"
    await home.delete("shift", "day")
    home.queues.set_agent("101", "available")
    assert home.state("101") == "available"
    await home.close()


async def test_announcements_change_for_those_who_wait() -> None:
    home = Home(agent=[])
    home.queues.set_agent("101", "offline")
    said = {"agents": ["101"], **QUIET, "comfort": [{"text": {"en": "Old words."}}], "comfort_every_s": 10.0}
    await home.put("queue", "sales", **said)
    caller = home.harness.call("queue:sales")
    await home.sleep(12)
    await home.put("queue", "sales", **{**said, "comfort": [{"text": {"en": "New words."}}]})
    await home.sleep(12)
    (stay,) = home.queues.queues["sales"].waiting.values()
    assert stay.announcer is not None
    assert stay.announcer._config.comfort[0].text == {"en": "New words."}
    assert not caller.call.ended
    await home.close()


async def test_an_agent_is_called_as_his_phone_unless_he_has_a_name_of_his_own() -> None:
    home = Home()
    assert home.queues.agent("101").name == ""
    await home.put("extension", "101", secret="secret-of-101", name="Anna")
    assert home.queues.agent("101").name == "Anna", "a change of extensions alone tells it"
    await home.put("agent", "101", name="Anna Nowak")
    await home.put("extension", "101", secret="secret-of-101", name="Reception")
    assert home.queues.agent("101").name == "Anna Nowak"
    await home.put("agent", "101")
    assert home.queues.agent("101").name == "Reception"
    await home.close()

"""Who is shown the pages of whom: over the HTTP API, in the live stream, and in the metrics."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from pbx.accounts.rights import Role
from pbx.api.rest.routes.screen_pops import screen_pops_router
from pbx.app.screen_pop_control import PbxScreenPopControl, ScreenPopRows, start
from pbx.config_live import Live
from pbx.live.hub import Hub
from pbx.live.topics import Topic, view_of
from tests.pbx.live.test_hub import Watcher
from tests.pbx.screenpop.test_pops import CRM, Office
from tests.support.rest import client, person
from tests.support.virtual_loop import virtual_clock

EVERY = frozenset(Topic)
TOPIC = Topic.SCREEN_POPS


async def test_an_agent_sees_his_own_and_is_told_when_it_is_over() -> None:
    office = Office(CRM, agents={"101": {"answer_after_s": 2.0}})
    hub = Hub(Live(), [ScreenPopRows(office.pops)], virtual_clock())
    mine = Watcher(view_of(person(Role.AGENT, extension="101"), EVERY))
    other = Watcher(view_of(person(Role.AGENT, extension="102"), EVERY))
    head, viewer = (Watcher(view_of(person(role), EVERY)) for role in (Role.SUPERVISOR, Role.VIEWER))
    for watcher in (mine, other, head, viewer):
        hub.join(watcher)
    caller = office.call()
    await office.house.sleep(5)
    name = f"{caller.call.id}.101.crm"
    assert [list(watcher.state.get(TOPIC, ())) for watcher in (mine, other, head, viewer)] == [[name], [], [name], []]
    assert (mine.state[TOPIC][name]["open"], mine.state[TOPIC][name]["agent"]) == (True, "101")
    caller.hang_up()
    await office.house.sleep(5)
    assert mine.state[TOPIC] == head.state[TOPIC] == {}
    hub.close()
    await office.close()


@pytest.mark.parametrize(
    ("role", "extension", "status"),
    [
        ("agent", "201", 200),
        ("agent", "101", 403),
        ("supervisor", "101", 200),
        ("viewer", "101", 403),
        ("", "101", 401),
    ],
)
async def test_what_a_client_that_was_loaded_anew_has_missed(role: str, extension: str, status: int) -> None:
    office = Office(CRM, agents={extension: {"answer_after_s": None}})
    app: Any = SimpleNamespace(queues=office.house.queues, screen_pops=office.pops)
    caller = office.call()
    await office.house.sleep(2)
    async with client([screen_pops_router(PbxScreenPopControl(app))], role) as http:
        answer = await http.get(f"/agents/{extension}/screen-pops")
        assert answer.status_code == status
        if status == 200:
            (row,) = answer.json()["items"]
            assert (row["call_id"], row["url"]) == (caller.call.id, "https://crm.example/?n=%2B48600100200&q=sales")
        if role == "supervisor":
            assert (await http.get("/agents/999/screen-pops")).status_code == 404
    caller.hang_up()
    await office.house.sleep(1)
    await office.close()


async def test_pops_are_counted_from_0_on() -> None:
    office = Office(CRM, {**CRM, "name": "link", "on": "click"})
    registry = CollectorRegistry()
    stopped: list[Any] = []
    app: Any = SimpleNamespace(
        calls=SimpleNamespace(services=office.services), metrics=SimpleNamespace(add=registry.register)
    )
    office.pops.stop()
    pops = start(app, SimpleNamespace(callback=stopped.append))  # type: ignore[arg-type]

    def counted() -> list[str]:
        text = generate_latest(registry).decode()
        return [line for line in text.splitlines() if line.startswith("centrala_screen_pops_total")]

    assert all(line.endswith(" 0.0") for line in counted())
    office.call()
    await office.house.sleep(2)
    assert counted() == [
        'centrala_screen_pops_total{name="crm",trigger="ringing"} 1.0',
        'centrala_screen_pops_total{name="link",trigger="click"} 1.0',
    ]
    await office.close()
    assert not pops.open
    (stop,) = stopped
    stop()

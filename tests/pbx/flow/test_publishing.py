"""Versions: what the next call gets, what running calls keep, and what is refused. The database is SQLite in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from pbx.events import Alarm, FlowVersionChanged
from pbx.flow.publishing import FlowRefused, Progress, Publishing
from pbx.flow.versions import MAX_FLOWS, MAX_VERSIONS, VersionState
from pbx.store import flow_versions as stored
from pbx.store.flow_versions import StoredFlowVersions
from pbx.store.schema import metadata
from tests.pbx.flow.houses import END, FlowHouse, said


def document(name: str = "main", text: str = "New", **more: Any) -> dict[str, Any]:
    blocks = {"say": {"kind": "say", "text": text, "next": "end"}, "end": END}
    return {"schema": 1, "name": name, "start": "say", "blocks": blocks, **more}


OLD = {"say": {"kind": "say", "text": "Old", "next": "end"}, "end": END}


async def here(work: Callable[..., Any], *given: Any) -> Any:
    """Instead of a thread, which virtual time would not wait for."""
    return work(*given)


class Press:
    """A house with flows that can be published; `restart` makes another one on the same database."""

    def __init__(self, connection: Connection | None = None, **flows: Any) -> None:
        if connection is None:
            connection = create_engine("sqlite://").connect()
            metadata.create_all(connection)
        self.connection, self.given = connection, flows
        self.house = FlowHouse(**flows)
        self.store = StoredFlowVersions()
        self.store.read(connection)
        self.store.attach(self._durable)
        self.rendered: list[tuple[str, str]] = []
        self.unspoken: list[str] = []
        self.during: Callable[[], Any] = lambda: None
        services = self.house.harness.services
        self.changes: list[Any] = []
        services.bus.subscribe(FlowVersionChanged, self.changes.append)
        self.alarms: list[Alarm] = []
        services.bus.subscribe(Alarm, self.alarms.append)
        self.publishing = Publishing(self.house.flows, services, self.store, self._preload, [], here)
        self.publishing.start()

    async def _durable(self, intent: Callable[[Connection], Any]) -> Any:
        result = intent(self.connection)
        self.connection.commit()
        return result

    async def _preload(self, texts: list[tuple[str, str]], progress: Progress) -> list[str]:
        for done, _ in enumerate(texts, 1):
            progress(done, len(texts))
            self.during()
        self.rendered += texts
        return self.unspoken

    async def new(self, text: str, **more: Any) -> int:
        """Publishes a flow that says `text`; returns its version."""
        await self.publishing.draft("main", document(text=text, **more), "ada", "")
        return (await self.publishing.publish("main", None, "bob", "why")).version

    async def hears(self) -> list[str]:
        return said(await self.house.run())

    async def close(self) -> None:
        await self.house.close()

    async def restart(self) -> Press:
        await self.close()
        return Press(self.connection, **self.given)


async def refused(work: Any) -> str:
    with pytest.raises(FlowRefused) as caught:
        await work
    return f"{caught.value.status} {caught.value}"


async def test_a_draft_is_published_and_the_next_call_gets_it_while_a_running_one_keeps_its_own() -> None:
    press = Press(
        main={"menu": {"kind": "menu", "text": "Menu", "keys": {"1": "old"}}, "old": {"kind": "hangup", "text": "Old"}}
    )
    running = press.house.call()
    await press.house.harness.sleep(0.1)
    assert await press.new("New") == 1
    assert await press.hears() == ["en:New"]
    running.press("1")
    await running.over()
    assert said(running) == ["en:Menu", "en:Old"]
    assert [(step.data["block"], step.data["version"]) for step in press.house.steps()] == [
        *(("say", 1), ("end", 1), ("menu", 0), ("old", 0))
    ]
    assert press.rendered == [("New", "en")]
    changed = press.changes[0]
    assert (changed.flow, changed.version, changed.previous, changed.by, changed.note) == ("main", 1, 0, "bob", "why")
    await press.close()


async def test_a_running_call_keeps_the_flows_that_it_goes_into_later_too() -> None:
    press = Press(
        main={
            "menu": {"kind": "menu", "text": "Menu", "keys": {"1": "in"}},
            "in": {"kind": "flow", "flow": "part", "next": "end"},
            "end": END,
        },
        part={"say": {"kind": "say", "text": "Old part", "next": "out"}, "out": {"kind": "return", "exit": "next"}},
    )
    running = press.house.call()
    await press.house.harness.sleep(0.1)
    await press.publishing.draft("part", document("part", "New part"), "ada", "")
    await press.publishing.publish("part", None, "ada", "")
    running.press("1")
    await running.over()
    assert said(running) == ["en:Menu", "en:Old part"]
    await press.close()


async def test_what_is_published_survives_a_restart_and_goes_back() -> None:
    press = Press(main=OLD)
    assert [await press.new("One"), await press.new("Two"), await press.new("Three")] == [1, 2, 3]
    press = await press.restart()
    assert await press.hears() == ["en:Three"]
    back = await press.publishing.rollback("main", None, "ada", "")
    assert back is not None
    assert (back.version, back.note) == (2, "rolled back")
    assert await press.hears() == ["en:Two"]
    await press.publishing.rollback("main", 1, "ada", "")
    assert await press.hears() == ["en:One"]
    assert await press.publishing.rollback("main", 0, "ada", "") is None
    assert await press.hears() == ["en:Old"]
    assert (await refused(press.publishing.rollback("main", 0, "ada", ""))).startswith("409 no version of flow 'main'")
    press = await press.restart()
    assert await press.hears() == ["en:Old"]
    states = [(row.version, row.state.value) for row in await press.publishing.versions("main")]
    assert states == [(3, "retired"), (2, "retired"), (1, "retired")]
    await press.close()


async def test_what_has_mistakes_is_kept_as_a_draft_and_not_published() -> None:
    press = Press(main=OLD)
    wrong = document()
    wrong["blocks"]["say"]["next"] = "ende"
    row, problems = await press.publishing.draft("main", wrong, "ada", "")
    assert row.state is VersionState.DRAFT
    assert [problem.key for problem in problems] == [("blocks", "say", "next")]
    said_ = await refused(press.publishing.publish("main", None, "ada", ""))
    assert said_.startswith(
        "422 version 1 of flow 'main' has mistakes:\nblocks.say.next: flow 'main', block 'say': exit"
    )
    assert (await refused(press.publishing.draft("main", {"name": 1}, "ada", ""))).startswith(
        "422 flow 'main' cannot be"
    )
    assert (await refused(press.publishing.draft("mine", wrong, "ada", ""))).startswith(
        "422 the document is of flow 'main'"
    )
    assert await press.hears() == ["en:Old"]
    again, _ = await press.publishing.draft("main", document(), "bob", "better")
    assert (again.version, again.author, again.note) == (1, "bob", "better")
    await press.close()


async def test_a_prompt_that_cannot_be_spoken_stops_publishing_unless_it_is_forced() -> None:
    press = Press(main=OLD)
    press.unspoken = ["en 'New': no engine"]
    await press.publishing.draft("main", document(), "ada", "")
    assert "1 prompts of flow 'main' cannot be spoken:\nen 'New': no engine" in await refused(
        press.publishing.publish("main", None, "ada", "")
    )
    assert await press.hears() == ["en:Old"]
    await press.publishing.publish("main", None, "ada", "", force=True)
    assert await press.hears() == ["en:New"]
    await press.close()


async def test_progress_is_told_while_prompts_are_rendered() -> None:
    press = Press(main=OLD)
    seen: list[tuple[int, int]] = []
    press.during = lambda: seen.append(press.publishing.progress["main"])
    await press.publishing.draft(
        "main",
        document(text="One")
        | {"blocks": {"say": {"kind": "say", "text": "One", "next": "end"}, "end": {"kind": "hangup", "text": "Two"}}},
        "ada",
        "",
    )
    await press.publishing.publish("main", None, "ada", "")
    assert seen == [(1, 2), (2, 2)]
    assert press.publishing.progress == {}
    await press.close()


async def test_two_who_publish_at_once_do_it_one_after_the_other() -> None:
    press = Press(main=OLD)
    await press.new("One")
    await press.new("Two")
    await asyncio.gather(*(press.publishing.publish("main", version, "ada", "") for version in (1, 2, 1)))
    rows = await press.publishing.versions("main")
    assert [(row.version, row.state.value) for row in rows] == [(2, "retired"), (1, "published")]
    assert await press.hears() == ["en:One"]
    await press.close()


async def test_a_flow_that_others_lead_into_cannot_be_made_unfit_for_them() -> None:
    press = Press(
        main={"in": {"kind": "flow", "flow": "part", "next": "end"}, "end": END},
        part={"say": {"kind": "say", "text": "Part", "next": "out"}, "out": {"kind": "return"}},
    )
    changed = document("part")
    changed["blocks"]["end"] = {"kind": "return", "exit": "done"}
    await press.publishing.draft("part", changed, "ada", "")
    text = await refused(press.publishing.publish("part", None, "ada", ""))
    assert "flow 'main', block 'in': flow 'part' may return 'done', which has no exit here" in text
    await press.close()


async def test_a_version_that_cannot_be_used_any_more_raises_an_alarm_and_the_configuration_holds() -> None:
    press = Press(main=OLD, other=OLD)
    await press.publishing.draft("main", document(), "ada", "")
    await press.publishing.publish("main", None, "ada", "")
    press.connection.exec_driver_sql("UPDATE flow_versions SET document = replace(document, ': \"end\"', ': \"gone\"')")
    press = await press.restart()
    assert [(alarm.name, alarm.active) for alarm in press.alarms] == [("flow_version_unusable_main", True)]
    assert await press.hears() == ["en:Old"]
    await press.publishing.draft("main", document(text="Right"), "ada", "")
    await press.publishing.publish("main", None, "ada", "")
    assert [alarm.active for alarm in press.alarms] == [True, False]
    assert await press.hears() == ["en:Right"]
    await press.close()


async def test_a_flow_that_is_only_published_refuses_calls_until_it_is() -> None:
    press = Press(main={"published": True, "block": {}, "start": ""}, other=OLD)
    caller = await press.house.run()
    assert caller.status == 480
    await press.new("There")
    assert await press.hears() == ["en:There"]
    assert (await refused(press.publishing.document("main", 0))).startswith("404 flow 'main' has no version 0")
    await press.close()


async def test_the_queue_that_a_flow_leads_to_is_that_of_the_version_that_holds() -> None:
    press = Press(main={"one": {"kind": "queue", "queue": "sales"}})
    assert [press.house.flows.queue_of(name) for name in ("main", "none")] == ["sales", ""]
    await press.new("Nobody answers")
    assert press.house.flows.queue_of("main") == ""
    await press.close()


async def test_versions_are_compared_block_by_block() -> None:
    press = Press(main=OLD)
    await press.new("One", layout={"say": [0, 0]})
    later = document(text="Two", layout={"say": [5, 5]}, description="Better")
    later["blocks"]["more~less"] = {"kind": "hangup"}
    del later["blocks"]["end"]
    await press.publishing.draft("main", later, "ada", "")
    assert [str(change) for change in await press.publishing.diff("main")] == [
        '- /blocks/end: {"kind":"hangup"}',
        '+ /blocks/more~0less: {"kind":"hangup"}',
        '~ /blocks/say/text: "One" -> "Two"',
        '+ /description: "Better"',
        "~ /layout: drawn -> drawn anew",
    ]
    assert [change.path for change in await press.publishing.diff("main", 0, 1)] == ["/blocks/say/text", "/layout"]
    assert (await refused(press.publishing.diff("main", 0, 7))).startswith("404 flow 'main' has no version 7")
    await press.close()


async def test_only_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MAX_FLOWS", 2)
    monkeypatch.setattr(stored, "MAX_VERSIONS", 4)
    assert (MAX_FLOWS, MAX_VERSIONS) == (500, 200)
    press = Press(main=OLD)
    for number in range(7):
        await press.new(f"Text {number}")
    assert [row.version for row in await press.publishing.versions("main")] == [7, 6, 5, 4]
    await press.publishing.draft("two", document("two"), "ada", "")
    assert (await refused(press.publishing.draft("three", document("three"), "ada", ""))).startswith("507 there are")
    assert {row.flow for row in await press.publishing.versions()} == {"main", "two"}
    await press.close()

"""Whoever watches has, after snapshot and changes, what is there: late, slow, back again, or with less rights."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest

from pbx.accounts.rights import ROLES, Principal, Role
from pbx.config_live import Live as Settings
from pbx.live import hub as hub_module
from pbx.live.client import REVOKED, SLOW, EventClient
from pbx.live.frames import Message
from pbx.live.hub import Hub, TooMany
from pbx.live.ring import MOST
from pbx.live.tickets import Tickets
from pbx.live.topics import Row, Topic, View, view_of
from tests.support.virtual_loop import virtual_clock

ALL = View(frozenset(Topic), True)


class Table:
    """A Source that a test writes into."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.there: dict[str, Row] = {}
        self.mark: Callable[[str], None] | None = None

    def begin(self, mark: Callable[[str], None]) -> None:
        self.mark = mark

    def end(self) -> None:
        self.mark = None

    def rows(self) -> Mapping[str, Row]:
        return dict(self.there)

    def row(self, name: str) -> Row | None:
        return self.there.get(name)

    def put(self, name: str, queue: str = "", extensions: tuple[str, ...] = (), **value: Any) -> None:
        self.there[name] = Row(value, queue, frozenset(extensions))
        if self.mark is not None:
            self.mark(name)

    def drop(self, name: str) -> None:
        self.there.pop(name, None)
        if self.mark is not None:
            self.mark(name)


class Watcher:
    """A client that follows the protocol and nothing else."""

    def __init__(self, view: View = ALL, person: str = "p") -> None:
        self.view, self.person = view, person
        self.may: View | None = view
        self.state: dict[str, dict[str, Any]] = {}
        self.seq = 0
        self.ops: list[str] = []
        self.sizes: list[int] = []
        self.waiting = 0
        self.behind_since = 0.0
        self.code = 0

    def recheck(self) -> View | None:
        return self.may

    def send(self, message: Message) -> None:
        self.sizes.append(len(message.body))
        for part in orjson.loads(message.body):
            assert part["seq"] >= self.seq, "numbers never go back"
            self.seq = part["seq"]
            self.ops.append(part["op"])
            if part["op"] == "snapshot":
                self.state[part["topic"]] = part["value"]
            elif part["op"] == "put":
                self.state.setdefault(part["topic"], {})[part["id"]] = part["value"]
            elif part["op"] == "delete":
                self.state[part["topic"]].pop(part["id"], None)

    def end(self, code: int) -> None:
        self.code = code


def hub(**settings: Any) -> tuple[Hub, Table, Table]:
    calls, queues = Table(Topic.CALLS), Table(Topic.QUEUES)
    return Hub(Settings.model_validate(settings), [calls, queues], virtual_clock()), calls, queues


def values(table: Table) -> dict[str, Any]:
    return {name: row.value for name, row in table.there.items()}


async def test_without_a_client_nothing_is_listened_to_and_with_one_the_state_follows() -> None:
    our, calls, queues = hub()
    calls.put("c1", state="ringing")
    assert calls.mark is None
    watcher = Watcher()
    our.join(watcher)
    assert watcher.state == {"calls": {"c1": {"state": "ringing"}}, "queues": {}}
    calls.put("c1", state="talking")
    calls.put("c2", state="ringing")
    calls.put("c2", state="talking")
    calls.put("c3", state="gone at once")
    calls.drop("c3")
    queues.put("sales", waiting=1)
    assert watcher.ops == ["snapshot", "snapshot"], "changes wait for one another"
    await asyncio.sleep(0.2)
    assert watcher.state == {"calls": values(calls), "queues": values(queues)}
    assert watcher.ops[2:] == ["put", "put", "put"], "what came and went meanwhile is not told"
    assert len(watcher.sizes) == 2, "and they come together"
    calls.put("c1", state="talking")
    await asyncio.sleep(1)
    assert len(watcher.sizes) == 2, "what is equal is no change"
    our.leave(watcher)
    await asyncio.sleep(hub_module.LINGER_S + 1)
    assert calls.mark is None
    assert our._state == {}


async def test_who_was_away_gets_what_he_missed_or_everything() -> None:
    our, calls, _ = hub()
    stays, away = Watcher(), Watcher()
    our.join(stays)
    our.join(away)
    our.leave(away)
    for index in range(10):
        calls.put(f"c{index}", n=index)
    calls.drop("c3")
    calls.put("c4", n=44)
    our.join(away, away.seq)
    assert away.ops[2:] == ["put"] * 9
    assert away.state == stays.state
    old = away.seq
    for index in range(MOST + 2):
        calls.put("c0", n=index)
        our._flush()
    late = Watcher()
    our.join(late, old)
    assert late.ops == ["snapshot", "snapshot"], "too old"
    future = Watcher()
    our.join(future, our.seq + 1)
    assert future.ops == ["snapshot", "snapshot"], "a number of another process"
    same = Watcher()
    our.join(same, our.seq)
    assert same.ops == []


async def test_random_days_end_equal_for_every_view() -> None:
    our, calls, queues = hub()
    rng = random.Random(5)
    agent = view_of(principal(Role.AGENT, "101", {"sales"}), frozenset(Topic))
    watchers = [Watcher(), Watcher(agent), Watcher(View(frozenset({Topic.QUEUES}), True))]
    for watcher in watchers:
        our.join(watcher)
    for _ in range(400):
        name, queue = f"c{rng.randrange(12)}", rng.choice(["sales", "other", ""])
        if rng.random() < 0.3:
            calls.drop(name)
        else:
            calls.put(name, queue, ("101",) if rng.random() < 0.2 else (), n=rng.randrange(3))
        queues.put(queue or "x", queue, n=rng.randrange(9))
        await asyncio.sleep(rng.choice([0, 0.01, 0.3]))
        if rng.random() < 0.1:
            one = rng.choice(watchers)
            our.leave(one)
            await asyncio.sleep(rng.choice([0.1, 40.0]))
            our.join(one, one.seq)
        if rng.random() < 0.1:
            our._flush()
            for watcher in watchers:
                wanted = orjson.loads(our.snapshot(watcher.view))
                assert watcher.state == {part["topic"]: part["value"] for part in wanted}


def principal(role: Role, extension: str = "", queues: set[str] | None = None) -> Principal:
    scope = frozenset(queues) if queues is not None else None
    return Principal("1", "person", "x", role, ROLES[role], extension, scope)


async def test_an_agent_sees_himself_and_his_queues() -> None:
    our, calls, queues = hub()
    agents = Table(Topic.AGENTS)
    our = Hub(Settings(), [calls, queues, agents], virtual_clock())
    view = view_of(principal(Role.AGENT, "101", {"sales"}), frozenset(Topic))
    assert Topic.TRUNKS not in view.topics
    watcher = Watcher(view)
    our.join(watcher)
    calls.put("mine", "", ("101", "102"), n=1)
    calls.put("queued", "sales", n=1)
    calls.put("foreign", "other", ("103",), n=1)
    queues.put("sales", "sales", n=1)
    queues.put("other", "other", n=1)
    agents.put("101", "", ("101",), state="talking")
    agents.put("102", "", ("102",), state="talking")
    await asyncio.sleep(0.3)
    assert {topic: sorted(rows) for topic, rows in watcher.state.items()} == {
        "calls": ["mine", "queued"],
        "queues": ["sales"],
        "agents": ["101"],
    }
    calls.put("queued", "other", n=1)
    await asyncio.sleep(0.3)
    assert watcher.ops[-1] == "delete", "it went to a queue that is not his"
    assert view_of(principal(Role.SUPERVISOR), frozenset(Topic)) == View(frozenset(Topic), True)
    assert view_of(principal(Role.VIEWER), frozenset({Topic.TRUNKS, Topic.CALLS})).topics == {Topic.CALLS}


async def test_rights_that_go_end_it_and_rights_that_change_show_it_anew() -> None:
    our, calls, _ = hub(recheck_s=2.0)
    calls.put("c", "sales", n=1)
    fired, moved = Watcher(), Watcher()
    for watcher in (fired, moved):
        our.join(watcher)
    fired.may = None
    moved.may = View(frozenset({Topic.CALLS}), False, queues=frozenset({"other"}))
    await asyncio.sleep(2.1)
    assert fired.code == REVOKED
    assert moved.state["calls"] == {}
    assert our.clients == {moved}
    calls.put("d", "other", n=1)
    await asyncio.sleep(0.3)
    assert list(moved.state["calls"]) == ["d"]
    assert "d" not in fired.state["calls"]


async def test_who_is_slow_costs_nobody_memory() -> None:
    our, calls, _ = hub(max_buffer_kb=64, recheck_s=1.0)
    slow, gone, quick = Watcher(person="a"), Watcher(person="b"), Watcher(person="c")
    for watcher in (slow, gone, quick):
        our.join(watcher)
    slow.waiting = gone.waiting = 65 * 1024
    for index in range(50):
        calls.put("c", n=index)
        await asyncio.sleep(0.2)
    assert len(slow.sizes) == 1
    assert len(quick.sizes) == 51
    slow.waiting = 0
    await asyncio.sleep(1.1)
    assert slow.state == quick.state
    assert slow.ops[-1] == "snapshot"
    await asyncio.sleep(hub_module.BEHIND_S)
    assert gone.code == SLOW
    assert our.clients == {slow, quick}


async def test_many_clients_are_told_less_often_and_all_in_time() -> None:
    our, calls, _ = hub()
    watchers = [Watcher(person=str(index)) for index in range(400)]
    for watcher in watchers:
        our.join(watcher)
    began = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - began < 10:
        calls.put("c", n=asyncio.get_running_loop().time())
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)
    assert 8 <= len(watchers[0].sizes) - 1 <= 14
    assert all(watcher.state["calls"] == values(calls) for watcher in watchers)


async def test_there_is_room_for_so_many_and_for_each_person() -> None:
    our, _, _ = hub(max_clients=3, max_clients_per_person=2)
    our.join(Watcher(person="a"))
    our.join(Watcher(person="a"))
    with pytest.raises(TooMany, match="too often"):
        our.join(Watcher(person="a"))
    our.join(Watcher(person="b"))
    with pytest.raises(TooMany, match="max_clients"):
        our.join(Watcher(person="c"))


async def test_idle_clients_hear_a_beat_and_no_more() -> None:
    our, _, _ = hub()
    watcher = Watcher()
    our.join(watcher)
    await asyncio.sleep(300)
    assert set(watcher.ops[2:]) == {"beat"}
    assert 8 <= watcher.ops.count("beat") <= 13
    our.close()
    assert watcher.code == 1001
    assert not our.clients


async def test_a_look_without_a_client_does_not_keep_it_awake() -> None:
    our, calls, _ = hub()
    for _ in range(3):
        calls.put("c", n=1)
        assert b'"c":{"n":1}' in our.snapshot(ALL)
        await asyncio.sleep(hub_module.LINGER_S / 2)
    await asyncio.sleep(hub_module.LINGER_S)
    assert calls.mark is None


async def test_a_row_that_cannot_be_made_stops_no_other() -> None:
    our, calls, _ = hub()
    watcher = Watcher()
    our.join(watcher)
    sound = calls.row
    calls.row = lambda name: sound(name) if name != "bad" else 1 // 0  # type: ignore[assignment, method-assign, return-value]
    for name in ("a", "bad", "z"):
        calls.put(name, n=1)
    await asyncio.sleep(0.3)
    assert sorted(watcher.state["calls"]) == ["a", "z"]


async def test_frames_and_events_of_every_size() -> None:
    for size in (0, 100, 125, 126, 65_533, 65_536, 100_000):
        message = Message([b'"' + b"x" * size + b'"'], 7)
        frame = message.frame
        assert frame[0] == 0x81
        length, head = frame[1], 2
        if length == 126:
            length, head = int.from_bytes(frame[2:4], "big"), 4
        elif length == 127:
            length, head = int.from_bytes(frame[2:10], "big"), 10
        assert frame[head:] == message.body
        assert length == len(message.body)
        assert message.event == b"id: 7\ndata: " + message.body + b"\n\n"


async def test_an_event_client_gives_all_that_waits_and_then_the_end() -> None:
    client = EventClient(ALL, "p", lambda: ALL)
    client.send(Message([b"1"], 1))
    client.send(Message([b"2"], 2))
    assert client.waiting > 0
    assert await client.next() == b"id: 1\ndata: [1]\n\nid: 2\ndata: [2]\n\n"
    assert client.waiting == 0
    client.end(REVOKED)
    assert await client.next() == b"event: end\ndata: 4001\n\n"
    assert await client.next() is None


async def test_a_ticket_is_good_once_and_for_a_moment() -> None:
    tickets: Tickets[str] = Tickets(virtual_clock())
    first, second = tickets.give("a"), tickets.give("b")
    assert tickets.take(first) == "a"
    assert tickets.take(first) is None
    await asyncio.sleep(31)
    assert tickets.take(second) is None
    assert tickets.take("x") is None

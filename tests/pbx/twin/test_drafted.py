"""A past day through a drafted flow: the queue's own laws, what callers did then, and what is assumed of them."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from pbx.config import Config
from pbx.flow.replay.past import PastCall, Visit
from pbx.reporting.intervals import day as day_of
from pbx.twin.drafted.choices import parse_choices
from pbx.twin.drafted.guests import Guest
from pbx.twin.drafted.lived import Asked, Lived, live
from pbx.twin.drafted.many import Draft, Scenario, replays
from pbx.twin.drafted.sheet import COLUMNS, as_told, row
from pbx.twin.house import Shift
from pbx.twin.past import PastDay, Visitor
from pbx.twin.replay import replay
from pbx.twin.scenarios import Price

DAY = day_of(date(2026, 3, 4), ZoneInfo("Europe/Warsaw"))
TEXT = {"en": "words", "pl": "words", "ru": "words"}
QUEUE = {"kind": "queue", "queue": "sales", "answered": "bye", "timeout": "bye"}


def document(start: str, **blocks: dict[str, Any]) -> Draft:
    everything = {**blocks, "bye": {"kind": "hangup"}}
    return Draft("line", orjson.dumps({"schema": 1, "name": "line", "start": start, "blocks": everything}).decode())


def lived(draft: Draft, guests: list[Guest], agents: int = 1, seed: int = 1, **changes: Any) -> Lived:
    return live(asked(draft, agents, **changes), guests, seed)


def asked(draft: Draft, agents: int = 1, **changes: Any) -> Asked:
    return scenario(draft, agents, **changes).asked()


def scenario(draft: Draft, agents: int = 1, **changes: Any) -> Scenario:
    queue = {"name": "sales", "agents": ["201", "202", "203", "204"], **changes.pop("queue", {})}
    config = Config.model_validate({"queue": [queue], "server": {"timezone": "Europe/Warsaw"}})
    rest: dict[str, Any] = {
        "start": DAY.start_us / 1e6,
        "length_s": DAY.duration_s,
        "shifts": [Shift(f"{201 + n}", [(0.0, DAY.duration_s)]) for n in range(agents)],
        "patience_s": 300.0,
        "within_s": 20.0,
        "given": {},
        "callback_share": 0.0,
        "reached": 1.0,
        **changes,
    }
    return Scenario("x", draft, config, rest, [agents] * 96)


def guest(at: float, *visits: Visit, **told: Any) -> Guest:
    known = {"caller": f"+4860010{int(at) % 10_000:04d}", "callee": "600", "direction": "inbound"}
    return Guest(PastCall(f"{int(at):032d}", DAY.start_us / 1e6 + at, known, list(visits)), at, **told)


def served(at: float, *visits: Visit, wait_s: float = 0.0, talk_s: float = 100.0) -> Guest:
    return guest(at, *visits, queue="sales", wait_s=wait_s, answered=True, talk_s=talk_s)


def gave_up(at: float, wait_s: float) -> Guest:
    return guest(at, queue="sales", wait_s=wait_s, gave_up=True)


def test_a_flow_of_a_queue_alone_is_the_replay_of_the_queue() -> None:
    """Held against pbx.twin.replay, which knows no flow: the same people, waits and losses."""
    guests = [served(37.0 * n, talk_s=60.0 + n % 90) if n % 9 else gave_up(37.0 * n, 20.0 + n) for n in range(300)]
    past = PastDay("sales", date(2026, 3, 4), DAY.duration_s, agents=[2] * 96)
    for one in guests:
        talk = (one.talk_s, one.wrapup_s)
        past.visitors.append(Visitor(one.at, one.wait_s, one.answered, one.gave_up, *talk))
    found = [lived(document("q", q=QUEUE), guests, 2, seed) for seed in range(6)]
    known = [replay(past, past.agents, 300.0, 20.0, seed) for seed in range(6)]
    for name in ("answered", "abandoned", "within", "wait_s", "busy_s"):
        ours, theirs = (sum(getattr(one, name) for one in some) / 6 for some in (found, known))
        assert ours == pytest.approx(theirs, rel=0.06, abs=3), name
    assert {one.joined for one in found} == {300}


def test_a_limit_of_the_wait_leads_on_and_frees_the_line() -> None:
    guests = [served(0, talk_s=1000), served(10), served(20)]
    found = lived(document("q", q={**QUEUE, "max_wait_s": 30}), guests, patience_s=1e9)
    assert (found.answered, found.abandoned, found.unserved, found.longest_s) == (1, 0, 2, 30.0)


def test_full_queues_and_queues_without_agents_turn_away() -> None:
    guests = [served(0, talk_s=1000), served(10), served(20)]
    full = lived(document("q", q={**QUEUE, "full": "bye"}), guests, queue={"max_length": 1}, patience_s=1e9)
    assert (full.joined, full.unserved) == (3, 1)
    empty = lived(document("q", q={**QUEUE, "no_agents": "bye"}), guests, 0, queue={"when_no_agents": "leave"})
    assert (empty.joined, empty.answered, empty.abandoned, empty.unserved) == (3, 0, 0, 3)


MENU = {
    "kind": "menu",
    "text": TEXT,
    "keys": {"1": "q", "2": "info"},
    "timeout": "bye",
    "invalid": "bye",
}
INFO = {"kind": "say", "text": TEXT, "next": "bye"}


def test_a_caller_presses_what_he_pressed() -> None:
    one, two = Visit("old", "ask", "menu", "1", 4.0), Visit("old", "ask", "menu", "2", 4.0)
    gone = Visit("old", "ask", "menu", "hangup", 3.0)
    guests = [served(0, one), served(100, one), guest(200, two), guest(300, gone)]
    found = lived(document("ask", ask=MENU, q=QUEUE, info=INFO), guests)
    assert (found.joined, found.answered, found.in_flow, found.unknown) == (2, 2, 2, 0)
    assert not found.assumed.callers


def test_a_new_menu_is_an_assumption_that_is_said() -> None:
    guests = [served(100.0 * n) for n in range(100)]
    draft = document("ask", ask=MENU, q=QUEUE, info=INFO)
    evenly = lived(draft, guests)
    assert evenly.assumed.callers == {("ask", "menu", "assumption"): 100}
    assert 30 < evenly.joined < 70
    given = lived(draft, guests, given={"ask": {"2": 1.0}})
    assert (given.joined, given.in_flow) == (0, 100)
    assert given.assumed.callers == {("ask", "menu", "--choose"): 100}
    others = [served(100.0 * n, Visit("old", "ask", "menu", "1", 4.0)) for n in range(20)]
    like = lived(draft, [*others, *(served(5000 + 100.0 * n) for n in range(20))])
    assert like.joined == 40
    assert like.assumed.callers == {("ask", "menu", "callers of that day"): 20}


def test_who_nobody_can_know_is_left_out_and_counted() -> None:
    collect = {"kind": "collect", "text": TEXT, "min": 4, "max": 4, "into": "order", "ok": "q", "timeout": "q"}
    found = lived(document("ask", ask=collect, q=QUEUE), [served(0), served(100)])
    assert (found.unknown, found.joined) == (2, 0)
    assert "collect 'ask'" in next(iter(found.assumed.unknown))


def test_callbacks_wait_for_an_agent_whom_nobody_waits_for() -> None:
    callback = {"kind": "callback", "queue": "sales", "text": TEXT, "enter_text": TEXT}
    draft = document(
        "q",
        q={**QUEUE, "max_wait_s": 20, "timeout": "back"},
        back={**callback, "accepted": "bye", "refused": "again"},
        again=QUEUE,
    )
    guests = [served(0, talk_s=300), served(10, talk_s=50), served(20, talk_s=50)]
    found = lived(draft, guests, callback_share=1.0, patience_s=1e9)
    assert (found.answered, found.callbacks, found.called_back, found.unserved) == (1, 2, 2, 0)
    assert found.busy_s == pytest.approx(300 + 2 * (12 + 50))
    nobody = lived(draft, guests, callback_share=1.0, reached=0.0, patience_s=1e9)
    assert (nobody.called_back, nobody.unserved) == (0, 2)


def test_conditions_see_the_line_as_it_is_at_that_moment() -> None:
    condition = {"kind": "condition", "when": "queue.sales.waiting >= 1", "true": "bye", "false": "q"}
    found = lived(document("if", **{"if": condition}, q=QUEUE), [served(0, talk_s=500), served(10), served(20)])
    assert (found.joined, found.in_flow) == (2, 1)


def test_more_people_lose_fewer_and_the_same_seed_is_the_same_day() -> None:
    guests = [served(30.0 * n, talk_s=100) for n in range(400)]
    some = [scenario(document("q", q=QUEUE), agents) for agents in (3, 4)]
    told: list[int] = []
    found = replays(some, guests, 5, 1, 1, lambda done, _all: told.append(done))
    again = replays(some, guests, 5, 1, 1, lambda *_: None)
    assert [[one.abandoned for one in lines] for lines in found] == [[one.abandoned for one in ls] for ls in again]
    names = [column.name for column in COLUMNS]
    rows = [
        dict(zip(names, row("x", one.agents, ls, Price(60, 30)), strict=True))
        for one, ls in zip(some, found, strict=True)
    ]
    assert rows[0]["abandoned"] > rows[1]["abandoned"]  # type: ignore[operator]
    assert rows[0]["cost_low"] <= rows[0]["cost"] <= rows[0]["cost_high"]  # type: ignore[operator]
    assert told[-1] == 10
    assert as_told(guests, 20).answered == 400


def test_a_flow_may_ask_for_skills_and_a_place() -> None:
    """The drafted flow's queue block puts some before others; one agent."""
    split = {"kind": "condition", "when": "call.caller == '+48600100020'", "true": "vip", "false": "q"}
    draft = document("ask", ask=split, q=QUEUE, vip={**QUEUE, "priority": 10})
    guests = [served(0, talk_s=100), gave_up(10, 150), served(20, talk_s=100)]
    found = lived(draft, guests, patience_s=1e9)
    assert (found.answered, found.abandoned) == (2, 1), "the third goes before the second, who gives up"
    plain = lived(document("q", q=QUEUE), guests, patience_s=1e9)
    assert (plain.answered, plain.abandoned) == (3, 0)


@pytest.mark.parametrize("text", ["menu", "menu=1", "menu=1:x", "menu=1:0", "=", "menu=:3"])
def test_choices_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write BLOCK=EXIT:SHARE"):
        parse_choices([text])


def test_choices() -> None:
    assert parse_choices(["menu=1:60,timeout:2.5"]) == {"menu": {"1": 60.0, "timeout": 2.5}}

"""A past day with its people one by one: skills, priorities, ring times, queues that share agents, other work."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pbx.config import Config
from pbx.twin.house import Offers, Shift, people, staffed
from pbx.twin.past import PastDay, Visitor
from pbx.twin.peopled import Staff, replay_people
from pbx.twin.replay import Replayed, replay

ALWAYS = [(0.0, 86_400.0)]


def day(*visitors: Visitor) -> PastDay:
    return PastDay("sales", date(2026, 3, 4), 86_400.0, list(visitors))


def served(at: float, talk_s: float = 100.0, **more: Any) -> Visitor:
    return Visitor(at, 0.0, True, False, talk_s, **more)


def gave_up(at: float, wait_s: float, **more: Any) -> Visitor:
    return Visitor(at, wait_s, False, True, **more)


def staff(*shifts: Shift, offers: Offers | None = None, others: Any = (), **config: Any) -> Staff:
    given = {"queue": [{"name": "sales", "agents": ["201", "202"]}], **config}
    return Staff(Config.model_validate(given), shifts, offers or Offers(), others)


def lived(past: PastDay, house: Staff, seed: int = 1) -> Replayed:
    return replay_people(past, house, 1e6, 20.0, seed)


def test_a_caller_with_a_skill_waits_for_who_has_it() -> None:
    agents = [{"extension": "201", "skills": {"russian": 5}}, {"extension": "202"}]
    house = staff(Shift("201", ALWAYS), Shift("202", ALWAYS), agent=agents)
    known = day(served(0, 300, skills=("russian",)), served(10, 300, skills=("russian:3",)), served(20, 300))
    found = lived(known, house)
    assert (found.answered, found.within, found.longest_s) == (3, 2, 290), "the third goes to 202 at once"
    level = lived(day(served(0, 10), gave_up(5, 60, skills=("russian:9",))), house)
    assert (level.answered, level.abandoned) == (1, 1), "nobody has it at that level"


def test_priorities_change_who_is_served_first() -> None:
    house = staff(Shift("201", ALWAYS))
    first, late = served(0, 100), served(20, 100, priority=5)
    assert lived(day(first, gave_up(10, 150), late), house).abandoned == 1
    assert lived(day(first, gave_up(10, 150), served(20, 100)), house).abandoned == 0


def test_two_queues_share_an_agent_by_weight() -> None:
    queues = [{"name": "sales", "agents": ["201"]}, {"name": "vip", "agents": ["201"], "priority": 10}]
    house = staff(Shift("201", ALWAYS), queue=queues, others=[("vip", served(50, 400))])
    found = lived(day(served(0, 100), gave_up(10, 200), served(30, 10)), house)
    assert (found.answered, found.abandoned) == (2, 1), "the other queue's caller is taken first, for 400 s"
    assert found.longest_s == 470


def test_phones_ring_and_are_missed() -> None:
    rang = lived(day(served(0)), staff(Shift("201", ALWAYS), offers=Offers((7.0,))))
    assert rang.longest_s == 7
    left = lived(day(served(0), gave_up(500, 5)), staff(Shift("201", ALWAYS), offers=Offers((7.0,))))
    assert (left.answered, left.abandoned) == (1, 1), "who goes while it rings is not answered"
    half = [lived(day(served(0)), staff(Shift("201", ALWAYS), offers=Offers((7.0,), 0.5)), n) for n in range(20)]
    assert {one.longest_s for one in half} >= {7.0, 7.0 + 20 + 3}, "a missed offer rings for 20 s, then the phone rests"
    everybody = [{"name": "sales", "agents": ["201", "202"], "strategy": "ring-all"}]
    both = staff(Shift("201", ALWAYS), Shift("202", ALWAYS), queue=everybody, offers=Offers((7.0,)))
    assert lived(day(served(0), served(1)), both).longest_s == 13, "the second rings when the first is answered"


def test_other_work_is_done_before_the_next_call() -> None:
    house = staff(Shift("201", ALWAYS, [(50.0, 200.0)]))
    assert lived(day(served(0, 100), served(60, 100)), house).longest_s == 240


def test_strategy_skill_and_penalty_leave_the_best_for_last() -> None:
    queue = [{"name": "sales", "agents": ["201", "202"], "penalties": {"201": 5}}]
    agents = [{"extension": "201", "skills": {"russian": 5}}]
    house = staff(Shift("201", ALWAYS), Shift("202", ALWAYS), queue=queue, agent=agents)
    assert lived(day(served(0, 300), served(10, 50, skills=("russian",))), house).longest_s == 0


def test_alike_people_are_the_simple_replay() -> None:
    """Held against pbx.twin.replay, which knows numbers of people alone."""
    visitors = [served(37.0 * n, 60.0 + n % 90) if n % 9 else gave_up(37.0 * n, 20.0 + n) for n in range(300)]
    past = day(*visitors)
    house = staff(Shift("201", ALWAYS), Shift("202", ALWAYS))
    ours = [replay_people(past, house, 300.0, 20.0, seed) for seed in range(20)]
    theirs = [replay(past, [2] * 96, 300.0, 20.0, seed) for seed in range(20)]
    for name in ("answered", "abandoned", "within", "busy_s"):
        found, known = (sum(getattr(one, name) for one in some) / 20 for some in (ours, theirs))
        assert found == pytest.approx(known, rel=0.06, abs=4), name


def test_other_numbers_of_people() -> None:
    shifts = [Shift("201", [(0.0, 1800.0)]), Shift("202", [(900.0, 1800.0)]), Shift("900", ALWAYS)]
    members = ["201", "202", "203"]
    assert people(shifts[:2], 2, 900.0) == [1, 2]
    fewer = staffed(shifts, members, [1, 1], 900.0)
    assert [one.like for one in fewer if one.spans] == ["900", "201"]
    more = staffed(shifts, members, [2, 5], 900.0)
    assert people(more[1:], 2, 900.0) == [2, 5]
    assert {one.like for one in more[1:]} == set(members)

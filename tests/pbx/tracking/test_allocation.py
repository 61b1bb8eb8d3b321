"""Numbers of pools: one holder each, whatever visitors do and whenever the process dies; stickiness; order."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pbx.tracking import board
from pbx.tracking.board import Board, Entry, read_board
from pbx.tracking.desk import BOARD_FILE, Desk
from pbx.tracking.pool import Pool
from pbx.tracking.visit import Visit
from tests.pbx.tracking.support import T0, MemoryStore, config

HOLD_S, QUARANTINE_S = 100.0, 50.0
SETTINGS = {"hold_s": HOLD_S, "quarantine_s": QUARANTINE_S}


def pool(size: int = 3) -> Pool:
    return Pool("main", [f"n{i}" for i in range(1, size + 1)], hold_s=HOLD_S, quarantine_s=QUARANTINE_S)


def test_the_number_that_was_released_first_is_given_out_first() -> None:
    numbers = pool()
    for visit, at in (("a", 0.0), ("b", 10.0), ("c", 20.0)):
        numbers.allocate(visit, "", at)
    assert numbers.allocate("d", "", 30.0) == "", "no number is reused silently"
    numbers.touch("n1", "a", 90.0)
    assert numbers.allocate("d", "", 10 + HOLD_S + QUARANTINE_S - 1) == "", "what is in quarantine is nobody's"
    assert numbers.allocate("d", "", 10 + HOLD_S + QUARANTINE_S) == "n2"
    assert numbers.allocate("e", "", 90 + HOLD_S + QUARANTINE_S) == "n3"
    assert numbers.allocate("f", "", 90 + HOLD_S + QUARANTINE_S) == "n1"


def test_a_visitor_gets_his_number_again_when_it_is_free_or_still_his() -> None:
    numbers = pool()
    assert numbers.allocate("a", "anna", 0.0) == "n1"
    assert numbers.allocate("b", "bert", 0.0) == "n2"
    later = HOLD_S + 10
    assert numbers.allocate("b2", "bert", later, wish="n1") == "n3", "another's number is in quarantine"
    assert numbers.allocate("a2", "anna", later, wish="n1") == "n1", "its last holder may have it"
    assert numbers.allocate("c", "carl", 1000.0, wish="n2") == "n2"


def test_holders_are_told_the_present_one_first() -> None:
    numbers = pool(1)
    numbers.allocate("a", "", 0.0)
    numbers.allocate("b", "", 500.0)
    numbers.allocate("c", "", 1000.0)
    assert [holding.visit for holding in numbers.holders("n1")] == ["c", "b", "a"]


def test_a_board_is_read_back_and_a_torn_line_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "numbers.board"
    entries = [Entry(f"+4822111{i:04d}", "", "", 0.0, 0.0) for i in range(1, 4)]
    first = Board(path, entries, T0)
    first.put("+48221110002", "ab" * 16, "cd" * 16, T0, T0 + 5)
    found = read_board(path)  # without close: as after kill -9
    assert found is not None
    assert found.certain
    assert found.entries[1] == Entry("+48221110002", "ab" * 16, "cd" * 16, T0, T0 + 5)
    data = bytearray(path.read_bytes())
    data[board.SLOT_BYTES * 2 + 25] ^= 1
    path.write_bytes(data)
    torn = read_board(path)
    assert torn is not None
    assert [entry.damaged for entry in torn.entries] == [False, True, False]


def test_after_a_power_cut_nothing_that_looks_free_is_given_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_ = config(tracking=SETTINGS)
    monkeypatch.setattr(board, "boot_id", lambda: "before")
    Desk(settings_, tmp_path, MemoryStore()).start([], [], T0)
    monkeypatch.setattr(board, "boot_id", lambda: "after")
    desk = Desk(settings_, tmp_path, MemoryStore())
    desk.start([], [], T0 + 20)
    visit = Visit("a" * 32, "shop", T0, T0)
    assert desk.suspected == 3
    assert desk.give("main", visit, "main", T0 + 21) == ""
    assert desk.give("main", visit, "main", T0 + HOLD_S + QUARANTINE_S) != ""


def test_a_pool_that_changes_keeps_its_holders(tmp_path: Path) -> None:
    desk = Desk(config(pool=2, tracking=SETTINGS), tmp_path, MemoryStore())
    desk.start([], [], T0)
    first, second = Visit("a" * 32, "shop", T0, T0), Visit("b" * 32, "shop", T0, T0)
    held = desk.give("main", first, "main", T0)
    desk.reconfigure(config(pool=4, tracking=SETTINGS), T0 + 1)
    assert desk.holds(held, first.id)
    given = {desk.give("main", second, "main", T0 + 2) for _ in range(3)}
    assert len(given) == 3
    assert held not in given
    assert desk.give("main", second, "main", T0 + 3) == ""


class Visitors(RuleBasedStateMachine):
    """What browsers were told is the truth; the desk may die at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="desk"))
        self.config = config(pool=4, tracking=SETTINGS)
        self.now = T0
        self.count = 0
        self.visits: dict[str, Visit] = {}
        self.told: dict[str, tuple[str, float]] = {}  # visit -> number and last sign that was answered
        self.store = MemoryStore()
        self.start()

    def start(self) -> None:
        self.desk = Desk(self.config, self.folder, self.store)
        self.desk.start([], [], self.now)  # the database has lost everything: the board alone must do

    @rule(visitor=st.sampled_from(["", "d" * 32, "e" * 32]))
    def comes(self, visitor: str) -> None:
        self.count += 1
        visit = Visit(f"{self.count:032x}", "shop", self.now, self.now, visitor=visitor)
        number = self.desk.give("main", visit, "main", self.now)
        if number:
            self.visits[visit.id] = visit
            self.told[visit.id] = number, self.now

    @rule(data=st.data())
    def beats(self, data: st.DataObject) -> None:
        if self.told:
            visit = data.draw(st.sampled_from(sorted(self.told)))
            number, _ = self.told[visit]
            if self.desk.keep("main", number, self.visits[visit], self.now):
                self.told[visit] = number, self.now

    @rule(seconds=st.floats(0.1, 80.0))
    def waits(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def is_killed(self) -> None:
        self.start()

    @rule()
    def restarts(self) -> None:
        self.desk.close(self.now)
        self.start()

    @invariant()
    def no_number_has_two_holders(self) -> None:
        holders: dict[str, list[str]] = {}
        for visit, (number, seen) in self.told.items():
            if seen + HOLD_S > self.now:
                holders.setdefault(number, []).append(visit)
        assert all(len(visits) == 1 for visits in holders.values()), holders

    @invariant()
    def every_number_is_in_one_place(self) -> None:
        numbers = self.desk.pools["main"]
        assert len(numbers.held) + numbers.free + numbers.quarantined == numbers.size

    def teardown(self) -> None:
        self.desk.close(self.now)
        shutil.rmtree(self.folder)


TestVisitors = Visitors.TestCase
TestVisitors.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_the_board_lies_in_the_data_folder(tmp_path: Path) -> None:
    desk = Desk(config(), tmp_path, MemoryStore())
    desk.start([], [], T0)
    assert (tmp_path / BOARD_FILE).is_file()


def test_without_a_board_nothing_is_given_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(config(pool=2), tmp_path, MemoryStore())
    desk.start([], [], T0)
    visit = Visit("a" * 32, "shop", T0, T0)
    held = desk.give("main", visit, "main", T0)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("pbx.tracking.desk.Board", full)
    desk.reconfigure(config(pool=3), T0 + 1)
    assert desk.keep("main", held, visit, T0 + 2), "who has one keeps it"
    assert desk.give("main", Visit("b" * 32, "shop", T0, T0), "main", T0 + 2) == ""
    monkeypatch.undo()
    desk.reconfigure(config(pool=3), T0 + 3)
    assert desk.give("main", Visit("b" * 32, "shop", T0, T0), "main", T0 + 4) not in ("", held)

"""One network does not take a pool's numbers for itself, and addresses are counted by network."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.call.setup import Setup
from pbx.tracking.places import most_of_place, place_of
from tests.pbx.tracking.support import Bench, config


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("localhost", ""),
        ("192.0.2.300", ""),
    ],
)
def test_an_address_belongs_to_a_network(address: str, place: str) -> None:
    assert place_of(address) == place


def test_the_share_of_a_place_is_one_number_at_least() -> None:
    assert [most_of_place(size, 0.25) for size in (0, 1, 4, 7, 8, 60)] == [1, 1, 1, 1, 2, 15]
    assert most_of_place(10, 0.0) == 1
    assert most_of_place(10, 1.0) == 10


def test_a_script_without_cookies_gets_its_share_and_the_others_get_theirs(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", config(pool=8))
    kinds = [bench.kind(bench.view(address=f"192.0.2.{host}")) for host in range(20)]
    assert kinds == ["session"] * 2 + ["default"] * 18, "two of eight, however many hosts of the network ask"
    others = [bench.view(address=f"198.51.{net}.1") for net in range(6)]
    assert {bench.kind(each) for each in others} == {"session"}
    assert len({bench.number(each) for each in others}) == 6
    pool = bench.desk.pools["main"]
    assert (pool.crowded, pool.short) == (18, 0)
    need = bench.sizing.need("main", bench.now)
    assert (need.crowded, need.visits_per_hour) == (18, 8), "whom the pool is too small for is counted without them"
    bench.now += bench.config.tracking.hold_s + 1
    assert bench.kind(bench.view(address="192.0.2.200")) == "default", "the pool rests: none is free"
    assert pool.short == 1
    bench.now += bench.config.tracking.quarantine_s
    assert bench.kind(bench.view(address="192.0.2.200")) == "session", "what was released is no longer theirs"


def test_who_is_turned_away_is_one_of_several(tmp_path: Path) -> None:
    """The number that he sees is the page's: a call of it may be of any who saw it."""
    bench = Bench(tmp_path / "bench", config(pool=4))
    for _ in range(3):
        answer = bench.view("https://shop.example/?utm_source=ads&utm_medium=cpc", address="192.0.2.1")
    assert bench.kind(answer) == "default"
    bench.view("https://shop.example/?utm_source=news&utm_medium=email", address="192.0.2.1")
    setup = Setup("+48600100200", "+48221230000", did="+48221230000", direction="inbound")
    found = bench.attributor.attribute(setup, bench.now)
    assert found.method == "number"
    assert 0.5 < found.probability < 0.7, "two of three"
    assert found.visit is None


def test_a_visitor_keeps_his_number_when_his_next_visit_begins(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", config(pool=4))
    first = bench.view(consent=True, address="192.0.2.1")
    again = bench.view(
        "https://shop.example/?utm_source=ads&utm_medium=cpc",
        session=first["session"],
        visitor=first["visitor"],
        consent=True,
        address="192.0.2.1",
    )
    assert again["visit"] != first["visit"]
    assert (bench.number(again), bench.kind(again)) == (bench.number(first), "session")
    assert bench.kind(bench.view(address="192.0.2.2")) == "default"


def test_a_changed_pool_still_knows_who_holds_what(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", config(pool=4))
    bench.view(address="192.0.2.1")
    bench.desk.reconfigure(config(pool=8), bench.now)
    kinds = [bench.kind(bench.view(address="192.0.2.1")) for _ in range(3)]
    assert kinds == ["session", "default", "default"], "two of eight, and one was held before"
    bench.desk.reconfigure(config(pool=8, tracking={"address_share": 1.0}), bench.now)
    assert bench.kind(bench.view(address="192.0.2.1")) == "session"

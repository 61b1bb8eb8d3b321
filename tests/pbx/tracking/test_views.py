"""Page views: which visit they belong to, what is kept with and without consent, shortage, robots."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.tracking.asking import Senseless
from pbx.tracking.visit import Consent
from tests.pbx.tracking.support import T0, Bench, MemoryStore, config

ADS = "https://shop.example/lp?utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=Cj0abc"


def test_three_visitors_see_three_numbers_and_the_fourth_that_of_the_page(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    numbers = {bench.number(bench.view()) for _ in range(3)}
    assert numbers == {"+48221110001", "+48221110002", "+48221110003"}
    fourth = bench.view()
    assert (bench.number(fourth), bench.kind(fourth)) == ("+48221230000", "default")
    assert bench.desk.pools["main"].short == 1


def test_without_consent_nothing_of_a_person_is_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    answer = bench.view(ADS, visitor="a" * 32, ga_client="123.456", ga_session="99", ym_uid="7")
    visit = bench.store.visits[answer["visit"]]
    assert (answer["visitor"], answer["keep_days"]) == ("", 0)
    assert (visit.visitor, visit.ga_client, visit.ga_session, visit.ym_uid) == ("", "", "", "")
    assert (visit.source.click_id, visit.source.click_kind) == ("", "gclid"), "the kind tells the advertiser alone"
    assert (visit.source.source, visit.source.medium, visit.source.campaign) == ("google", "cpc", "spring")


def test_consent_that_comes_later_names_the_visitor_and_no_page_is_counted_twice(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first = bench.view(ADS)
    second = bench.view(ADS, session=first["session"], consent=True, same_page=True, ga_client="123.456")
    assert second["visit"] == first["visit"]
    assert second["visitor"]
    assert second["keep_days"] == 180
    assert bench.number(second) == bench.number(first)
    visit = bench.store.visits[first["visit"]]
    assert (visit.pages, visit.consent, visit.ga_client) == (1, Consent(True, True, True), "123.456")
    third = bench.view("https://shop.example/b", session=first["session"], consent={"tracking": False})
    assert (third["visitor"], visit.visitor, visit.ga_client) == ("", "", ""), "consent was taken back"
    assert bench.sessions.of_visitor("shop", second["visitor"]) is None
    for _ in range(3):
        bench.view(ADS, session=first["session"], consent=True, same_page=True)
        bench.view(ADS, session=first["session"], same_page=True)
    assert not bench.sessions._of_visitor, "each change of mind would leave a name behind"


def test_a_visitor_comes_back_to_his_number_and_keeps_his_first_source(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(pool=3, tracking={"hold_s": 60, "quarantine_s": 0, "session_idle_s": 60}))
    first = bench.view(ADS, consent=True)
    bench.view()
    bench.now += 3600
    bench.sessions.expire(bench.now)
    again = bench.view("https://shop.example/", consent=True, visitor=first["visitor"])
    assert again["visit"] != first["visit"]
    assert bench.number(again) == bench.number(first)
    visit = bench.store.visits[again["visit"]]
    assert (visit.source.source, visit.first_source, visit.first_campaign) == ("(direct)", "google", "spring")
    assert visit.first_at == T0


def test_a_second_tab_is_the_same_visit(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first = bench.view(ADS, consent=True)
    tab = bench.view("https://shop.example/b", consent=True, visitor=first["visitor"])
    assert (tab["visit"], bench.number(tab)) == (first["visit"], bench.number(first))


def test_another_advert_begins_another_visit_with_the_same_number(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first = bench.view(ADS, consent=True)
    page = "https://shop.example/?utm_source=news&utm_medium=email"
    second = bench.view(page, consent=True, session=first["session"], visitor=first["visitor"])
    assert second["visit"] != first["visit"]
    assert bench.number(second) == bench.number(first)
    assert bench.desk.holds(bench.number(first), second["visit"])
    inner = bench.view("https://shop.example/b", consent=True, session=second["session"])
    assert inner["visit"] == second["visit"]
    assert bench.store.visits[first["visit"]].ended


def test_forged_and_foreign_sessions_are_nobody_s(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first = bench.view()
    forged = bench.view(session=first["visit"] + "0" * 24)
    assert forged["visit"] != first["visit"]
    assert bench.number(forged) != bench.number(first)


def test_a_session_that_a_crash_lost_goes_on_with_its_number(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first = bench.view(ADS)
    other = bench.view()
    bench = Bench(tmp_path, store=MemoryStore())  # killed, and the database knows nothing of the last seconds
    assert bench.number(bench.view()) == "+48221110003"
    again = bench.view(ADS, session=first["session"])
    assert (again["visit"], bench.number(again), bench.kind(again)) == (first["visit"], bench.number(first), "session")
    assert bench.number(other) != bench.number(again)
    assert bench.figures.adopted == 1


def test_after_its_hold_the_number_is_taken_again_if_it_is_free(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(pool=1, tracking={"hold_s": 100, "quarantine_s": 10, "session_idle_s": 1000}))
    first = bench.view()
    bench.now += 200
    other = bench.view()
    assert bench.kind(other) == "session"
    late = bench.view("https://shop.example/b", session=first["session"])
    assert (late["visit"], bench.kind(late)) == (first["visit"], "default"), "the number is another's by now"


def test_robots_and_a_full_house_get_no_number_of_a_pool(tmp_path: Path) -> None:
    rules = [{"name": "ads", "parameters": {"utm_source": "google"}, "number": "+48221230009", "pool": "main"}]
    bench = Bench(tmp_path, config(source_rule=rules, tracking={"max_sessions": 100}))
    robot = bench.view(ADS, agent="Googlebot/2.1")
    assert (robot["session"], bench.number(robot), bench.kind(robot)) == ("", "+48221230009", "channel")
    assert not bench.store.visits
    assert bench.desk.pools["main"].free == 3
    for _ in range(100):
        bench.view()
    assert bench.view()["session"] == ""
    assert bench.figures.full == 1


def test_a_site_may_show_the_channel_s_number_before_consent(tmp_path: Path) -> None:
    site = {**config().site_web[0].model_dump(), "before_consent": "channel"}
    bench = Bench(tmp_path, config(site_web=[site]))
    first = bench.view()
    assert bench.kind(first) == "default"
    assert bench.desk.pools["main"].free == 3


def test_caps_and_senseless_requests(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(tracking={"max_pages": 2}))
    first = bench.view()
    for at in range(4):
        bench.view(f"https://shop.example/{at}", session=first["session"])
    assert len(bench.store.pages) == 2
    assert bench.store.visits[first["visit"]].pages == 5
    for wrong in ({"page": 7}, {"page": "about:blank"}, {"lines": "main"}, {"lines": ["x"] * 17}, {"referrer": {}}):
        with pytest.raises(Senseless):
            bench.view(**{"page": "https://shop.example/", **wrong})  # type: ignore[arg-type]
    long = bench.view(f"https://shop.example/{'a' * 5000}?utm_campaign={'b' * 900}")
    visit = bench.store.visits[long["visit"]]
    assert len(visit.page) <= 500
    assert len(visit.source.campaign) <= 100


def test_logical_numbers_of_a_page(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    answer = bench.view(lines=["main", "service", "fax"])
    assert set(answer["numbers"]) == {"main", "service"}
    assert answer["numbers"]["service"] == {
        "number": "+48221230001",
        "national": "22 123 00 01",
        "international": "+48 22 123 00 01",
        "kind": "default",
        "default": "+48221230001",
    }

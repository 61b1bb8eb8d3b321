"""The rules by themselves: destinations, clocks, limits, spacing, pacing."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.call.hours import OpeningHours
from pbx.call.keeping import MemoryKeeper
from pbx.callback.attempts import Outcome, counted, following, outcome_of
from pbx.callback.destinations import Destinations
from pbx.callback.pacing import Caution, ReachTime, allowed
from pbx.clock import VirtualClock
from pbx.config import Callback, Config, Hours, Numbering, Server
from pbx.contact.item import Attempt
from pbx.contact.limits import Limit, RequestLimits, read_limit
from pbx.contact.windows import CallingHours, next_open
from pbx.numbers.zones import zone_names

WARSAW = "+48221234567"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def destinations(**callback: object) -> Destinations:
    config = Config(numbering=Numbering(country="PL"), callback=Callback(**callback))  # type: ignore[arg-type]
    return Destinations(config, {"101"}, lambda number: number in ("112", "999"))


@pytest.mark.parametrize(
    ("heard", "number", "reason"),
    [
        ("+48 600 100 200", "+48600100200", ""),
        ("600-100-200", "+48600100200", ""),
        ("0048221234567", "+48221234567", ""),
        ("101", "101", ""),
        ("112", "112", "emergency"),
        ("12", "", "invalid"),
        ("sales", "", "invalid"),
        ("+48701234567", "+48701234567", "premium"),  # 70x: premium
        ("+48801234567", "+48801234567", "shared_cost"),  # 801: shared cost
        ("+48800123456", "+48800123456", "toll_free"),  # toll free rings nobody
        ("+4915112345678", "+4915112345678", "foreign"),
        ("+882161234567", "+882161234567", "foreign"),  # international networks
    ],
)
def test_only_plainly_allowed_numbers_are_called(heard: str, number: str, reason: str) -> None:
    verdict = destinations().check(heard)
    assert (verdict.number, verdict.reason) == (number, reason)
    assert bool(verdict.text) == bool(reason)


def test_countries_and_blocks_are_the_company_s() -> None:
    allowing = destinations(countries=["PL", "de"], blocked=["+48600"])
    assert allowing.check("+4915112345678").reason == ""
    assert allowing.check("+48600100200").reason == "blocked"
    assert allowing.check("+79161234567").reason == "foreign"
    nowhere = Destinations(Config(callback=Callback()), (), lambda _: False)
    assert nowhere.check(WARSAW).reason == "foreign", "without a country nobody may be called"


def calling(timezone: str = "Europe/Warsaw", named: list[Hours] | None = None, **callback: object) -> CallingHours:
    config = Config(
        server=Server(timezone=timezone),
        hours=named or [],
        callback=Callback(**callback),  # type: ignore[arg-type]
    )
    settings = config.callback
    return CallingHours(config, hours=settings.hours, holidays=settings.holidays, home=settings.ambiguous_zone)


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def local(unix: float, zone: str) -> str:
    return datetime.fromtimestamp(unix, ZoneInfo(zone)).strftime("%m-%d %H:%M")


def test_the_customer_s_clock_counts() -> None:
    hours = calling("Europe/Warsaw", countries=["PL", "RU", "GB"])
    late = utc("2026-11-18T19:30")  # Warsaw 20:30, London 19:30, Moscow 22:30
    assert hours.is_open(WARSAW, "PL", late)
    assert hours.is_open("+442071234567", "GB", late)
    assert not hours.is_open("+74951234567", "RU", late)
    assert local(hours.next_open("+74951234567", "RU", late), "Europe/Moscow") == "11-19 08:00"


MOBILE = "+79161234567"


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        (WARSAW, 1),
        ("+48600100200", 1),
        ("+74951234567", 1),
        (MOBILE, 11),  # Kaliningrad to Kamchatka; neither Almaty nor Bucharest
        ("+77011234567", 1),  # Kazakhstan: one clock since 2024, though the code is Russia's
        ("+12125551234", 1),
        ("+447911123456", 1),
        ("+61412345678", 7),  # with Lord Howe, Eucla and Macquarie Island
        ("+380501234567", 1),
    ],
)
def test_zones_that_a_number_may_be_in(number: str, zones: int) -> None:
    assert len(zone_names(number)) == zones, zone_names(number)


def test_all_clocks_of_a_number_have_to_allow_the_call() -> None:
    hours = calling("Europe/Moscow")
    noon = utc("2026-11-18T12:00")  # midnight in Kamchatka, though three in the afternoon at the server
    assert not hours.is_open(MOBILE, "RU", noon)
    opens = hours.next_open(MOBILE, "RU", noon)
    assert local(opens, "Europe/Moscow") == "11-19 09:00", "eight in Kaliningrad, eight in the evening in Kamchatka"
    for quarter in range(96 * 7):
        at = noon + quarter * 900
        if hours.is_open(MOBILE, "RU", at):
            assert all("08:00" <= local(at, zone)[6:] < "21:00" for zone in zone_names(MOBILE))
    assert local(calling("Europe/Warsaw").next_open(MOBILE, "RU", noon), "Europe/Moscow") == "11-19 09:00"


def test_what_is_known_narrows_the_clocks() -> None:
    noon = utc("2026-11-18T12:00")  # Moscow 15:00, Yekaterinburg 17:00, Omsk 18:00, Vladivostok 22:00
    every = calling("Europe/Warsaw")
    assert every.is_open(MOBILE, "RU", noon, zone="Asia/Omsk")
    assert not every.is_open(MOBILE, "RU", noon, zone="Asia/Vladivostok")
    assert every.is_open(MOBILE, "RU", noon, home="Europe/Moscow"), "the queue's"
    assert not every.is_open(MOBILE, "RU", noon, zone="Asia/Vladivostok", home="Europe/Moscow"), "his own goes first"
    assert calling("Europe/Moscow", ambiguous_zone="server").is_open(MOBILE, "RU", noon)
    assert calling("Europe/Warsaw", ambiguous_zone="Europe/Moscow").is_open(MOBILE, "RU", noon)
    # What the number cannot be in is not believed: nobody is called at night because a form says so.
    assert not every.is_open(MOBILE, "RU", noon, zone="America/New_York")
    assert not calling("Europe/Warsaw", ambiguous_zone="server").is_open(MOBILE, "RU", noon)
    late = utc("2026-11-18T21:00")
    assert not every.is_open(WARSAW, "PL", late, zone="America/New_York", home="America/New_York")
    assert not every.is_open("+77011234567", "KZ", noon + 5 * 3600, home="Europe/Moscow"), "Kazakhstan 22:00"


@pytest.mark.parametrize(
    ("region", "moscow"),
    [
        ("г. Москва и Московская область", "08:00"),
        ("Калининградская область", "09:00"),
        ("Томская область", "04:00"),
        ("Омская область", "05:00"),
        ("Ямало-Ненецкий АО", "06:00"),
        ("Архангельская область и Ненецкий АО", "08:00"),
        ("г. Уссурийск|Приморский край", "01:00"),
        ("Республика Саха /Якутия/", "02:00"),  # three zones: eight in the westernmost
        ("Сахалинская область", "00:00"),
        ("Российская Федерация", "09:00"),  # nothing new: all clocks
    ],
)
def test_the_region_of_imported_ranges_narrows_them(region: str, moscow: str) -> None:
    hours = CallingHours(Config(), hours="", holidays=False, region=lambda _number: region)
    opens = hours.next_open(MOBILE, "RU", utc("2026-11-18T19:30"))
    assert local(opens, "Europe/Moscow")[6:] == moscow


def test_no_hour_suits_all_zones() -> None:
    short = [Hours(name="short", **{key: ["09:00-10:00"] for key in DAYS[:5]})]  # type: ignore[arg-type]
    hours = calling("Europe/Warsaw", short, hours="short")
    opens = hours.next_open(MOBILE, "RU", utc("2026-11-18T12:00"))
    assert local(opens, "Europe/Warsaw") == "11-19 09:00", "ours, when it is day everywhere"
    assert calling("America/New_York", short, hours="short").next_open(MOBILE, "RU", opens) == math.inf


def test_holidays_of_the_customer_s_country() -> None:
    independence = utc("2026-11-11T12:00")  # a Wednesday; a holiday in Poland, an ordinary day in Germany
    assert not calling().is_open(WARSAW, "PL", independence)
    assert local(calling().next_open(WARSAW, "PL", independence), "Europe/Warsaw") == "11-12 08:00"
    assert calling().is_open("+493012345678", "DE", independence)
    assert calling(holidays=False).is_open(WARSAW, "PL", independence)


@pytest.mark.parametrize(
    ("spans", "at", "opens"),
    [
        (["02:15-04:00"], "2026-03-29T00:30", "03-29 03:00"),  # 02:15 does not exist: as soon as it would be over
        (["01:00-02:30"], "2026-10-25T00:31", "10-25 02:00"),  # shut at 02:30, and again 02:00: open once more
        (["02:30-03:30"], "2026-10-25T00:10", "10-25 02:30"),  # both 02:30s count, the first is nearer
        (["08:00-21:00"], "2026-03-28T20:30", "03-29 08:00"),
        (["08:00-21:00"], "2026-10-24T20:30", "10-25 08:00"),
    ],
)
def test_windows_over_a_change_of_clocks(spans: list[str], at: str, opens: str) -> None:
    days = dict.fromkeys(DAYS, spans)
    hours = OpeningHours.of(Hours(name="x", **days), "Europe/Warsaw")  # type: ignore[arg-type]
    assert local(next_open(hours, utc(at)), "Europe/Warsaw") == opens


minute = st.integers(0, 24 * 60)
zone_name = st.sampled_from(["Europe/Warsaw", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kamchatka", "UTC"])


@settings(max_examples=60, deadline=None)
@given(
    ends=st.tuples(minute, minute).filter(lambda pair: pair[0] < pair[1]),
    zone=zone_name,
    start=st.sampled_from([utc("2026-03-28T00:00"), utc("2026-10-24T00:00"), utc("2026-04-04T00:00")]),
    offset=st.integers(0, 36 * 60),
)
def test_the_next_opening_is_the_first_minute_that_is_open(
    ends: tuple[int, int], zone: str, start: float, offset: int
) -> None:
    text = "-".join(f"{end // 60:02}:{end % 60:02}" for end in ends)
    days = {key: [text] for key in DAYS}
    hours = OpeningHours.of(Hours(name="x", **days), zone)  # type: ignore[arg-type]
    at = start + offset * 60
    by_minute = next((at + 60 * n for n in range(4 * 1440) if hours.state(at + 60 * n) == "open"), None)
    assert next_open(hours, at) == by_minute


def test_hours_that_never_open() -> None:
    never = OpeningHours.of(Hours(name="never"), "Europe/Warsaw")
    assert next_open(never, utc("2026-11-18T12:00")) == float("inf")


def test_limits_slide_and_outlive_the_process() -> None:
    clock, keeper = VirtualClock(1_790_000_000.0), MemoryKeeper()
    rules = [read_limit(text) for text in ("7/15m", "9/60m", "15/24h")]
    limits = RequestLimits(clock, "asked", keeper)
    for _ in range(7):
        assert limits.over("n", rules) is None
        limits.count("n", rules)
        clock.advance(60)
    over = limits.over("n", rules)
    assert over is not None
    assert (str(over.limit), round(over.wait_s)) == ("7/15m", 480)
    limits = RequestLimits(clock, "asked", keeper)
    assert limits.over("n", rules) == over
    clock.advance(481)
    for _ in range(2):
        assert limits.over("n", rules) is None
        limits.count("n", rules)
        clock.advance(60)
    assert str(limits.over("n", rules).limit) == "9/1h"  # type: ignore[union-attr]
    assert limits.over("other", rules) is None
    clock.advance(25 * 3600)
    limits.sweep(86_400)
    assert keeper.load("callback_requests") == {}


@pytest.mark.parametrize("text", ["7", "0/15m", "7/0m", "7/15", "7/15w", "-1/5m", ""])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="is no limit"):
        read_limit(text)


@settings(max_examples=60, deadline=None)
@given(pauses=st.lists(st.floats(0, 400), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_its_count(pauses: list[float]) -> None:
    clock = VirtualClock(1_790_000_000.0)
    rules = [Limit(3, 300.0), Limit(5, 1000.0)]
    limits = RequestLimits(clock, "asked")
    taken: list[float] = []
    for pause in pauses:
        clock.advance(pause)
        if limits.over("n", rules) is None:
            limits.count("n", rules)
            taken.append(clock.unix())
    for rule in rules:
        for at in taken:
            assert sum(1 for other in taken if at - rule.window_s < other <= at) <= rule.most


def tried(*outcomes: str) -> list[Attempt]:
    return [Attempt(float(n), "c", outcome) for n, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("before", "outcome", "wait_s", "end"),
    [
        ((), Outcome.BUSY, 300, ""),
        (("busy",), Outcome.BUSY, 450, ""),
        (("busy",), Outcome.NO_ANSWER, 1800, ""),
        ((), Outcome.VOICEMAIL, 7200, ""),
        ((), Outcome.UNREACHABLE, 3600, ""),
        (("unreachable",), Outcome.UNREACHABLE, 0, "unreachable"),
        (("no_answer",) * 4, Outcome.BUSY, 0, "unreachable"),
        (("no_answer", "fault", "fault", "no_answer", "agent_left"), Outcome.BUSY, 300, ""),
        ((), Outcome.FAULT, 60, ""),
        (("fault", "fault"), Outcome.FAULT, 135, ""),
        (("fault",) * 30, Outcome.FAULT, 14_400, ""),
        (("busy", "busy", "busy"), Outcome.REACHED, 0, "reached"),
        ((), Outcome.REFUSED, 0, "refused"),
        ((), Outcome.AGENT_LEFT, 5, ""),
    ],
)
def test_spacing_by_cause(before: tuple[str, ...], outcome: Outcome, wait_s: float, end: str) -> None:
    following_ = following(Callback(), [*tried(*before), Attempt(99.0, "c")], outcome, now=1000.0, due=1000.0)
    assert following_.end == end
    if not end:
        assert following_.at == 1000.0 + wait_s


def test_an_item_gets_too_old() -> None:
    late = Callback().give_up_s + 1000.0
    assert following(Callback(), tried("", ""), Outcome.BUSY, now=late, due=1000.0).reason == "too_old"


def test_causes_of_the_call_layer() -> None:
    found = {cause: outcome_of(cause) for cause in ("busy", "no_answer", "not_found", "congestion", "spend_cap")}
    assert [outcome.value for outcome in found.values()] == ["busy", "no_answer", "unreachable", "fault", "fault"]
    assert counted(tried("called_back_by_hand", "fault", "busy")) == [Outcome.NO_ANSWER, Outcome.BUSY]


def test_pacing_never_exceeds_the_estimate() -> None:
    assert allowed(free=0, soon_free=0.99, weight=1.0, ahead=0, launched=0) == 0
    assert allowed(free=1, soon_free=1.0, weight=0.0, ahead=0, launched=0) == 1
    assert allowed(free=1, soon_free=1.0, weight=1.0, ahead=1, launched=0) == 0
    assert allowed(free=2, soon_free=5.5, weight=1.0, ahead=1, launched=2) == 2
    assert allowed(free=2, soon_free=5.5, weight=0.5, ahead=1, launched=2) == 0


@given(
    free=st.integers(0, 50),
    more=st.floats(0, 50),
    weight=st.floats(0, 1),
    ahead=st.integers(0, 60),
    launched=st.integers(0, 60),
)
def test_what_is_launched_fits_those_who_will_be_free(
    free: int, more: float, weight: float, ahead: int, launched: int
) -> None:
    count = allowed(free=free, soon_free=free + more, weight=weight, ahead=ahead, launched=launched)
    assert count >= 0
    if count:
        assert count + ahead + launched <= free + more + 1e-6


def test_the_reach_time_is_learned() -> None:
    reach = ReachTime()
    assert reach.expected_s == 12.0
    for _ in range(50):
        reach.answered(20.0)
    assert 19.0 < reach.expected_s < 20.0


def test_silent_calls_make_cautious() -> None:
    caution = Caution(0.03)
    assert caution.weight == 1.0
    for _ in range(40):
        caution.served(0.5)
    caution.abandoned()
    assert caution.silent_share < 0.03
    assert caution.weight == 0.5
    caution.abandoned()
    assert caution.weight == 0.0, "above the share only agents who are free count"
    for _ in range(60):
        caution.served(0.5)
    assert caution.weight == 1.0
    caution.served(5.0)
    assert caution.weight == 0.8

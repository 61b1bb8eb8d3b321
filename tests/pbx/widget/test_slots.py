"""Hours to choose from, on days that are longer or shorter than others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pbx.call.hours import OpeningHours
from pbx.config import Hours
from pbx.widget.slots import slots

WARSAW = ZoneInfo("Europe/Warsaw")


def offered(day: datetime, *, hours: OpeningHours | None = None, taken: Mapping[int, int] | None = None) -> list[str]:
    """Beginnings on that day, as a clock in Warsaw and the UTC offset say them."""
    found = slots(
        WARSAW,
        day.timestamp(),
        days=1,
        minutes=30,
        hours=hours,
        may_call=lambda _at: True,
        taken=taken or {},
        most=1,
    )
    assert found == sorted(set(found)), "each moment once, in order"
    return [datetime.fromtimestamp(at, WARSAW).strftime("%H:%M%z") for at in found]


def test_the_hour_that_spring_leaves_out_is_not_offered() -> None:
    texts = offered(datetime(2027, 3, 28, 0, 0, tzinfo=WARSAW))  # 02:00 is 03:00
    assert texts[:4] == ["00:30+0100", "01:00+0100", "01:30+0100", "03:00+0200"]
    assert texts[-1] == "23:30+0200"


def test_the_hour_that_autumn_has_twice_is_offered_once() -> None:
    texts = offered(datetime(2026, 10, 25, 0, 0, tzinfo=WARSAW))  # 03:00 is 02:00
    assert [text for text in texts if text.startswith("02")] == ["02:00+0200", "02:30+0200"]
    assert texts[-1] == "23:30+0100"


def test_opening_hours_follow_the_wall_clock() -> None:
    hours = OpeningHours.of(Hours(name="day", sun=["09:00-11:00"]), "Europe/Warsaw")
    for day, offset in ((datetime(2026, 10, 18), "+0200"), (datetime(2026, 10, 25), "+0100")):
        texts = offered(day.replace(tzinfo=WARSAW), hours=hours)
        assert texts == [f"{clock}{offset}" for clock in ("09:00", "09:30", "10:00", "10:30")]
    ten = datetime(2026, 10, 25, 9, 0, tzinfo=UTC)
    texts = offered(datetime(2026, 10, 25, tzinfo=WARSAW), hours=hours, taken={int(ten.timestamp()): 1})
    assert "10:00+0100" not in texts

"""Greetings and announcements: recorded by phone, reviewed, in use at once, and heard when they are valid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pbx.call.testing import FakeCaller
from pbx.events import Kind
from tests.pbx.voicemail.office import Office, said, sounds, write_wav


async def records(office: Office, caller: FakeCaller, seconds: float = 2.0) -> None:
    await office.at_the_tone(caller)
    await office.speak(caller, seconds)
    caller.press("#")
    await office.hears(caller, "Accept: one.")


async def test_a_greeting_is_reviewed_and_in_use_at_once(tmp_path: Path) -> None:
    office = Office(tmp_path)
    owner = office.dial("101", "*98")
    owner.press("2580#")
    await office.hears(owner, "Repeat: one.")
    owner.press("0")
    await office.hears(owner, "Usual greeting: one.")
    owner.press("1")
    await records(office, owner)
    owner.press("2")  # once more
    await records(office, owner)
    owner.press("1")
    await office.hears(owner, "The recording is in use.")
    owner.hang_up()
    await owner.over()
    (file,) = sounds(tmp_path)  # the first try is gone
    caller = office.call("voicemail:101")
    await office.hears(caller, f"recorded:{file.relative_to(tmp_path)}")
    assert office.journey(owner.call, Kind.VOICEMAIL_GREETING)[0].data["greeting"] == "personal"
    await office.close()


async def test_the_absence_greeting_is_switched_by_phone(tmp_path: Path) -> None:
    office = Office(tmp_path)
    owner = office.dial("101", "*98")
    owner.press("2580#")
    await office.hears(owner, "Repeat: one.")
    owner.press("0")
    await office.hears(owner, "Usual greeting: one.")
    owner.press("4")
    await records(office, owner)
    owner.press("1")
    await office.hears(owner, "The recording is in use.")
    caller = office.call("voicemail:101")
    await office.hears(caller, "greetings/101/absence")
    await office.hears(owner, "Usual greeting: one.")
    owner.press("4")
    await office.hears(owner, "The absence greeting is off.")
    later = office.call("voicemail:101")
    await office.hears(later, "We cannot take your call")
    await office.close()


async def test_after_hours_another_text_is_heard(tmp_path: Path) -> None:
    box = {
        "name": "101",
        "extension": "101",
        "pin": "2580",
        "hours": "never",
        "closed_greeting": {"en": "We are shut."},
    }
    office = Office(tmp_path, voicemail=[box], hours=[{"name": "never"}])
    caller = office.call("voicemail:101")
    await office.hears(caller, "We are shut.")
    await office.close()


def announcement(**more: Any) -> dict[str, Any]:
    return {"name": "holiday", "code": "1", "pin": "97531", "text": {"en": "We are away."}, **more}


async def test_an_announcement_is_recorded_for_its_pin_and_heard_at_once(tmp_path: Path) -> None:
    office = Office(tmp_path, announcement=[announcement()])
    port = office.voicemail.announcements
    stranger = office.dial("102", "*551")
    stranger.press("1#2#3#")
    await stranger.over()
    caller = office.call(_listens)
    await office.sleep(1)
    assert [clip.text for clip in await port.clips(caller.call, "holiday")] == ["en:We are away."]
    boss = office.dial("101", "*551")
    boss.press("97531#")
    await records(office, boss)
    boss.press("1")
    await boss.over()
    assert said(boss)[-1] == "The recording is in use."
    (clip,) = await port.clips(caller.call, "holiday")
    assert clip.text.startswith("recorded:voicemail/announcements/")
    assert office.journey(boss.call, Kind.ANNOUNCEMENT_RECORDED)[0].data["by"] == "101"
    again = Office(tmp_path, announcement=[announcement()])
    again.services.keeper.put("announcements", "holiday", port.recorded["holiday"])
    await again.close()
    await office.close()


async def test_a_hang_up_before_accepting_changes_nothing(tmp_path: Path) -> None:
    office = Office(tmp_path, announcement=[announcement()])
    boss = office.dial("101", "*551")
    boss.press("97531#")
    await records(office, boss)
    boss.hang_up()
    await boss.over()
    assert office.voicemail.announcements.recorded == {}
    assert sounds(tmp_path) == []
    await office.close()


async def test_an_announcement_is_heard_while_it_is_valid(tmp_path: Path) -> None:
    now = datetime.fromtimestamp(1_790_000_000, UTC)
    cases = [
        ({"valid_from": now + timedelta(days=1)}, False),
        ({"valid_until": now - timedelta(days=1)}, False),
        ({"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=1)}, True),
        ({"hours": "never"}, True),
        ({"hours": "never", "when": ["open"]}, False),
    ]
    for settings, valid in cases:
        office = Office(tmp_path, announcement=[announcement(**settings)], hours=[{"name": "never"}])
        assert office.voicemail.announcements.is_valid("holiday") is valid, settings
        await office.close()


async def _listens(call: Any) -> None:
    await call.answer()
    await call.loop.create_future()


async def test_what_nobody_accepted_goes_at_the_next_start(tmp_path: Path) -> None:
    kept, left = tmp_path / "voicemail/greetings/101/personal-1.wav", tmp_path / "voicemail/review/personal-2.wav"
    for path in (kept, left):
        write_wav(path, 1.0)
    office = Office(tmp_path)
    await office.voicemail.start()
    assert sounds(tmp_path) == [kept]
    await office.voicemail.stop()
    await office.close()

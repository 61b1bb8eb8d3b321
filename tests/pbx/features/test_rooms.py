"""Conference rooms: the way in, what moderators and commands do, what the others hear."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import pytest

from pbx.call.fake_media import FakeRecording
from pbx.call.recorder import RIGHT, Tape
from pbx.call.testing import FakeCaller
from pbx.events import Kind
from pbx.features.rooms.entry import _take
from pbx.features.rooms.service import RoomError
from tests.pbx.features.world import Company


def conference(**more: Any) -> Company:
    return Company(room=[{"name": "daily", **more}])


def enter(company: Company, extension: str) -> FakeCaller:
    return company.call("room:daily", caller=extension, extension=extension)


def texts(caller: FakeCaller) -> list[str]:
    return [text for _, text in caller.heard]


async def test_three_hear_each_other_and_the_last_one_closes_the_door() -> None:
    company = conference()
    first = enter(company, "101")
    await company.sleep(5)
    assert texts(first) == ["en:You are the only one in the conference.", "music:default"]
    others = [enter(company, "102"), enter(company, "103")]
    await company.sleep(1)
    room = company.media.rooms[0]
    assert list(room.members) == [first.media, *(other.media for other in others)]
    assert not first.media.playing
    assert room.played == ["tone:beep", "tone:beep"]
    others[0].hang_up()
    await others[0].over()
    assert room.played[2:] == ["tone:beep"]
    assert company.journey(others[0].call, Kind.ROOM_LEFT)[0].data["reason"] == "left"
    await company.close()
    assert room.closed
    assert not company.features.rooms.participants


async def test_a_recorded_caller_is_recorded_on_in_the_conference() -> None:
    company = conference()
    caller = enter(company, "101")
    recording = FakeRecording("call.wav")
    caller.call.tape = Tape("call", recording, left=caller.media, idle=True)
    recording.pause(True)
    await company.sleep(1)
    assert recording.taps == [("add heard", caller.media, RIGHT)]
    assert not recording.paused
    company.features.rooms.command("daily", "kick", "101", "cli")
    await company.sleep(2)
    assert recording.taps[1:] == [("drop heard", caller.media, -1)]
    assert recording.paused
    await company.close()


async def test_pins_tell_moderators_from_participants() -> None:
    company = conference(pin="11", moderator_pin="22")
    guest, chair, stranger = enter(company, "101"), enter(company, "102"), enter(company, "103")
    await company.sleep(1)
    guest.press("11#")
    chair.press("22#")
    stranger.press("33#")
    await company.sleep(4)
    rows = company.features.rooms.snapshot()[0]["participants"]
    assert [(row["caller"], row["moderator"]) for row in rows] == [("101", False), ("102", True)]
    assert "en:That code is wrong." in texts(stranger)
    stranger.press("3#4#")
    await stranger.over()
    assert company.journey(stranger.call, Kind.CALL_ENDED)[0].data["cause"] == "rejected"
    await company.close()


async def test_without_a_pin_hash_alone_lets_participants_in() -> None:
    company = conference(moderator_pin="22")
    guest = enter(company, "101")
    await company.sleep(1)
    guest.press("#")
    await company.sleep(1)
    assert company.features.rooms.participants == 1
    await company.close()


async def test_waiting_for_the_moderator_with_music() -> None:
    company = conference(moderators=["102"], wait_for_moderator=True, end_with_moderator=True)
    guest = enter(company, "101")
    await company.sleep(10)
    assert texts(guest) == ["en:The conference begins when the moderator joins.", "music:default"]
    assert not company.media.rooms
    chair = enter(company, "102")
    await company.sleep(1)
    assert set(company.media.rooms[0].members) == {guest.media, chair.media}
    chair.hang_up()
    await guest.over()
    assert texts(guest)[-1] == "en:The conference has ended."
    assert company.journey(guest.call, Kind.ROOM_LEFT)[0].data["reason"] == "ended"
    await company.close()


async def test_commands() -> None:
    company = conference()
    first, second = enter(company, "101"), enter(company, "102")
    await company.sleep(5)
    rooms, media = company.features.rooms, company.media.rooms[0]
    assert rooms.command("daily", "mute", "102", "cli") == ["102"]
    assert media.members[second.media] == (True, False)
    assert rooms.command("daily", "unmute", "all", "cli") == ["101", "102"]
    assert media.members[second.media] == (False, False)
    rooms.command("daily", "lock", "", "cli")
    late = enter(company, "103")
    await late.over()
    assert texts(late) == ["en:This conference is locked."]
    rooms.command("daily", "unlock", "", "cli")
    rooms.command("daily", "kick", second.call.id[:32], "cli")
    await second.over()
    assert texts(second)[-1] == "en:You have been removed from the conference."
    changed = [event.data["what"] for event in company.journey(second.call, Kind.ROOM_CHANGED)]
    assert changed == ["muted", "unmuted", "kicked"]
    assert rooms.command("daily", "end", "", "cli") == ["101"]
    await first.over()
    for wrong in (("none", "lock", ""), ("daily", "kick", "999"), ("daily", "dance", "101")):
        with pytest.raises(RoomError):
            rooms.command(*wrong, "cli")
    await company.close()


async def test_keys() -> None:
    company = conference(moderators=["101"])
    chair, guest = enter(company, "101"), enter(company, "102")
    await company.sleep(5)
    media = company.media.rooms[0]
    guest.press("*6")
    await company.sleep(1)
    assert media.members[guest.media] == (True, False)
    assert texts(guest)[-1] == "en:You are muted."
    guest.press("*6*5*0")  # the last two are for moderators
    await company.sleep(5)
    assert media.members[guest.media] == (False, False)
    chair.press("*7")
    await company.sleep(1)
    assert media.members == {chair.media: (False, False), guest.media: (True, False)}
    chair.press("*9*5")
    await company.sleep(3)
    assert company.features.rooms.snapshot()[0]["locked"]
    chair.press("*0")
    await guest.over()
    await chair.over()
    await company.close()


async def test_a_full_room_takes_nobody() -> None:
    company = conference(max_participants=2)
    enter(company, "101")
    enter(company, "102")
    await company.sleep(1)
    third = enter(company, "103")
    await third.over()
    assert texts(third) == ["en:This conference is full."]
    await company.close()


async def test_muted_on_joining_but_for_moderators() -> None:
    company = conference(muted=True, moderators=["101"])
    chair, guest = enter(company, "101"), enter(company, "102")
    await company.sleep(1)
    assert company.media.rooms[0].members == {chair.media: (False, False), guest.media: (True, False)}
    await company.close()


async def test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(*_: object) -> bytes:  # a thread's time is not the test's
        return b"\0" * 16000

    monkeypatch.setattr("asyncio.to_thread", read)
    company = conference(announce="name")
    first = enter(company, "101")
    await company.sleep(20)
    second = enter(company, "102")
    await company.sleep(6)
    second.press("#")
    await company.sleep(2)
    room = company.media.rooms[0]
    assert room.played == [f"name:{second.call.id}", "en:Has joined."]
    assert second.media.recordings[0].path.startswith("names/")
    second.hang_up()
    await second.over()
    assert room.played[2:] == [f"name:{second.call.id}", "en:Has left."]
    assert first.call.a.media is not None
    await company.close()


@pytest.mark.parametrize("channels", [1, 2])
def test_the_name_is_the_left_channel_and_its_file_is_gone(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "name.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x01\x00\x02\x00" * 4)
    pcm = _take(path)
    assert pcm == (b"\x01\x00\x02\x00" * 4 if channels == 1 else b"\x01\x00" * 4)
    assert not path.exists()

"""Recording on demand: what may be recorded, and that the journey says who began it."""

import pytest

from pbx.events import Kind
from pbx.features.recording import RecordingError, record
from tests.pbx.features.world import Company


async def test_start_and_stop() -> None:
    company = Company()
    company.phone("101")
    caller = company.call("extension:101")
    with pytest.raises(RecordingError, match="not talked in"):
        record(caller.call, "start", "cli")
    await company.sleep(3)
    assert record(caller.call, "toggle", "101") == "recording"
    with pytest.raises(RecordingError, match="already"):
        record(caller.call, "start", "cli")
    await company.sleep(5)
    assert record(caller.call, "stop", "cli") == "stopped"
    with pytest.raises(RecordingError, match="not recorded"):
        record(caller.call, "stop", "cli")
    with pytest.raises(RecordingError, match="nothing that can be done"):
        record(caller.call, "rewind", "cli")
    await company.sleep(1)
    assert company.journey(caller.call, Kind.RECORDING_STARTED)[0].data["by"] == "101"
    assert company.journey(caller.call, Kind.RECORDING_ENDED)[0].data["duration_s"] == pytest.approx(5)
    assert record(caller.call, "start", "cli") == "recording"  # a second one, beside the first
    names = [event.data["recording"] for event in company.journey(caller.call, Kind.RECORDING_STARTED)]
    assert len(set(names)) == 2
    await company.close()


async def test_a_disk_that_fails_is_told() -> None:
    company = Company()
    company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    caller.media.record_fails = OSError("no space")
    with pytest.raises(RecordingError, match="cannot be written"):
        record(caller.call, "start", "cli")
    await company.close()


async def test_pause_records_silence_and_resume_sound() -> None:
    company = Company()
    company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    with pytest.raises(RecordingError, match="not recorded"):
        record(caller.call, "pause", "cli")
    record(caller.call, "start", "cli")
    recording = caller.media.recordings[0]
    assert record(caller.call, "toggle_pause", "101") == "paused"
    assert recording.paused
    with pytest.raises(RecordingError, match="paused already"):
        record(caller.call, "pause", "cli")
    assert record(caller.call, "toggle_pause", "101") == "recording"
    assert not recording.paused
    assert company.kinds(caller.call).count(Kind.RECORDING_PAUSED) == 1
    assert company.journey(caller.call, Kind.RECORDING_RESUMED)[0].data["by"] == "101"
    await company.close()


async def test_a_room_is_recorded_until_the_last_one_leaves() -> None:
    company = Company(room=[{"name": "daily", "record": True}])
    first = company.call("room:daily", caller="101", extension="101")
    company.call("room:daily", caller="102", extension="102")
    await company.sleep(5)
    assert len(company.media.rooms[0].recordings) == 1
    assert company.journey(first.call, Kind.RECORDING_STARTED)[0].data["room"] == "daily"
    await company.close()
    assert company.journey(first.call, Kind.RECORDING_ENDED)[0].data["duration_s"] > 4

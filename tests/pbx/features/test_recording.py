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

"""Which music is heard by whom somebody holds."""

from pbx.call.fakes import HELD
from pbx.call.testing import CallHarness
from pbx.config import Config


def plan(**of_101: str) -> Config:
    return Config.model_validate(
        {
            "extension": [{"number": "101", "secret": "s", **of_101}, {"number": "102", "secret": "s"}],
            "trunk": [{"name": "carrier", "host": "10.0.0.1", "music": "jazz"}],
            "queue": [{"name": "sales", "music": "waltz"}],
        }
    )


async def held(config: Config, *, trunk: str = "", queue: str = "") -> list[str]:
    """What a caller hears whom 101 holds."""
    harness = CallHarness(config)
    phone = harness.phone("101")
    caller = harness.call("extension:101", trunk=trunk)
    await harness.sleep(3)
    caller.call.queue = queue
    phone.sessions[0].observer.on_reinvite(phone.sessions[0], HELD)
    playing = list(caller.media.playing)
    await harness.close()
    return playing


async def test_the_holders_music_goes_first() -> None:
    assert await held(plan(music="swing"), trunk="carrier", queue="sales") == ["music:swing"]


async def test_then_the_queues_then_the_trunks() -> None:
    assert await held(plan(), trunk="carrier", queue="sales") == ["music:waltz"]
    assert await held(plan(), trunk="carrier") == ["music:jazz"]
    assert await held(plan()) == ["music:default"]


async def test_a_caller_who_holds() -> None:
    harness = CallHarness(plan(music="swing"))
    phone = harness.phone("102")
    caller = harness.call("extension:102", caller="101", extension="101")
    await harness.sleep(3)
    caller.hold()
    assert phone.sessions[0].observer.media.playing == ["music:swing"]
    await harness.close()

"""Record and park by codes that are pressed while one talks."""

from pbx.events import Kind
from tests.pbx.features.world import Company, talking


async def press(company: Company, media: object, digits: str) -> None:
    for digit in digits:
        media.digit(digit)  # type: ignore[attr-defined]
        await company.sleep(0.2)


async def test_a_talk_is_recorded_from_the_code_to_the_next() -> None:
    company = Company(extension=[{"number": "101", "incall_codes": True}])
    company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    phone = caller.call.legs[0].media
    await press(company, phone, "*1")
    assert caller.call.recording
    await company.sleep(2)
    await press(company, phone, "*1")
    assert not caller.call.recording
    assert [event.data["by"] for event in company.journey(caller.call, Kind.RECORDING_STARTED)] == ["101"]
    caller.hang_up()
    await caller.over()
    await company.close()


async def test_the_other_party_is_parked_and_the_parker_told_where() -> None:
    company = Company(extension=[{"number": "101", "incall_codes": True}])
    phone = company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    media = caller.call.legs[0].media
    await press(company, media, "*68")
    assert media.playing == ["en:Parked at 7 0 1."]
    await company.sleep(4)
    assert not phone.talking
    assert caller.media.playing == ["music:default"]
    fetcher = company.dial("102", "701")
    await company.sleep(1)
    assert talking(caller, fetcher)
    caller.hang_up()
    await caller.over()
    await company.close()


async def test_a_caller_parks_who_was_called() -> None:
    company = Company(extension=[{"number": "101", "incall_codes": True}])
    phone = company.phone("102")
    caller = company.dial("101", "102")
    await company.sleep(3)
    await press(company, caller.media, "*68")
    assert caller.media.playing == ["en:Parked at 7 0 1."]
    await caller.over()
    assert phone.talking
    fetcher = company.dial("103", "701")
    await company.sleep(1)
    assert fetcher.media.partner is not None
    fetcher.hang_up()
    await fetcher.over()
    await company.services.running.idle()
    await company.close()


async def test_a_recording_is_paused_and_resumed_by_code() -> None:
    company = Company(extension=[{"number": "101", "incall_codes": True}])
    phone = company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    stream = phone.sessions[0].observer.media
    for digit in "*4*1*4":  # nothing is recorded at first: the code does nothing
        stream.digit(digit)
        await company.sleep(0.1)
    recording = caller.media.recordings[0]
    assert recording.paused
    for digit in "*4":
        stream.digit(digit)
    await company.sleep(0.1)
    assert not recording.paused
    await company.close()

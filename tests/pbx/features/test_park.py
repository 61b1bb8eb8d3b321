"""Park and fetch: the announced slot, the ring back, lamps, and that nobody is lost."""

from pbx.call.fakes import HELD
from pbx.call.testing import FakeCaller, FakePhone
from pbx.events import Kind, ParkSlotChanged
from tests.pbx.features.world import Company, talking


def held(company: Company, phone: FakePhone) -> None:
    phone.sessions[-1].observer.on_reinvite(phone.sessions[-1], HELD)


async def parked(company: Company) -> tuple[FakePhone, FakeCaller]:
    """101 has been called and has parked the caller, on slot 701 as the first."""
    phone = company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    held(company, phone)
    await company.dial("101", "*68").over()
    return phone, caller


async def test_the_callee_parks_and_another_phone_fetches() -> None:
    company = Company()
    lamps: list[ParkSlotChanged] = []
    company.bus.subscribe(ParkSlotChanged, lamps.append)
    phone = company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    held(company, phone)
    parker = company.dial("101", "*68")
    await parker.over()
    assert [text for _, text in parker.heard] == ["en:Parked at 7 0 1."]
    assert not phone.talking  # its held leg is gone
    assert caller.media.playing == ["music:default"]
    assert [(lamp.slot, bool(lamp.call_id), lamp.parked_by) for lamp in lamps] == [("701", True, "101")]
    fetcher = company.dial("102", "701")
    await company.sleep(1)
    assert talking(caller, fetcher)
    assert not lamps[-1].call_id
    assert company.journey(caller.call, Kind.PARK_RETRIEVED)[0].data["by"] == "102"
    caller.hang_up()
    await caller.over()
    assert fetcher.session.state == "terminated"
    await company.close()


async def test_the_caller_parks_who_was_called() -> None:
    company = Company()
    phone = company.phone("101")
    caller = company.dial("104", "101")
    await company.sleep(3)
    caller.hold()
    parker = company.dial("104", "*68")
    await parker.over()
    assert phone.talking
    assert phone.sessions[0].observer.media.playing == ["music:default"]
    assert caller.session.state == "terminated"
    fetcher = company.dial("102", "701")
    await company.sleep(1)
    assert phone.sessions[0].observer.media.partner is fetcher.media
    phone.hang_up()
    await company.services.running.idle()
    await company.close()


async def test_not_fetched_in_time_the_parker_rings() -> None:
    company = Company()
    phone, caller = await parked(company)
    await company.sleep(35)
    assert len(phone.sessions) == 2
    assert phone.talking
    assert company.journey(caller.call, Kind.PARK_RETURNED)[0].data["to"] == "101"
    assert not company.features.parking.parked()
    await company.close()


async def test_a_parker_who_does_not_answer_is_rung_again_and_the_slot_stays() -> None:
    company = Company()
    phone, caller = await parked(company)
    phone.answer_after_s = None
    await company.sleep(60)
    assert len(phone.sessions) == 2
    fetcher = company.dial("102", "701")
    await company.sleep(1)
    assert talking(caller, fetcher)
    await company.close()


async def test_fetched_while_the_parker_rings() -> None:
    company = Company()
    phone, caller = await parked(company)
    phone.answer_after_s = None
    await company.sleep(33)
    assert phone.ringing
    fetcher = company.dial("102", "701")
    await company.sleep(1)
    assert talking(caller, fetcher)
    assert not phone.ringing
    await company.close()


async def test_a_parked_party_who_hangs_up_frees_the_slot() -> None:
    company = Company()
    _phone, caller = await parked(company)
    caller.hang_up()
    await caller.over()
    fetcher = company.dial("102", "701")
    await fetcher.over()
    assert fetcher.status == 404
    await company.close()


async def test_the_longest_stay_ends() -> None:
    company = Company(parking=[{"slots": "701", "timeout_s": 1000, "max_s": 60}])
    _phone, caller = await parked(company)
    await company.sleep(61)
    await caller.over()
    assert company.journey(caller.call, Kind.CALL_ENDED)[0].data["cause"] == "no_answer"
    await company.close()


async def test_a_full_lot_and_nothing_to_park_are_told() -> None:
    company = Company(parking=[{"slots": "701"}])
    phone, _ = await parked(company)
    second = company.call("extension:101")
    await company.sleep(3)
    held(company, phone)
    full = company.dial("101", "*68")
    await full.over()
    assert full.heard[-1][1] == "en:All parking slots are taken."
    assert not second.call.ended
    nothing = company.dial("103", "*68")
    await nothing.over()
    assert nothing.heard[-1][1] == "en:There is no call on hold to park."
    await company.close()

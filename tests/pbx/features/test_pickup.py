"""Pickup, directed and by group: who may, what the phones are told, and a race that one wins."""

from pbx.call.call import Call
from pbx.events import Kind
from tests.pbx.features.world import Company, talking

GROUPS = [
    {"number": "101", "call_groups": ["sales"]},
    {"number": "102", "pickup_groups": ["sales"]},
    {"number": "103", "pickup_groups": ["service"]},
]


async def test_directed_pickup() -> None:
    company = Company(extension=GROUPS)
    phone = company.phone("101", answer_after_s=None)
    caller = company.dial("104", "101")
    await company.sleep(1)
    picker = company.dial("102", "**101")
    await company.sleep(1)
    assert talking(caller, picker)
    assert any("completed elsewhere" in line for line in phone.sessions[0].headers)
    taken = company.journey(caller.call, Kind.PICKED_UP)[0]
    assert taken.data == {"by": "102", "from_extension": "101"}
    assert company.services.limits.in_use("extension:102") == 0  # the harness takes no limits for callers
    assert company.services.limits.in_use("extension:101") == 0
    await picker.over()
    assert picker.call.cause == "picked_up"
    caller.hang_up()
    await caller.over()
    assert picker.session.state == "terminated"  # the dialog ended with the call that took it
    await company.close()


async def test_group_pickup_takes_what_rang_first() -> None:
    company = Company(extension=GROUPS)
    company.phone("101", answer_after_s=None)
    company.phone("104", answer_after_s=None)
    company.dial("103", "104")
    first = company.call("extension:101")
    await company.sleep(1)
    company.call("extension:101")
    await company.sleep(1)
    picker = company.dial("102", "*8")
    await company.sleep(1)
    assert talking(first, picker)
    await company.close()


async def test_who_has_no_right_finds_nothing() -> None:
    company = Company(extension=GROUPS)
    company.phone("101", answer_after_s=None)
    company.call("extension:101")
    await company.sleep(1)
    for code in ("**101", "*8", "**999"):
        picker = company.dial("103", code)
        await picker.over()
        assert picker.status == 404
    await company.close()


async def test_nothing_rings() -> None:
    company = Company(extension=GROUPS)
    picker = company.dial("102", "*8")
    await picker.over()
    assert picker.status == 404
    await company.close()


async def test_of_two_who_pick_up_at_once_one_has_the_call() -> None:
    company = Company()
    company.phone("101", answer_after_s=None)
    caller = company.dial("104", "101")
    await company.sleep(1)
    pickers = [company.dial("102", "**101"), company.dial("103", "**101")]
    await company.sleep(1)
    assert sum(talking(caller, picker) for picker in pickers) == 1
    assert len(company.journey(caller.call, Kind.PICKED_UP)) == 1
    await company.close()


async def test_what_a_queue_offers_its_agent_is_not_picked_up() -> None:
    company = Company()
    company.phone("101", answer_after_s=None)

    async def offer(call: Call) -> None:
        await call.answer()
        await call.originate("101", timeout_s=20, role="agent").answered()

    company.call(offer)
    await company.sleep(1)
    picker = company.dial("102", "**101")
    await picker.over()
    assert picker.status == 404
    await company.close()

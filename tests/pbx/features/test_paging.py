"""Paging: who hears, that nobody of them is heard, and who may page."""

from pbx.events import Kind
from tests.pbx.features.world import Company


async def test_the_caller_speaks_to_all_that_answered() -> None:
    company = Company(page=[{"name": "hall", "members": ["101", "102", "103", "104"], "max_s": 60}])
    first, second = company.phone("101", answer_after_s=0.1), company.phone("102", answer_after_s=0.1)
    busy = company.phone("103")
    company.call("extension:103")
    await company.sleep(3)
    caller = company.call("page:hall", caller="100", extension="100")
    await company.sleep(1)
    room = company.media.rooms[0]
    phones = [phone.sessions[0].observer.media for phone in (first, second)]
    assert room.members == {phones[0]: (True, False), phones[1]: (True, False), caller.media: (False, True)}
    assert room.played == ["tone:beep"]
    assert len(busy.sessions) == 1  # a talk is not broken into
    assert any("alert-autoanswer" in line for line in first.invites[0]["headers"])
    assert company.journey(caller.call, Kind.PAGED)[0].data == {"page": "hall", "phones": 2}
    caller.hang_up()
    await caller.over()
    assert not first.talking
    assert room.closed
    await company.close()


async def test_it_ends_by_itself() -> None:
    company = Company(page=[{"name": "hall", "members": ["101"], "max_s": 10}])
    company.phone("101", answer_after_s=0.1)
    caller = company.call("page:hall")
    await caller.over()
    assert company.media.rooms[0].closed
    await company.close()


async def test_nobody_there_and_no_right() -> None:
    company = Company(page=[{"name": "hall", "members": ["101"], "callers": ["102"]}])
    stranger = company.call("page:hall", caller="103", extension="103")
    await stranger.over()
    assert stranger.status == 403
    caller = company.call("page:hall", caller="102", extension="102")
    await caller.over()
    assert [text for _, text in caller.heard] == ["tone:busy"]
    await company.close()

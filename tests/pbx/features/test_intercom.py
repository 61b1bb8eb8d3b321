"""Intercom: the phone is asked to answer by itself, and nobody is broken in on."""

from tests.pbx.features.world import Company, talking


async def test_the_phone_is_asked_to_answer_by_itself() -> None:
    company = Company()
    phone = company.phone("101", answer_after_s=0.1)
    caller = company.dial("102", "*80101")
    await company.sleep(1)
    headers = phone.invites[0]["headers"]
    assert any("alert-autoanswer" in line for line in headers)
    assert any("answer-after=0" in line for line in headers)
    assert talking(caller, phone.sessions[0].observer)
    await company.close()


async def test_a_talk_is_not_broken_into() -> None:
    company = Company()
    phone = company.phone("101")
    company.call("extension:101")
    await company.sleep(2)
    caller = company.dial("102", "*80101")
    await caller.over()
    assert caller.status == 486
    assert len(phone.sessions) == 1
    await company.close()


async def test_who_does_not_want_it() -> None:
    company = Company(extension=[{"number": "101", "intercom": False}])
    company.phone("101")
    caller = company.dial("102", "*80101")
    await caller.over()
    assert caller.status == 403
    missing = company.dial("102", "*80999")
    await missing.over()
    assert missing.status == 404
    await company.close()

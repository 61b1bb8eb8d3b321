"""How many wrong passwords an address may send, and what one account's phone learns about another's."""

import asyncio

from pbx.call.guesses import ALARM, MAX_GUESSES, WINDOW_S, Guesses
from pbx.clock import VirtualClock
from pbx.events import Alarm
from pbx.sip import digest
from tests.pbx.call.sip_world import Phone, World

URI = "sip:centrala.local"


def test_an_address_is_heard_again_after_its_window() -> None:
    clock, told = VirtualClock(), []
    guesses = Guesses(clock, told.append)
    for _ in range(MAX_GUESSES):
        assert not guesses.exhausted("192.0.2.1")
        guesses.wrong("192.0.2.1")
    assert guesses.exhausted("192.0.2.1")
    assert not guesses.exhausted("192.0.2.2")
    assert told == ["192.0.2.1"]
    clock.advance(WINDOW_S + 1)
    assert not guesses.exhausted("192.0.2.1")


async def guess(phone: Phone, user: str, password: str) -> int:
    challenge = await phone.request("REGISTER", URI, auth=False)
    value = digest.answer(challenge.headers("WWW-Authenticate"), "REGISTER", URI, user, password)
    answer = await phone.request("REGISTER", URI, f"Authorization: {value}", auth=False)
    return int(answer.status)


async def test_the_alarm_comes_and_goes() -> None:
    world = World()
    alarms: list[Alarm] = []
    world.bus.subscribe(Alarm, alarms.append)
    thief = world.phone("101", "127.15.1.9", "wrong")
    for n in range(MAX_GUESSES + 5):
        assert await guess(thief, "101", f"guess {n}") == 403
    assert [(alarm.name, alarm.active) for alarm in alarms] == [(ALARM, True)]
    assert "127.15.1.9" in alarms[0].text
    assert world.service.guesses.judged_wrong == MAX_GUESSES
    assert world.service.guesses.refused == 5
    await asyncio.sleep(WINDOW_S + 1)
    assert [alarm.active for alarm in alarms] == [True, False]
    await world.settle()


async def test_an_old_nonce_does_not_tell_that_another_accounts_password_is_right() -> None:
    """401 stale for the right password and 403 for a wrong one would be an oracle without a limit."""
    world = World()
    insider = world.phone("101", "127.15.1.1")
    await insider.register()
    challenge = await insider.request("REGISTER", URI, auth=False)
    values = challenge.headers("WWW-Authenticate")
    await asyncio.sleep(digest.NONCE_LIFETIME_S + 5)
    secret = next(extension.secret for extension in world.config.extension if extension.number == "102")
    for password in (secret, "wrong"):
        value = digest.answer(values, "REGISTER", URI, "102", password)
        answer = await insider.request("REGISTER", URI, f"Authorization: {value}", auth=False)
        assert answer.status == 403
    await world.settle()

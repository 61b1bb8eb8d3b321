"""The second factor: set up, asked for, used once, lost, required by role."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pyotp
import pytest

from pbx.accounts.errors import AccountError
from pbx.accounts.rights import Permission, Principal
from pbx.accounts.second_factor import STEP_S, Factor, MemoryFactors
from pbx.accounts.service import Entered
from tests.support.accounts import ADDRESS, PASSWORD, World


class Factors(MemoryFactors):
    """`slow`: the disk takes its turn, as a real one does."""

    slow = False

    async def put(self, factor: Factor) -> None:
        if self.slow:
            await asyncio.sleep(0)
        await super().put(factor)


class Secured(World):
    """`factors` outlive a restart."""

    def __init__(self, **settings: Any) -> None:
        self.factors = Factors()
        super().__init__(**settings)

    def build(self, **more: Any) -> Any:
        return super().build(factors=self.factors, **more)

    def principal(self, entered: Entered) -> Principal:
        found = self.accounts.of_cookie(entered.secret)
        assert found is not None
        return found

    async def enrol(self, login: str) -> tuple[str, list[str]]:
        who = self.principal(await self.login(login))
        secret, uri = await self.accounts.begin_factor(who, PASSWORD, "", ADDRESS)
        assert uri.startswith(f"otpauth://totp/Centrala:{login}?secret={secret}&issuer=Centrala")
        codes = await self.accounts.confirm_factor(who, self.code(secret))
        self.clock.advance(STEP_S)
        return secret, codes

    def code(self, secret: str, steps: int = 0) -> str:
        return pyotp.TOTP(secret).at(int(self.clock.unix()) + steps * STEP_S)

    async def enter(self, login: str, code: str, address: str = ADDRESS) -> Entered:
        return await self.accounts.login(login, PASSWORD, address, "curl/8", "", code)


async def reason(work: Any) -> str:
    with pytest.raises(AccountError) as raised:
        await work
    return raised.value.reason


def test_codes_are_those_of_rfc_6238() -> None:
    """Appendix B, SHA-1, the last six of the eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    expected = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {at: pyotp.TOTP(secret).at(at) for at in expected} == expected


async def test_a_password_is_not_enough_and_a_code_opens_once() -> None:
    async with Secured() as world:
        await world.person("ola")
        secret, _ = await world.enrol("ola")
        assert await reason(world.login("ola")) == "code"
        assert await reason(world.login("ola", "guess")) == "wrong", "the code is asked for after the password alone"
        assert await reason(world.enter("ola", "000000")) == "wrong"
        code = world.code(secret)
        both = await asyncio.gather(world.enter("ola", code), world.enter("ola", code), return_exceptions=True)
        assert sorted(type(each).__name__ for each in both) == ["AccountError", "Entered"]
        assert await reason(world.enter("ola", world.code(secret, -1))) == "wrong", "no earlier one either"
        await world.restart()
        assert await reason(world.enter("ola", code)) == "wrong", "nor after a restart"
        world.clock.advance(STEP_S)
        await world.enter("ola", f" {world.code(secret)[:3]} {world.code(secret)[3:]}")
        world.clock.advance(3 * STEP_S)
        assert await reason(world.enter("ola", world.code(secret, -2))) == "wrong"
        await world.enter("ola", world.code(secret, 1))  # a clock that is fast
        assert [entry.action for entry in world.entries if entry.result == 401].count("second factor") >= 5
        assert secret not in str(world.factors.rows)


async def test_a_recovery_code_opens_once_and_others_replace_them() -> None:
    async with Secured() as world:
        await world.person("ola")
        secret, codes = await world.enrol("ola")
        assert len(set(codes)) == 10
        assert not any(code.replace("-", "") in str(world.factors.rows) for code in codes)
        entered = await world.enter("ola", codes[3].lower().replace("-", " "))
        assert await reason(world.enter("ola", codes[3])) == "wrong"
        who = world.principal(entered)
        newer = await world.accounts.renew_recovery(who, world.code(secret), ADDRESS)
        assert await reason(world.enter("ola", codes[4])) == "wrong"
        await world.enter("ola", newer[0])
        await world.accounts.remove_factor(who, newer[1], ADDRESS)
        await world.login("ola")


async def test_guesses_are_limited_wherever_they_come_from() -> None:
    async with Secured() as world:
        await world.person("ola")
        secret, _ = await world.enrol("ola")
        for at in range(10):
            assert await reason(world.enter("ola", "000000", f"192.0.2.{at}")) == "wrong"
        assert await reason(world.enter("ola", world.code(secret), "198.51.100.9")) == "throttled"
        world.clock.advance(900)
        await world.enter("ola", world.code(secret), "198.51.100.9")


async def test_asking_for_many_names_brings_no_guesses_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is refused leaves no count, and what others guess elsewhere drives none out."""
    monkeypatch.setattr("pbx.accounts.throttle.MAX_KEYS", 50)
    async with Secured() as world:
        await world.person("ola")
        secret, _ = await world.enrol("ola")
        for _ in range(10):
            assert await reason(world.enter("ola", "000000", "198.51.100.9")) == "wrong"
        throttle = world.accounts.throttle
        for at in range(500):
            with contextlib.suppress(AccountError):
                throttle.take(f"name-{at}", f"192.0.2.{at % 20}", "")
        assert await reason(world.enter("ola", world.code(secret), "203.0.113.5")) == "throttled"
        for at in range(500):
            with contextlib.suppress(AccountError):
                throttle.take(f"other-{at}", "192.0.2.77", "")
        with pytest.raises(AccountError):
            throttle.take("one-more", "192.0.2.77", "")


async def test_what_is_written_at_the_same_moment_undoes_nothing() -> None:
    """The store is slow: a code that is used while recovery codes are renewed opens once, and a reset stays one."""
    async with Secured() as world:
        await world.person("ola")
        secret, _ = await world.enrol("ola")
        factors, code = world.accounts.factors, world.code(secret)
        person = world.accounts.people.find("ola").id
        world.factors.slow = True
        codes, opened = await asyncio.gather(factors.renew(person), factors.check(person, code))
        assert opened
        assert not await factors.check(person, code)
        world.accounts.factors.restore([person])
        assert await factors.check(person, codes[0]), "on disk are the newest"
        await asyncio.gather(factors.remove(person), factors.check(person, codes[1]))
        assert world.factors.rows == {}
        both = await asyncio.gather(factors.check(person, codes[2]), factors.check(person, codes[2]))
        assert both == [False, False]


async def test_a_role_that_must_have_one_may_do_nothing_else_until_then() -> None:
    async with Secured(second_factor=["supervisor"]) as world:
        await world.person("ola", "supervisor")
        await world.person("jan")
        assert Permission.CALLS_READ in world.principal(await world.login("jan")).permissions
        entered = await world.login("ola")
        who = world.principal(entered)
        assert who.permissions == {Permission.SELF}
        assert (await world.accounts.tokens.make(world.accounts.people.find("ola"), "t", who.permissions, 0.0))[
            0
        ].permissions == {Permission.SELF}
        secret, _ = await world.enrol("ola")
        assert world.accounts.of_cookie(entered.secret) is None, "other sessions are over"
        again = world.principal(await world.enter("ola", world.code(secret)))
        assert Permission.CALLS_SUPERVISE in again.permissions
        external = await world.accounts.enter(world.accounts.people.find("ola"), "oidc", ADDRESS, "curl/8")
        await world.accounts.reset_factor(world.accounts.people.find("ola"))
        assert world.accounts.of_cookie(external.secret) is None
        assert world.principal(await world.login("ola")).permissions == {Permission.SELF}
        external = await world.accounts.enter(world.accounts.people.find("ola"), "oidc", ADDRESS, "curl/8")
        assert len(world.principal(external).permissions) > 1, "the provider asks for its own"


async def test_a_link_for_a_new_password_asks_for_the_code() -> None:
    async with Secured() as world:
        person = await world.person("ola")
        secret, _ = await world.enrol("ola")
        link = await world.accounts.links.for_password(person, "admin")
        use = world.accounts.use_link
        assert await reason(use(link, "a new password", "", ADDRESS, "curl/8")) == "code"
        entered = await use(link, "a new password", "", ADDRESS, "curl/8", world.code(secret))
        assert entered.person.login == "ola"


async def test_setting_one_up_needs_the_password_and_a_code_of_the_old_one() -> None:
    async with Secured() as world:
        await world.person("ola")
        who = world.principal(await world.login("ola"))
        assert await reason(world.accounts.begin_factor(who, "guess", "", ADDRESS)) == "invalid"
        assert await reason(world.accounts.confirm_factor(who, "123456")) == "conflict"
        secret, _ = await world.enrol("ola")
        who = world.principal(await world.enter("ola", world.code(secret)))
        assert await reason(world.accounts.begin_factor(who, PASSWORD, "", ADDRESS)) == "code"
        world.clock.advance(STEP_S)
        await world.accounts.begin_factor(who, PASSWORD, world.code(secret), ADDRESS)
        world.clock.advance(601)
        assert await reason(world.accounts.confirm_factor(who, "123456")) == "conflict"
        assert world.accounts.factors.of(who.id) is not None

"""Who comes in: passwords, one-time links, sessions, guesses."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from pbx.accounts import throttle
from pbx.accounts.errors import AccountError
from pbx.accounts.rights import Role
from pbx.store.errors import StoreError
from tests.support.accounts import PASSWORD, World


async def wrong(world: World, login: str = "ola", address: str = "198.51.100.7", mark: str = "") -> str:
    """What a wrong guess is refused for."""
    with pytest.raises(AccountError) as refused:
        await world.login(login, "not the password", address, mark)
    return refused.value.reason


async def test_the_first_admin_comes_by_a_link_that_works_once() -> None:
    async with World() as world:
        accounts = world.accounts
        older = await accounts.first_admin_link()
        secret = await accounts.first_admin_link()
        assert older
        assert secret
        for bad, login, password, reason in (
            (older, "root", PASSWORD, "wrong"),
            ("guess", "root", PASSWORD, "wrong"),
            (secret, "root", "short", "invalid"),
            (secret, "", PASSWORD, "invalid"),
            (secret, "aaaabbbbcccc", "aaaabbbbcccc", "invalid"),
            (secret, "root", "aaaaaaaaaaaaaa", "invalid"),
        ):
            with pytest.raises(AccountError) as refused:
                await accounts.use_link(bad, password, login, "192.0.2.1", "curl")
            assert refused.value.reason == reason
        both = await asyncio.gather(
            *(accounts.use_link(secret, PASSWORD, f"root{n}", "192.0.2.1", "curl") for n in (1, 2)),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in both) == ["AccountError", "Entered"]
        assert [person.role for person in accounts.people.all()] == [Role.ADMIN]
        assert await accounts.first_admin_link() is None
        login = accounts.people.all()[0].login
        entered = await world.login(login)
        assert accounts.of_cookie(entered.secret).role is Role.ADMIN
        assert [entry.action for entry in world.entries] == ["login by link", "login by password"]
        assert PASSWORD not in repr(world.store.people)


async def test_a_link_ends_and_ends_sessions() -> None:
    async with World() as world:
        ola = await world.person("ola")
        session = await world.login("ola")
        secret = await world.accounts.links.for_password(ola, "root")
        await world.restart()
        world.clock.advance(world.settings.link_s)
        with pytest.raises(AccountError, match="expired"):
            world.accounts.needs_login(secret)
        secret = await world.accounts.links.for_password(ola, "root")
        assert world.accounts.needs_login(secret) is False
        entered = await world.accounts.use_link(secret, "another password", "", "192.0.2.1", "curl")
        assert world.accounts.of_cookie(session.secret) is None
        assert world.accounts.of_cookie(entered.secret) is not None
        assert await wrong(world) == "wrong"
        await world.login("OLA", "another password")


async def test_sessions_end_by_idleness_by_age_and_by_being_told_to() -> None:
    async with World(session_idle_s=100.0, session_max_s=500.0) as world:
        await world.person("ola", extension="201")
        gone: list[str] = []
        world.accounts.watch(gone.append)
        first = await world.login("ola")
        second = await world.login("ola")
        for _ in range(4):
            world.clock.advance(90.0)
            assert world.accounts.of_cookie(first.secret) is not None
        assert world.accounts.of_cookie(second.secret) is None
        await world.restart()
        who = world.accounts.of_cookie(first.secret)
        assert who is not None
        assert (who.extension, who.queues, who.sees_queue("service")) == ("201", {"sales"}, False)
        assert world.accounts.current(who) == who
        world.clock.advance(90.0)
        assert world.accounts.of_cookie(first.secret) is not None
        world.clock.advance(60.0)
        assert world.accounts.of_cookie(first.secret) is None
        assert world.accounts.current(who) is None
        world.accounts.watch(gone.append)
        third = await world.login("ola")
        await world.accounts.change(world.accounts.people.find("ola"), {"disabled": True})
        assert world.accounts.of_cookie(third.secret) is None
        assert third.session.id in gone
        assert await wrong(world) == "wrong"  # he hears no more than a stranger
        assert not world.store.sessions.keys() & {third.session.id}


async def test_somebody_has_so_many_sessions() -> None:
    async with World() as world:
        await world.person("ola")
        entered = []
        for _ in range(22):
            entered.append(await world.login("ola"))
            world.clock.advance(1.0)
        known = [world.accounts.of_cookie(each.secret) is not None for each in entered]
        assert known == [False] * 2 + [True] * 20


async def test_what_cannot_be_removed_from_disk_is_over_and_removed_later() -> None:
    async with World() as world:
        await world.person("ola")
        session = await world.login("ola")
        world.store.broken = True
        with pytest.raises(StoreError):
            await world.accounts.end_sessions([session.session])
        assert world.accounts.of_cookie(session.secret) is None
        with pytest.raises(StoreError):
            await world.login("ola")
        world.store.broken = False
        await world.accounts.sessions.end_old()
        assert not world.store.sessions


async def test_guesses_are_limited_without_harm_to_who_knows_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """security.md R7: at most 30 guesses of a source are looked at, and the user comes in elsewhere."""
    async with World() as world:
        await world.person("ola")
        await world.person("jan")
        home = await world.login("ola", address="192.0.2.50")
        reasons = [await wrong(world) for _ in range(12)]
        assert reasons == ["wrong"] * 10 + ["throttled"] * 2
        # The same address with other names: 30 in all, of which half are of nobody.
        more = [await wrong(world, name) for name in ["jan", "nobody"] * 12]
        assert more == ["wrong"] * 20 + ["throttled"] * 4
        assert world.accounts.failures == 30
        await world.login("ola", address="192.0.2.50")  # elsewhere
        await world.login("ola", address="198.51.100.7", mark=home.device)  # even there, in his own browser
        # From everywhere at once.
        assert [await wrong(world, address=f"203.0.113.{n}") for n in range(91)] == ["wrong"] * 90 + ["throttled"]
        with pytest.raises(AccountError, match="try again in"):
            await world.login("ola", address="192.0.2.51")
        await world.login("ola", address="192.0.2.51", mark=home.device)
        assert await wrong(world, mark=home.device) == "wrong"
        assert await wrong(world, address="192.0.2.52", mark="forged." + home.device.partition(".")[2]) == "throttled"
        world.clock.advance(3601.0)
        await world.login("ola")
        # What is kept of guesses has an end.
        monkeypatch.setattr(throttle, "MAX_KEYS", 10)
        for n in range(30):
            await wrong(world, f"name{n}", f"2001:db8:{n:x}::1")
        assert len(world.accounts.throttle._guesses) <= 10


async def test_many_guesses_at_once_are_counted_one_by_one() -> None:
    async with World() as world:
        await world.person("ola")
        tries = [world.login("ola", "not the password", "198.51.100.7") for _ in range(25)]
        refused = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted({error.reason for error in refused}) == ["throttled", "wrong"]  # type: ignore[union-attr]
        assert world.accounts.failures == 10


async def test_a_name_that_nobody_has_takes_as_long_as_one_that_somebody_has() -> None:
    """security.md R7. Medians of interleaved tries: the machine may be busy."""
    async with World(argon2_memory_kib=1024, argon2_time=2) as world:
        await world.person("ola")
        await world.person("external", password="")
        took: dict[str, list[float]] = {"ola": [], "nobody": [], "external": []}
        for n in range(25):
            for login, times in took.items():
                began = time.process_time()
                await wrong(world, login, f"2001:db8:{n:x}:{len(login)}::1")
                times.append(time.process_time() - began)
        medians = {login: statistics.median(times[2:]) for login, times in took.items()}
        assert max(medians.values()) - min(medians.values()) < 0.001, medians


async def test_a_name_that_nobody_has_leaves_an_entry_too() -> None:
    """To write it takes as long as it takes the disk; the entry is the same, and holds no name."""
    async with World() as world:
        ola = await world.person("ola")
        await wrong(world, "ola")
        await wrong(world, "my password")
        assert [(each.action, each.object, each.result) for each in world.entries] == [
            ("login", f"/users/{ola.id}", 401),
            ("login", "/users", 401),
        ]


async def test_old_hashes_are_renewed_when_their_password_is_seen() -> None:
    async with World() as world:
        await world.person("ola")
        weak = world.store.people[world.accounts.people.find("ola").id].password
        assert weak.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        world.settings = world.settings.model_copy(update={"argon2_time": 3})
        await world.restart()
        await world.login("ola")
        assert "t=3" in world.accounts.people.find("ola").password
        await world.login("ola")


async def test_too_many_at_once_are_asked_to_come_again() -> None:
    async with World() as world:
        await world.person("ola")
        tries = [world.login("ola", address=f"192.0.2.{n}") for n in range(60)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        busy = [each for each in found if isinstance(each, AccountError)]
        assert {each.reason for each in busy} == {"busy"}
        assert len(found) - len(busy) >= 32


async def test_passwords_may_be_of_no_use() -> None:
    async with World() as world:
        ola = await world.person("ola")
        await world.accounts.stop()
        world.accounts = world.build(local_passwords=False)
        world.accounts.start()
        with pytest.raises(AccountError, match="identity provider"):
            await world.login("ola")
        secret = await world.accounts.links.for_password(ola, "root")  # the way in when the provider is down
        assert (await world.accounts.use_link(secret, PASSWORD, "", "192.0.2.1", "curl")).person.login == "ola"


async def test_one_changes_ones_password_by_knowing_it() -> None:
    async with World() as world:
        await world.person("ola")
        here, there = await world.login("ola"), await world.login("ola")
        who = world.accounts.of_cookie(here.secret)
        for _ in range(10):
            with pytest.raises(AccountError, match="is wrong"):
                await world.accounts.change_password(who, "guess", "another password", "192.0.2.1")
        with pytest.raises(AccountError, match="too many"):
            await world.accounts.change_password(who, PASSWORD, "another password", "192.0.2.1")
        world.clock.advance(901.0)
        here = await world.login("ola")
        who = world.accounts.of_cookie(here.secret)
        await world.accounts.change_password(who, PASSWORD, "another password", "192.0.2.1")
        assert world.accounts.of_cookie(here.secret) is not None
        assert world.accounts.of_cookie(there.secret) is None

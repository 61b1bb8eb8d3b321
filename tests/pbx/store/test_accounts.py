"""Accounts, the audit log and keys of repeated requests in a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pbx.accounts.account import Link, Person, Session, Token
from pbx.accounts.audit import Entry, Filter
from pbx.accounts.repeats import Kept, TooMany
from pbx.accounts.rights import Permission, Role
from pbx.store import idempotency
from pbx.store.errors import StoreUnavailable
from tests.pbx.store.support import World

OLA = Person("p1", "ola", Role.AGENT, name="Ola Żak", queues=("sales",), password="$argon2id$x", login_at=6.5)
JAN = Person("p2", "jan", Role.ADMIN, subject="https://id.example 17", disabled=True)
SESSION = Session("s1", "d1", "p1", "password", "192.0.2.1", "curl/8", 10.0, 11.0, 20.0)
TOKEN = Token("t1", "d2", "ctr_abc", "crm", "p1", frozenset({Permission.CALLS_READ}), 10.0, expires=99.0)
LINK = Link("d3", "password", "p2", "ola", 10.0, 20.0)


async def test_accounts_survive_a_restart(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        kept = world.store.accounts
        await kept.put_person(OLA)
        await kept.put_person(replace(JAN, disabled=False))
        await kept.put_person(JAN)
        await kept.put_session(SESSION)
        await kept.put_session(replace(SESSION, id="s2", digest="d4"))
        await kept.put_token(TOKEN)
        await kept.put_link(replace(LINK, digest="older"))
        await kept.put_link(LINK)
        await kept.touch([replace(SESSION, seen=15.0), replace(SESSION, id="gone")], [replace(TOKEN, used=16.0)])
        await kept.remove_sessions(["s2", "unknown"])
    async with World(tmp_path) as world:
        kept = world.store.accounts
        people, sessions, tokens, links = kept.load()
        assert sorted(people, key=lambda person: person.id) == [OLA, JAN]
        assert sessions == [replace(SESSION, seen=15.0)]
        assert tokens == [replace(TOKEN, used=16.0)]
        assert links == [LINK]
        await kept.use_link(LINK, replace(JAN, password="new"))
        await kept.remove_person("p1")
    async with World(tmp_path) as world:
        assert world.store.accounts.load() == ([replace(JAN, password="new")], [], [], [])


def entry(number: int, **changes: object) -> Entry:
    fields = {"actor_kind": "person", "actor": "p1", "actor_name": "ola", "address": "192.0.2.1"}
    more = {"action": "PATCH /users", "object": f"/users/{number}", "result": 200, "fields": ("role",)}
    return Entry(**{"id": f"{number:032d}", "at": float(number), **fields, **more, **changes})  # type: ignore[arg-type]


async def test_the_audit_log_is_read_newest_first_and_grows_old(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        log = world.store.audit
        await asyncio.gather(*(log.append(entry(number)) for number in range(1, 6)))
        await log.append(entry(6, actor="t1", actor_name="crm", action="login", object="/50%"))
        assert log.waiting == 0
        found = await log.find(Filter(), "", 3)
        assert [each.at for each in found] == [6.0, 5.0, 4.0]
        assert found[1] == entry(5)
        assert [each.at for each in await log.find(Filter(), found[-1].id, 3)] == [3.0, 2.0, 1.0]
        assert [each.at for each in await log.find(Filter(actor="crm"), "", 9)] == [6.0]
        assert len(await log.find(Filter(actor="p1", object="/users/", since=2.0, until=4.0), "", 9)) == 2
        assert await log.find(Filter(object="/5%"), "", 9) == []
        assert [each.at for each in await log.find(Filter(action="log"), "", 9)] == [6.0]
        assert await log.prune(3.0) == 2
        assert len(await log.find(Filter(), "", 9)) == 4


async def test_an_entry_waits_for_a_database_that_takes_nothing(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        log = world.store.audit
        durable, broken = world.store.durable, True

        async def sometimes(intent):
            if broken:
                raise StoreUnavailable("the disk is full")
            return await durable(intent)

        log.attach(sometimes)
        await log.append(entry(1))
        assert log.waiting == 1
        broken = False
        await log.append(entry(2))
        assert log.waiting == 0
        assert [each.at for each in await log.find(Filter(), "", 9)] == [2.0, 1.0]


async def test_keys_of_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with World(tmp_path) as world:
        keys = world.store.keys
        assert await keys.begin("p1", "one", "f1") is None
        assert await keys.begin("p2", "one", "f2") is None  # another's
        await keys.begin("p1", "two", "f3")
        await keys.release("p1", "two")
        assert await keys.begin("p1", "two", "f4") is None
        done = Kept("f1", "done", 201, "application/json", b"\x00{}")
        await keys.finish("p1", "one", done)
    async with World(tmp_path) as world:
        keys = world.store.keys
        assert await keys.begin("p1", "one", "f1") == done
        assert await keys.begin("p1", "two", "f4") == Kept("f4", "begun")  # nobody knows what became of it
        monkeypatch.setattr(idempotency, "MAX_KEYS", 2)
        with pytest.raises(TooMany):
            await keys.begin("p1", "three", "f5")
        monkeypatch.setattr(idempotency, "PRUNE_EVERY", 1)
        monkeypatch.setattr(idempotency, "KEPT_S", -1.0)
        assert await keys.begin("p1", "three", "f5") is None

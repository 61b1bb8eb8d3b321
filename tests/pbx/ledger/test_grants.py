"""Access to CRM systems is renewed: kept before it is used, by one at a time, and an alarm when a person is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from pbx.config import Config, Crm
from pbx.config_http import Http
from pbx.configfile.check_ledger import check_ledger
from pbx.events import Alarm, EventBus
from pbx.ledger.crm.amocrm import AmoCrm
from pbx.ledger.crm.bitrix24 import Bitrix24
from pbx.ledger.crm.grants import AGAIN_S, EARLY_S, ROOM, Grants
from pbx.ledger.crm.message import CALL
from pbx.ledger.crm.oauth import GrantBusy, GrantDead, tokens_of
from pbx.settings.secrets import Seal
from pbx.web.client import Answer, WebClient
from pbx.web.hosts import Hosts
from tests.pbx.ledger.oauth_servers import OURS, OAuthServer

SEAL = Seal(b"k" * 32)


class Kept:
    """A keeper that outlives the process. `fails`: writes are refused so often."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}
        self.fails = 0

    def load(self, room: str) -> dict[str, Any]:
        assert room == ROOM
        return dict(self.rows)

    async def keep(self, room: str, key: str, value: Any) -> None:
        await asyncio.sleep(0)
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the disk is full")
        self.rows[key] = value


class World:
    """One process; another one with the same `kept` is the next."""

    def __init__(self, kept: Kept | None = None, now: float = 1.8e9) -> None:
        self.kept, self.now, self.alarms = kept or Kept(), now, []
        bus = EventBus()
        bus.subscribe(Alarm, self.alarms.append)
        clock: Any = SimpleNamespace(unix=lambda: self.now, monotonic=lambda: self.now)
        self.grants = Grants(self.kept, SEAL, self._web, bus, clock)

    def _web(self) -> WebClient:
        return WebClient(Http(), Hosts([], ["127.0.0.0/8"], everybody=True))

    async def until(self, done: Callable[[], object]) -> None:
        for _ in range(4000):
            if done():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"it did not come about: {self.alarms}")

    def access(self, name: str = "one") -> str:
        grant = self.grants.of(name)
        return grant.access() if grant is not None else ""

    def raised(self) -> list[tuple[bool, str]]:
        return [(alarm.active, alarm.text) for alarm in self.alarms if alarm.text]


def crm(server: OAuthServer, kind: str, refresh: str = "first", **more: Any) -> Crm:
    path = "/oauth/token/" if kind == "bitrix24" else "/oauth2/access_token"
    given = {"name": "one", "kind": kind, "url": server.url, "oauth_url": server.url + path, **OURS, **more}
    return Crm.model_validate({**given, "refresh_token": refresh})


@pytest.mark.parametrize("kind", ["bitrix24", "amocrm"])
async def test_tokens_are_renewed_kept_sealed_and_taken_up_again(kind: str) -> None:
    async with OAuthServer() as server:
        world = World()
        world.grants.follow([crm(server, kind)])
        await world.until(lambda: world.access() == "access-1")
        assert "access-1" not in str(world.kept.rows)
        assert "refresh-1" not in str(world.kept.rows)
        await world.grants.stop()
        again = World(world.kept, world.now + 60)
        again.grants.follow([crm(server, kind)])
        assert again.access() == "access-1", "at once, without asking"
        again.now += 3600 - EARLY_S
        grant = again.grants.of("one")
        assert grant is not None
        grant.kick.set()
        await again.until(lambda: again.access() == "access-2")
        assert server.count == 2
        assert server.asked == [server.asked[0]] * 2
        assert again.raised() == [(False, "CRM one is asked again")]
        await again.grants.stop()


@pytest.mark.parametrize("kind", ["bitrix24", "amocrm"])
async def test_a_dead_grant_is_told_with_its_remedy_and_a_new_one_lives(kind: str) -> None:
    async with OAuthServer("another") as server:
        world = World()
        world.grants.follow([crm(server, kind)])
        await world.until(lambda: world.raised())
        ((active, text),) = world.raised()
        assert active
        assert "config set crm one refresh_token=" in text
        assert ("Invalid refresh token" if kind == "bitrix24" else "Token has been revoked") in text
        assert server.count == 0
        await asyncio.sleep(0.05)
        assert len(server.asked) == 1, "nobody asks for what is dead"
        world.grants.follow([crm(server, kind, "another")])
        await world.until(lambda: world.access() == "access-1")
        assert [alarm.active for alarm in world.alarms][-1] is False
        await world.grants.stop()


async def test_what_the_disk_refused_is_not_used_and_the_newest_token_opens_later() -> None:
    async with OAuthServer() as server:
        world = World()
        world.kept.fails = 1
        world.grants.follow([crm(server, "amocrm")])
        await world.until(lambda: world.grants.renewals.get(("one", "failed")))
        assert world.access() == "", "not before it is on disk"
        grant = world.grants.of("one")
        assert grant is not None
        grant.kick.set()
        await world.until(lambda: world.access() == "access-2")
        assert SEAL.open(world.kept.rows["one"]["refresh"]) == "refresh-2"
        await world.grants.stop()


async def test_a_killed_process_leaves_what_was_committed() -> None:
    """The answer that a process had and did not commit is lost with its grant, which is told; others go on."""
    async with OAuthServer() as server:
        world = World()
        world.grants.follow([crm(server, "bitrix24")])
        await world.until(lambda: world.access() == "access-1")
        committed = Kept()
        committed.rows = dict(world.kept.rows)
        await world.grants.stop()
        after = World(committed, world.now + 3600)
        after.grants.follow([crm(server, "bitrix24")])
        await after.until(lambda: after.access() == "access-2")
        await after.grants.stop()
        lost = World(committed, after.now + 3600)
        lost.grants._rows["one"] = world.kept.rows["one"]  # the commit of the second renewal never came
        server.refresh = "refresh-2"
        lost.grants.follow([crm(server, "bitrix24")])
        await lost.until(lambda: lost.raised())
        assert "lets us in no more" in lost.raised()[0][1]
        await lost.grants.stop()


async def test_one_renewal_at_a_time_also_while_settings_change() -> None:
    async with OAuthServer() as server:
        server.takes_s = 0.1
        world = World()
        for at in range(5):  # each of them another version of the settings, while the first is under way
            world.grants.follow([crm(server, "amocrm", agents={"201": str(at)})])
            await asyncio.sleep(0.01)
        await world.until(lambda: world.access() == "access-1")
        await asyncio.sleep(0.2)
        assert (server.most, server.count) == (1, 1)
        world.grants.follow([])
        assert world.access() == ""
        await world.grants.stop()


async def test_a_server_that_fails_is_asked_again_and_an_alarm_comes_when_access_ends() -> None:
    async with OAuthServer() as server:
        world = World()
        world.grants.follow([crm(server, "bitrix24")])
        await world.until(lambda: world.access())
        server.broken = 2
        world.now += 3600 - EARLY_S
        grant = world.grants.of("one")
        assert grant is not None
        grant.kick.set()
        await world.until(lambda: world.grants.renewals.get(("one", "failed")) == 1)
        assert [active for active, _ in world.raised()] == [False], "there is time"
        world.now += EARLY_S
        grant.kick.set()
        await world.until(lambda: world.grants.renewals.get(("one", "failed")) == 2)
        assert world.raised()[-1][0]
        grant.kick.set()
        await world.until(lambda: world.access() == "access-2")
        assert world.raised()[-1] == (False, "CRM one is asked again")
        await world.grants.stop()


@pytest.mark.parametrize("kind", ["bitrix24", "amocrm"])
async def test_a_token_that_is_refused_is_renewed_once(kind: str) -> None:
    async with OAuthServer() as server:
        world = World()
        settings = crm(server, kind)
        world.grants.follow([settings])
        await world.until(lambda: world.access())
        adapter = (Bitrix24 if kind == "bitrix24" else AmoCrm)(settings, world.grants.of("one"))
        entry: Any = SimpleNamespace(kind=CALL, body=b"{}")
        request = adapter.request(entry)
        assert b"access-1" in request.body or request.headers["Authorization"] == "Bearer access-1"
        refusal = Answer(401, {}, b'{"error":"expired_token"}')
        assert adapter.judge(entry, refusal) == "retry"
        await asyncio.sleep(0.05)
        assert server.count == 1, "it is a new one"
        world.now += AGAIN_S + 1
        for _ in range(5):
            adapter.judge(entry, refusal)
        await world.until(lambda: world.access() == "access-2")
        await asyncio.sleep(0.05)
        assert server.count == 2
        await world.grants.stop()


async def test_a_crm_that_gives_little_time_is_not_asked_without_end() -> None:
    async with OAuthServer() as server:
        server.lasts_s = 1
        world = World()
        world.grants.follow([crm(server, "bitrix24")])
        await world.until(lambda: world.access() == "access-1")
        await asyncio.sleep(0.05)
        assert server.count == 1
        await world.grants.stop()


def test_a_crm_that_repeats_a_secret_is_not_repeated() -> None:
    settings = Crm.model_validate({"name": "one", "kind": "amocrm", "url": "https://a.amocrm.ru", **OURS})
    renewed = "def50200" + "ab12" * 40
    said = f"the token {renewed} is none, nor is {OURS['client_secret']}\r\nX: y"
    with pytest.raises(GrantDead) as raised:
        tokens_of(settings, Answer(400, {}, orjson.dumps({"hint": said})), 0.0)
    assert str(raised.value) == "the token ... is none, nor is ...X: y"
    for wrong in ("a" * 4000, "a\r\nX-Admin: 1", "\u0105", 7):
        body = orjson.dumps({"access_token": wrong, "refresh_token": "r", "expires_in": 9})
        with pytest.raises(GrantBusy):
            tokens_of(settings, Answer(200, {}, body), 0.0)


def test_what_is_missing_is_told() -> None:
    def faults(**more: Any) -> list[str]:
        entry = {"name": "one", "kind": "amocrm", "url": "https://a.amocrm.ru", "client_id": "x", **more}
        return [".".join(map(str, problem.key)) for problem in check_ledger(Config.model_validate({"crm": [entry]}))]

    assert faults() == ["crm.0.client_secret", "crm.0.refresh_token", "crm.0.redirect_uri"]
    whole = {"client_secret": "s", "refresh_token": "r", "redirect_uri": "https://x"}
    assert faults(**whole) == []
    assert faults(**whole, token="t") == ["crm.0.token"]
    assert faults(client_id="") == ["crm.0.token"]
    assert faults(**whole, oauth_url="http://evil.example/") == ["crm.0.oauth_url"]

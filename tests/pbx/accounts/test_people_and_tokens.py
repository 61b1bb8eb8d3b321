"""People and tokens: what may be written, what goes with whom, how far rights reach."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.accounts.audit import differing, digest
from pbx.accounts.errors import AccountError
from pbx.accounts.rights import ROLES, Permission, Role
from tests.support.accounts import World


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"login": "o la"}, "invalid"),
        ({"login": ""}, "invalid"),
        ({"login": "o\u202ela"}, "invalid"),
        ({"login": "ola\x9b2J"}, "invalid"),
        ({"login": "x" * 65}, "invalid"),
        ({"login": "ROOT"}, "conflict"),
        ({"role": "god"}, "invalid"),
        ({"email": "nonsense"}, "invalid"),
        ({"language": "de"}, "invalid"),
        ({"name": "x\n"}, "invalid"),
        ({"extension": "999"}, "invalid"),
        ({"queues": ["unknown"]}, "invalid"),
        ({"password": "x"}, "invalid"),
    ],
)
async def test_what_is_refused(fields: dict[str, Any], reason: str) -> None:
    async with World() as world:
        await world.person("root", "admin")
        with pytest.raises(AccountError) as refused:
            await world.accounts.add({"login": "ola", "role": "agent", **fields})
        assert refused.value.reason == reason
        assert len(world.accounts.people) == 1


async def test_the_last_admin_stays_one() -> None:
    async with World() as world:
        accounts = world.accounts
        root = await world.person("root", "admin")
        for change in ({"role": "viewer"}, {"disabled": True}):
            with pytest.raises(AccountError, match="only admin"):
                await accounts.change(root, change)
        with pytest.raises(AccountError, match="only admin"):
            await accounts.remove(root)
        other = await world.person("other", "admin")
        assert (await accounts.change(root, {"role": "viewer", "login": "Root"})).role is Role.VIEWER
        with pytest.raises(AccountError, match="only admin"):
            await accounts.remove(other)
        assert accounts.people.find("rOOT").login == "Root"


async def test_tokens_are_a_part_of_their_owners_rights() -> None:
    async with World() as world:
        accounts = world.accounts
        jan = await world.person("jan", "supervisor", queues=["sales"])
        wanted = [Permission.CALLS_READ, Permission.CALLBACKS_WRITE]
        token, text = await accounts.tokens.make(jan, "crm", wanted, 0.0)
        assert text.startswith(token.prefix)
        assert text not in repr(world.store.tokens)
        who = accounts.of_token(text, "192.0.2.9")
        assert who is not None
        assert who.permissions == {*wanted, Permission.SELF}
        assert (who.kind, who.owner, who.sees_queue("service")) == ("token", jan.id, False)
        with pytest.raises(AccountError, match="no right"):
            await accounts.tokens.make(jan, "root", [Permission.USERS_WRITE], 0.0)
        assert accounts.of_token(text + "x", "192.0.2.9") is None
        told: list[str] = []
        accounts.watch(told.append)
        # Whose owner may less, may less.
        await accounts.change(jan, {"role": "viewer"})
        assert accounts.of_token(text, "192.0.2.9").permissions == {Permission.CALLS_READ, Permission.SELF}
        assert accounts.current(who).permissions == {Permission.CALLS_READ, Permission.SELF}
        assert {jan.id, token.id} <= set(told)
        await world.restart()
        accounts = world.accounts
        assert world.store.tokens[token.id].used_from == "192.0.2.9"
        assert accounts.of_token(text, "192.0.2.9") is not None
        await accounts.revoke(accounts.tokens.get(token.prefix))
        assert accounts.of_token(text, "192.0.2.9") is None
        assert accounts.current(who) is None
        await world.restart()
        assert world.accounts.of_token(text, "192.0.2.9") is None


async def test_tokens_expire_and_go_with_their_owner() -> None:
    async with World() as world:
        accounts = world.accounts
        jan = await world.person("jan", "viewer")
        now = world.clock.unix()
        _, short = await accounts.tokens.make(jan, "a", [Permission.CALLS_READ], now + 60.0)
        _, long = await accounts.tokens.make(jan, "b", [Permission.CALLS_READ], 0.0)
        with pytest.raises(AccountError, match="past"):
            await accounts.tokens.make(jan, "c", [Permission.CALLS_READ], now)
        world.clock.advance(60.0)
        assert accounts.of_token(short, "") is None
        assert accounts.of_token(long, "") is not None
        jan = await accounts.change(jan, {"disabled": True})
        assert accounts.of_token(long, "") is None
        await accounts.remove(jan)
        assert (world.store.tokens, accounts.tokens.all()) == ({}, [])
        with pytest.raises(AccountError):
            accounts.people.find("jan")


async def test_scopes_of_agents() -> None:
    async with World() as world:
        ola = await world.person("ola", extension="201")
        who = world.accounts.people.principal(ola, "s")
        assert who.sees_agent("201")
        assert not who.sees_agent("202")
        assert who.sees_call("service", {"201"})
        assert who.sees_call("sales", {"202"})
        assert not who.sees_call("service", {"202"})
        assert not who.sees_call("", {"202"})
        nobody = world.accounts.people.principal(await world.person("new"), "s")
        assert not nobody.sees_agent("")
        assert not nobody.sees_call("", {""})
        viewer = world.accounts.people.principal(await world.person("tv", "viewer"), "s")
        assert viewer.sees_all
        assert viewer.sees_call("", set())


def test_roles_are_nested_where_they_must_be() -> None:
    assert ROLES[Role.ADMIN] == set(Permission)
    assert ROLES[Role.AGENT] | ROLES[Role.VIEWER] <= ROLES[Role.SUPERVISOR]
    writes = {permission for permission in ROLES[Role.VIEWER] if not permission.value.endswith((".read", "self"))}
    assert not writes
    for secret in (Permission.USERS_WRITE, Permission.TOKENS_WRITE, Permission.AUDIT_READ, Permission.SETTINGS_WRITE):
        assert secret not in ROLES[Role.SUPERVISOR]


def test_states_are_told_apart_without_their_values() -> None:
    one, other = {"role": "admin", "queues": ["a"]}, {"queues": ["a"], "role": "viewer"}
    assert digest(one) == digest(dict(reversed(list(one.items()))))
    assert digest(one) != digest(other)
    assert digest(None) == ""
    assert differing(one, other) == ("role",)
    assert differing(None, one) == ("queues", "role")

"""Coming in by an identity provider that really signs, over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from pbx.accounts.errors import AccountError
from pbx.accounts.identity import Identity, enter_by, role_of
from pbx.accounts.oidc import KEYS_AGAIN_S, METADATA_S, Provider
from pbx.accounts.rights import Role
from pbx.clock import Clock, SystemClock
from pbx.config_accounts import Oidc
from pbx.config_http import Http
from pbx.web.client import WebClient
from tests.support.accounts import World
from tests.support.identity_provider import IdentityProvider

BACK = "https://pbx.test/api/v1/oidc/callback"
OLA = {"sub": "17", "preferred_username": "ola", "name": "Ola Żak", "email": "ola@shop.test", "groups": ["x", "agents"]}


class Moving(SystemClock):
    """The machine's time, and more."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def unix(self) -> float:  # type: ignore[override]
        return super().unix() + self.ahead

    def monotonic(self) -> float:  # type: ignore[override]
        return super().monotonic() + self.ahead


@pytest.fixture(scope="module")
def there() -> Iterator[IdentityProvider]:
    provider = IdentityProvider()
    yield provider
    provider.close()


@pytest.fixture(autouse=True)
def _clean(there: IdentityProvider) -> None:
    there.spoil, there.metadata, there.secret = {}, {}, "the client's"
    there.asked.clear()


def settings(there: IdentityProvider, **changes: Any) -> Oidc:
    roles = {"agents": "agent", "admins": "admin"}
    fields = {"issuer": there.issuer, "client_id": "centrala", "client_secret": "the client's", "roles": roles}
    return Oidc.model_validate({**fields, **changes})


class Here:
    def __init__(self, there: IdentityProvider, clock: Clock, **changes: Any) -> None:
        host = there.issuer.split("/")[2]
        self.web = WebClient(Http(hosts=[host], networks=["127.0.0.0/8"]))
        self.provider = Provider(settings(there, **changes), self.web, clock, b"k" * 32)


@pytest.fixture
async def here(there: IdentityProvider) -> AsyncIterator[Here]:
    made = Here(there, Moving())
    yield made
    await made.web.stop()


async def come(here: Here, there: IdentityProvider, **claims: Any) -> Identity:
    begun = await here.provider.begin(BACK)
    back = there.approve(begun.url, **{**OLA, **claims})
    return await here.provider.finish(begun.cookie, back["state"], back["code"], back["iss"], BACK)


async def refused(here: Here, there: IdentityProvider, match: str) -> None:
    with pytest.raises(AccountError, match=match):
        await come(here, there)


async def test_there_and_back_and_keys_change(here: Here, there: IdentityProvider) -> None:
    identity = await come(here, there)
    assert identity.subject == f"{there.issuer} 17"
    assert identity.claims["name"] == "Ola Żak"
    await come(here, there)
    assert there.asked == {"/main/.well-known/openid-configuration": 1, "/keys": 1, "/token": 2}
    there.rotate()
    await refused(here, there, "not known")  # keys were read a moment ago: whoever forges key ids makes us ask nobody
    here.provider._clock.ahead = KEYS_AGAIN_S  # type: ignore[attr-defined]
    await come(here, there)
    assert there.asked["/keys"] == 2
    here.provider._clock.ahead = METADATA_S + KEYS_AGAIN_S + 1  # type: ignore[attr-defined]
    there.spoil = {"exp": here.provider._clock.unix() + 300}
    await come(here, there)
    assert there.asked["/keys"] == 3


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        ({"iss": "https://evil.test"}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": ["centrala", "another"]}, "authorized party"),
        ({"azp": "another"}, "authorized party"),
        ({"exp": 1_700_000_000}, "expiry"),
        ({"exp": None}, "expiry"),
        ({"iat": 4_000_000_000}, "time of issue"),
        ({"nonce": "replayed"}, "nonce"),
        ({"sub": ""}, "subject"),
        ({"sub": "x" * 256}, "subject"),
    ],
)
async def test_tokens_for_others_are_refused(
    here: Here, there: IdentityProvider, spoil: dict[str, Any], match: str
) -> None:
    there.spoil = spoil
    await refused(here, there, match)


async def test_forged_tokens_are_refused(here: Here, there: IdentityProvider) -> None:
    await come(here, there)
    right, kind = there.key, there.algorithm
    there.key, there.algorithm = RSAKey.generate_key(2048, {"kid": right.kid}), "RS256"
    await refused(here, there, "not rightly signed")
    there.key, there.algorithm = right, kind


async def test_the_browser_that_began_comes_back_once_and_soon(here: Here, there: IdentityProvider) -> None:
    finish = here.provider.finish
    begun, other = await here.provider.begin(BACK), await here.provider.begin(BACK)
    back = there.approve(begun.url, **OLA)
    for cookie in ("", "x.y", other.cookie, begun.cookie[:-1] + "é"):
        with pytest.raises(AccountError, match="begin again"):
            await finish(cookie, back["state"], back["code"], "", BACK)
    with pytest.raises(AccountError, match="another provider"):
        await finish(begun.cookie, back["state"], back["code"], "https://evil.test", BACK)
    await finish(begun.cookie, back["state"], back["code"], "", BACK)
    with pytest.raises(AccountError, match="invalid_grant"):
        await finish(begun.cookie, back["state"], back["code"], "", BACK)
    here.provider._clock.ahead = 601.0  # type: ignore[attr-defined]
    with pytest.raises(AccountError, match="too long"):
        await finish(begun.cookie, back["state"], back["code"], "", BACK)


async def test_a_provider_that_is_not_itself(there: IdentityProvider) -> None:
    for metadata, match in (
        ({"issuer": "https://evil.test"}, "calls itself"),
        ({"token_endpoint": "file:///etc/passwd"}, "names no"),
        ({"jwks_uri": "http://127.0.0.1:1/keys"}, "does not answer"),
        ({"token_endpoint": f"{there.issuer}/nothing"}, "answered"),
    ):
        there.metadata = metadata
        here = Here(there, Moving())
        await refused(here, there, match)
        await here.web.stop()
    there.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    here = Here(there, Moving())
    await come(here, there)
    there.secret = "changed"
    await refused(here, there, "invalid_grant")
    await here.web.stop()


async def test_who_the_provider_knows_becomes_somebody_here(here: Here, there: IdentityProvider) -> None:
    oidc = settings(there, extension_claim="phone.work")

    async with World() as world:
        local = await world.person("ola")

        async def enter(**claims: Any) -> Any:
            return await enter_by(world.accounts, oidc, await come(here, there, **claims), "192.0.2.1", "browser")

        first = await enter(locale="pl-PL", phone={"work": 201})
        person = first.person
        # A namesake is not taken over: he has a password here.
        assert (person.login, person.id != local.id) == ("ola-2", True)
        assert (person.role, person.name, person.language, person.extension) == (Role.AGENT, "Ola Żak", "pl", "201")
        assert world.accounts.of_cookie(first.secret).queues == {"sales"}
        with pytest.raises(AccountError):
            await world.login("ola-2", "")
        again = await enter(groups=["admins", "agents"], preferred_username="renamed", phone={"work": "999"})
        assert (again.person.id, again.person.role, again.person.login) == (person.id, Role.ADMIN, "ola-2")
        assert again.person.extension == "201"
        await world.restart()
        assert (await enter(groups=["admins"])).person.id == person.id
        with pytest.raises(AccountError, match="groups"):
            await enter(groups=["others"])
        masked = await enter(sub="18", preferred_username="o\u202ela\x9b")
        assert masked.person.login == "o-la-"
        other = await world.person("root", "admin")
        assert other
        await world.accounts.change(world.accounts.people.find("ola-2"), {"disabled": True})
        with pytest.raises(AccountError, match="may not"):
            await enter()


def test_roles_of_claims() -> None:
    oidc = Oidc(role_claim="realm.roles", roles={"a": "admin", "v": "viewer"})
    assert role_of(oidc, {"realm": {"roles": ["v", "a", 3]}}) is Role.ADMIN
    assert role_of(oidc, {"realm": {"roles": "v"}}) is Role.VIEWER
    assert role_of(oidc, {"realm": "x"}) is None
    assert role_of(oidc.model_copy(update={"default_role": "viewer"}), {}) is Role.VIEWER
    assert role_of(oidc, {"realm.roles": ["v"]}) is Role.VIEWER

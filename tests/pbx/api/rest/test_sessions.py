"""People over the HTTP API: they log in, are told apart, are asked to leave; everything leaves an entry."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pyotp
import pytest

from pbx.accounts.rights import Permission
from pbx.api.client_address import ClientAddress
from pbx.api.rest.app import rest_app
from pbx.api.rest.authenticate import AccountAuthenticator
from pbx.api.rest.routes.audit import audit_router
from pbx.api.rest.routes.link_page import link_page_router
from pbx.api.rest.routes.second_factor import second_factor_router
from pbx.api.rest.routes.session import session_router
from pbx.api.rest.routes.tokens import tokens_router
from pbx.api.rest.routes.users import users_router
from pbx.app.account_control import PbxAccountControl
from pbx.app.factor_control import PbxFactorControl
from pbx.config import Config
from tests.support.accounts import PASSWORD, World
from tests.support.rest import services

OURS = {"x-requested-with": "test"}
NEW = "another password"


class Api:
    """The routes of accounts, and browsers."""

    def __init__(self, world: World, **changes: Any) -> None:
        app: Any = SimpleNamespace(accounts=world.accounts, config=Config(), http=None, https=None)
        control = PbxAccountControl(app)
        made = services(authenticator=AccountAuthenticator(world.accounts), audit=world.accounts.audit, **changes)
        routers = [session_router, users_router, tokens_router, audit_router]
        own = second_factor_router(PbxFactorControl(app))
        self.app = rest_app([*(make(control) for make in routers), own, link_page_router(control, "pl")], made)

    def browser(self, address: str = "192.0.2.7", scheme: str = "http", **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://pbx.test", headers={**OURS, **headers})

    async def logged_in(self, login: str, **more: str) -> httpx.AsyncClient:
        async with self.browser(**more) as browser:
            answer = await browser.post("/session", json={"login": login, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
        again = self.browser(**more)
        again.cookies = browser.cookies
        return again


async def test_a_cookie_that_no_script_reads(tmp_path: object) -> None:
    async with World() as world:
        await world.person("ola")
        api = Api(world)
        async with api.browser(scheme="https") as browser:
            refused = await browser.post("/session", json={"login": "ola", "password": "guess"})
            assert (refused.status_code, refused.json()["detail"]) == (401, "login or password is wrong")
            assert "set-cookie" not in refused.headers
            answer = await browser.post("/session", json={"login": "ola", "password": PASSWORD})
            for cookie in answer.headers.get_list("set-cookie"):
                assert {"HttpOnly", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
            assert answer.headers["strict-transport-security"]
            row = (await browser.get("/session")).json()
            assert (row["how"], row["address"]) == ("password", "192.0.2.7")
            assert "digest" not in row
            assert (await browser.delete("/session")).status_code == 204
            assert (await browser.get("/session")).status_code == 401
        async with api.browser() as browser:
            answer = await browser.post("/session", json={"login": "ola", "password": PASSWORD})
            assert "Secure" not in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 204),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://pbx.test:8080"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"origin": "http://pbx.test"}, 204),
        ({"origin": "https://panel.test", "sec-fetch-site": "cross-site"}, 204),  # api.public_url
        ({"x-requested-with": "curl"}, 204),
        ({}, 403),
    ],
)
async def test_pages_of_other_sites_cannot_use_a_cookie(headers: dict[str, str], status: int) -> None:
    async with World() as world:
        await world.person("ola")
        api = Api(world, origins=["https://panel.test"])
        async with await api.logged_in("ola") as browser:
            del browser.headers["x-requested-with"]
            assert (await browser.get("/sessions", headers=headers)).status_code == 200
            assert (await browser.delete("/session", headers=headers)).status_code == status


async def test_users_are_kept_by_admins_and_nobody_rises_above_himself() -> None:
    async with World() as world:
        await world.person("root", "admin")
        await world.person("jan", "supervisor")
        api = Api(world)
        async with await api.logged_in("root") as root, await api.logged_in("jan") as jan:
            assert (await jan.get("/users")).status_code == 200
            assert (await jan.post("/users", json={"login": "x", "role": "admin"})).status_code == 403
            ola = {"login": "ola", "role": "agent", "extension": "201", "language": "pl"}
            row = (await root.post("/users", json=ola)).json()
            assert (row["sees_queues"], row["has_password"], row["queues"]) == (["sales"], False, None)
            assert (await root.post("/users", json=ola)).status_code == 409
            assert (await root.post("/users", json={**ola, "login": "x", "hidden": 1})).status_code == 422
            link = (await root.post("/users/ola/link")).json()
            async with api.browser() as stranger:
                body = {"token": link["token"], "password": PASSWORD}
                assert (await stranger.post("/link", json={**body, "password": "short"})).status_code == 422
                assert (await stranger.post("/link", json=body)).status_code == 200
                assert (await stranger.get("/session")).json()["how"] == "link"
                assert (await stranger.get("/users")).status_code == 403
                assert (await stranger.post("/link", json=body)).status_code == 401
                # Another's sessions are not hers to end; he who is changed is changed at once.
                theirs = (await jan.get("/session")).json()["id"]
                assert (await stranger.delete(f"/sessions/{theirs}")).status_code == 404
                changed = await root.patch(f"/users/{row['id']}", json={"role": "viewer", "queues": ["service"]})
                assert changed.json()["sees_queues"] == ["service"]
                assert (await stranger.get("/users")).status_code == 403
                assert len((await root.get("/users/ola/sessions")).json()) == 1
                assert (await root.delete("/users/ola/sessions")).status_code == 204
                assert (await stranger.get("/session")).status_code == 401
            page = (await root.get("/users", params={"limit": 2})).json()
            assert [each["login"] for each in page["items"]] == ["jan", "ola"]
            assert (await root.delete("/users/ola")).status_code == 204
            assert (await root.delete("/users/root")).status_code == 409
            assert (await root.get("/users/ola")).status_code == 404


async def test_a_token_that_keeps_users_makes_no_admin() -> None:
    async with World() as world:
        await world.person("root", "admin")
        api = Api(world)
        async with await api.logged_in("root") as root:
            may = ["users.write", "users.read", "tokens.write", "calls.read"]
            key = {"idempotency-key": "1"}
            made = await root.post("/tokens", json={"name": "hr", "permissions": may}, headers=key)
            again = await root.post("/tokens", json={"name": "hr", "permissions": may}, headers=key)
            assert (made.status_code, again.status_code) == (201, 409)  # a secret is not kept to be told again
            text = made.json()["token"]
            async with api.browser(authorization=f"Bearer {text}") as program:
                program.headers.pop("x-requested-with")  # a token needs no proof of its origin
                assert (await program.get("/users")).status_code == 200
                assert (await program.post("/users", json={"login": "x", "role": "admin"})).status_code == 403
                assert (await program.post("/users/root/link")).status_code == 403
                assert (await program.patch("/users/root", json={"name": "x"})).status_code == 403
                assert (await program.delete("/users/root/sessions")).status_code == 403
                assert (await program.post("/tokens", json={"name": "y"})).status_code == 403
                body = {"name": "y", "permissions": ["calls.read"]}
                world.clock.advance(1.0)
                assert (await program.post("/tokens", json=body)).status_code == 201
                assert (await program.post("/password", json={"current": "", "password": NEW})).status_code == 403
                assert (await program.get("/session")).status_code == 404
            rows = (await root.get("/tokens")).json()["items"]
            assert [row["name"] for row in rows] == ["hr", "y"]
            assert text not in str(rows)
            assert (await root.delete(f"/tokens/{rows[0]['prefix']}")).status_code == 204
            async with api.browser(authorization=f"Bearer {text}") as program:
                assert (await program.get("/users")).status_code == 401


async def test_every_change_leaves_an_entry_and_no_secret() -> None:
    async with World() as world:
        await world.person("root", "admin")
        api = Api(world)
        async with await api.logged_in("root") as root:
            await root.post("/users", json={"login": "ola", "role": "agent"})
            await root.patch("/users/ola", json={"role": "viewer"})
            link = (await root.post("/users/ola/link")).json()
            await root.post("/password", json={"current": PASSWORD, "password": NEW})
            token = (await root.post("/tokens", json={"name": "crm", "permissions": ["calls.read"]})).json()
            await root.post("/users", json={"login": "bad login", "role": "agent"})
            async with api.browser() as stranger:
                await stranger.post("/session", json={"login": "root", "password": "guess of mine"})
            page = (await root.get("/audit", params={"limit": 100})).json()
            entries = page["items"]
            said = [(row["actor_name"], row["action"], row["result"]) for row in reversed(entries)]
            assert said == [
                ("root", "login by password", 200),
                ("root", "POST /users", 201),
                ("root", "PATCH /users/{user}", 200),
                ("root", "POST /users/{user}/link", 201),
                ("root", "change of the password", 204),
                ("root", "POST /tokens", 201),
                ("root", "POST /users", 422),
                ("", "login", 401),
            ]
            patch = entries[5]
            assert patch["fields"] == ["role"]
            assert patch["before"]
            assert patch["before"] != patch["after"]
            assert patch["object"] == f"/users/{world.accounts.people.find('ola').id}"
            assert patch["address"] == "192.0.2.7"
            for secret in (PASSWORD, NEW, link["token"], token["token"], "guess of mine"):
                assert secret not in str(world.entries)
            first = (await root.get("/audit", params={"limit": 5})).json()
            rest = (await root.get("/audit", params={"limit": 5, "cursor": first["next"]})).json()
            assert [*first["items"], *rest["items"]] == entries
            assert (await root.get("/audit", params={"cursor": "x"})).status_code == 422


async def test_what_was_changed_is_written_down_before_it_is_answered() -> None:
    async with World() as world:
        await world.person("root", "admin")
        api = Api(world)
        async with await api.logged_in("root") as root:
            before = len(world.entries)

            async def seen(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    assert len(world.entries) == before + 1

            headers = [
                (b"cookie", root.headers.get("cookie", "").encode() or _cookies(root)),
                (b"x-requested-with", b"x"),
            ]
            scope = {
                "type": "http",
                "method": "DELETE",
                "path": "/session",
                "raw_path": b"/session",
                "query_string": b"",
                "headers": headers,
                "client": ("192.0.2.7", 1),
                "scheme": "http",
            }
            await api.app(scope, _nothing, seen)  # type: ignore[arg-type]
            assert len(world.entries) == before + 1


async def test_the_page_of_a_link_works_without_a_script() -> None:
    async with World() as world:
        api = Api(world)
        secret = await world.accounts.first_admin_link()
        async with api.browser() as browser:
            page = await browser.get("/link", params={"token": secret})
            assert page.headers["content-type"].startswith("text/html")
            assert "Wybierz hasło" in page.text
            assert "script" not in page.text
            form = {"token": secret, "login": '<b>"x', "password": "short"}
            refused = await browser.post("/link/form", data=form)
            assert refused.status_code == 422
            assert 'action="form"' in refused.text
            assert "hasło jest krótsze niż" in refused.text
            russian = await browser.post(
                "/link/form", data=form, headers={"accept-language": "ru-RU,ru;q=0.9,en;q=0.5"}
            )
            assert "пароль короче" in russian.text
            assert page.headers["referrer-policy"] == refused.headers["referrer-policy"] == "same-origin"
            for foreign in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
                forged = await browser.post(
                    "/link/form", data={**form, "login": "me", "password": PASSWORD}, headers=foreign
                )
                assert (forged.status_code, "set-cookie" in forged.headers) == (403, False)
            done = await browser.post("/link/form", data={**form, "login": "root&co", "password": PASSWORD})
            assert done.status_code == 200, done.text
            assert "root&amp;co" in done.text
            assert (await browser.get("/session")).json()["how"] == "link"
            again = await browser.get("/link", params={"token": secret})
            assert again.status_code == 401
            assert "Ten link już nie działa" in again.text
            assert "centrala user link" in again.text
            english = await browser.get("/link", headers={"accept-language": "de, en-GB;q=0.8, pl;q=x"})
            assert (english.status_code, "This link does not work any more" in english.text) == (401, True)
            forged = await browser.get("/link", params={"token": '"><script>'})
            assert "<script" not in forged.text


async def test_who_asks_is_seen_through_trusted_proxies_alone() -> None:
    async with World() as world:
        await world.person("ola")
        api = Api(world, address=ClientAddress(["10.0.0.0/8", "::1"]))
        for peer, forwarded, seen in (
            ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
            ("::1", "[2001:db8::5]:4711", "2001:db8::5"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ):
            headers = {"x-forwarded-for": forwarded, "x-forwarded-proto": "https"}
            async with await api.logged_in("ola", address=peer, **headers) as browser:
                assert world.accounts.sessions.of(world.accounts.people.find("ola").id)[0].address == seen
                assert {cookie.secure for cookie in browser.cookies.jar} == {peer != "192.0.2.7"}
            world.clock.advance(1.0)


def test_permissions_are_words() -> None:
    assert all(permission.value.replace(".", "").isalpha() for permission in Permission)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def _cookies(client: httpx.AsyncClient) -> bytes:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar).encode()


@pytest.mark.parametrize("path", ["/session", "/link", "/link/form"])
async def test_whom_nobody_knows_yet_sends_little(path: str) -> None:
    """To say what is wrong with sixty thousand keys held the event loop for a sixth of a second."""
    async with World() as world, Api(world).browser() as browser:
        answer = await browser.post(path, json={f"k{n}": 1 for n in range(1000)})
        assert answer.status_code == 413


async def test_a_second_factor_over_http_and_its_reset() -> None:
    async with World() as world:
        await world.person("ola")
        await world.person("boss", "admin")
        api = Api(world)
        ola = await api.logged_in("ola")
        assert (await ola.get("/second-factor")).json() == {
            "enrolled": False, "required": False, "since": None, "recovery_left": 0,
        }  # fmt: skip
        made = (await ola.post("/second-factor", json={"password": PASSWORD})).json()
        code = pyotp.TOTP(made["secret"]).at(int(world.clock.unix()))
        codes = (await ola.put("/second-factor", json={"code": code})).json()["recovery_codes"]
        assert (await ola.get("/second-factor")).json()["recovery_left"] == len(codes) == 10
        async with api.browser() as browser:
            asked = await browser.post("/session", json={"login": "ola", "password": PASSWORD})
            assert (asked.status_code, asked.json()["errors"][0]["where"]) == (401, ["body", "code"])
            right = {"login": "ola", "password": PASSWORD, "code": codes[0]}
            assert (await browser.post("/session", json=right)).status_code == 200
        boss = await api.logged_in("boss")
        assert (await ola.delete("/users/ola/second-factor")).status_code == 403
        assert (await boss.delete("/users/ola/second-factor")).status_code == 204
        assert (await boss.delete("/users/ola/second-factor")).status_code == 404
        assert (await ola.get("/session")).status_code == 401, "who reset it does not know who sits there"
        await (await api.logged_in("ola")).aclose()
        told = [entry for entry in world.entries if "second factor" in entry.action]
        assert [entry.action for entry in told] == ["second factor set up", "reset of the second factor"]
        assert all(secret not in str(world.entries) for secret in (made["secret"], *codes))
        await ola.aclose()
        await boss.aclose()

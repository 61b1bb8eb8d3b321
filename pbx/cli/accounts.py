"""`centrala user`, `centrala token` and `centrala audit`: who may use the web side, and what he did there."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from pbx.cli.console import ask, fail, out, show

users = typer.Typer(help="People who may use the HTTP API and the panel.", no_args_is_help=True)
tokens = typer.Typer(help="Tokens by which programs use the HTTP API.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="A login, from `centrala user list`.")]
Queues = Annotated[list[str] | None, typer.Option("--queue", help="That he sees; may be repeated. Without: all.")]
DAY_S = 86_400


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(users, name="user")
    app.add_typer(tokens, name="token")
    app.command("audit")(audit)


@users.command("list")
def list_users(context: typer.Context) -> None:
    """Everybody who may come in."""
    rows: list[list[object]] = [
        [
            row["login"],
            row["role"],
            row["name"],
            row["extension"],
            "all" if row["sees_queues"] is None else ", ".join(row["sees_queues"]),
            _instant(row["login_at"]),
            _state(row),
        ]
        for row in sorted(ask(context.obj, "GET", "/users"), key=lambda row: row["login"])
    ]
    columns = ["login", "role", "name", "extension", "queues", "came in", ""]
    show("Users", columns, rows, "nobody may come in; `centrala user link` makes the first admin")


@users.command()
def add(
    context: typer.Context,
    login: Annotated[str, typer.Argument(help="By which he comes in.")],
    role: Annotated[str, typer.Option("--role", help="admin, supervisor, agent or viewer.")],
    name: Annotated[str, typer.Option("--name", help="His name.")] = "",
    email: Annotated[str, typer.Option("--email", help="His e-mail address.")] = "",
    extension: Annotated[str, typer.Option("--extension", help="Of his phone, by which he is an agent.")] = "",
    queue: Queues = None,
) -> None:
    """Somebody new, and a link by which he chooses a password."""
    fields = {"login": login, "role": role, "name": name, "email": email, "extension": extension, "queues": queue}
    row = ask(context.obj, "POST", "/users", fields)
    _print_link(ask(context.obj, "POST", "/account-link", {"login": row["login"]}))


@users.command()
def disable(context: typer.Context, login: Login) -> None:
    """He leaves at once, his tokens open nothing, and he may not come in."""
    ask(context.obj, "PATCH", _user(login), {"disabled": True})


@users.command()
def enable(context: typer.Context, login: Login) -> None:
    """He may come in again."""
    ask(context.obj, "PATCH", _user(login), {"disabled": False})


@users.command()
def remove(context: typer.Context, login: Login) -> None:
    """With his sessions and tokens; what he did stays in the audit log."""
    ask(context.obj, "DELETE", _user(login))


@users.command()
def password(
    context: typer.Context,
    login: Login,
    from_stdin: Annotated[bool, typer.Option("--stdin", help="Read it from standard input, as one line.")] = False,
) -> None:
    """Sets a password; he is logged out everywhere."""
    if from_stdin:
        text = sys.stdin.readline().rstrip("\n")
    else:
        text = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    ask(context.obj, "POST", f"{_user(login)}/password", {"password": text})


@users.command("reset-second-factor")
def reset_second_factor(context: typer.Context, login: Login) -> None:
    """For whoever lost his authenticator and his recovery codes: a password is enough until he sets up another."""
    ask(context.obj, "DELETE", f"{_user(login)}/second-factor")


@users.command()
def link(
    context: typer.Context,
    login: Annotated[str, typer.Argument(help="Whose; without one the first admin's.")] = "",
) -> None:
    """A link by which he chooses a password. It works once; earlier ones open nothing any more."""
    _print_link(ask(context.obj, "POST", "/account-link", {"login": login}))


@tokens.command("list")
def list_tokens(context: typer.Context) -> None:
    """All tokens, those that open nothing any more as well."""
    rows: list[list[object]] = [
        [
            row["prefix"],
            row["name"],
            row["login"],
            _may(row["permissions"]),
            _instant(row["expires"]),
            _instant(row["used"]),
            "" if row["valid"] else "revoked" if row["revoked"] else "expired",
        ]
        for row in ask(context.obj, "GET", "/tokens")
    ]
    show("Tokens", ["prefix", "name", "user", "may", "expires", "last used", ""], rows, "there is no token")


@tokens.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    user: Annotated[str, typer.Option("--user", help="Whose it is; it can never do more than he may.")],
    permission: Annotated[
        list[str] | None, typer.Option("--permission", help="Such as calls.read; may be repeated. Without: all.")
    ] = None,
    days: Annotated[int, typer.Option("--days", help="After which it expires; 0: never.", min=0)] = 0,
) -> None:
    """A new token. It is shown once."""
    body: dict[str, Any] = {"name": name, "user": user}
    if permission:
        body["permissions"] = permission
    if days:
        body["expires"] = time.time() + days * DAY_S
    out.print(ask(context.obj, "POST", "/tokens", body)["token"], markup=False, highlight=False, soft_wrap=True)


@tokens.command()
def revoke(
    context: typer.Context,
    token: Annotated[str, typer.Argument(help="Its prefix, from `centrala token list`.")],
) -> None:
    """It opens nothing any more."""
    ask(context.obj, "DELETE", f"/tokens/{quote(token, safe='')}")


def audit(
    context: typer.Context,
    actor: Annotated[str, typer.Option("--actor", help="Who: a login, a token's name, a system's user.")] = "",
    target: Annotated[str, typer.Option("--object", help="Beginning of what it was done to: /users.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many.", min=1, max=1000)] = 50,
) -> None:
    """Who changed what, the newest first."""
    query = urlencode({"actor": actor, "object": target, "limit": limit})
    rows: list[list[object]] = [
        [
            _instant(row["at"]),
            row["actor_name"] or "nobody",
            row["address"],
            row["action"],
            row["object"],
            ", ".join(row["fields"]),
            row["result"],
        ]
        for row in ask(context.obj, "GET", f"/audit?{query}")
    ]
    show("Audit log", ["at", "who", "from", "what", "of", "changed", "result"], rows, "no entries")


def _user(login: str) -> str:
    if not login:
        fail("name a user; `centrala user list` shows them")
    return f"/users/{quote(login, safe='')}"


def _print_link(row: dict[str, Any]) -> None:
    out.print(row["url"], markup=False, highlight=False, soft_wrap=True)
    out.print(f"It works once, within {row['expires_s'] / 3600:g} h.")


def _may(permissions: list[str]) -> str:
    """All rights of an admin would fill a page: of more than six the first four, and how many more."""
    shown = permissions if len(permissions) <= 6 else permissions[:4]
    more = len(permissions) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _state(row: dict[str, Any]) -> str:
    if row["disabled"]:
        return "disabled"
    if not (row["has_password"] or row["external"]):
        return "no password yet"
    return "second factor" if row["second_factor"] else ""


def _instant(at: float | None) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M") if at else ""

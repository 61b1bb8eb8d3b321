"""People, sessions, tokens and the audit log in the process: started with the store, asked by REST and command line.

Whoever asks is a principal, or None for the command line, whose user may do everything.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pbx.accounts.account import Person, Session, Token
from pbx.accounts.audit import Entry, Filter
from pbx.accounts.audit_log import AuditLog
from pbx.accounts.errors import AccountError
from pbx.accounts.rights import ROLES, Permission, Principal, Role
from pbx.accounts.service import Accounts, Entered
from pbx.api.account_errors import refusal
from pbx.api.control import Refused
from pbx.app.nonce_key import nonce_key
from pbx.config import Config
from pbx.metrics.api import ApiMetrics, ApiNow

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

log = logging.getLogger("centrala.accounts")
LINK_PATH = "/api/v1/link"


async def start(app: Pbx, stack: AsyncExitStack) -> Accounts:
    """Before the first request; `stack` stops it."""
    config = app.config
    audit = AuditLog(app.store.audit, app.clock, config.accounts.audit_keep_days)
    accounts = Accounts(
        app.store.accounts,
        audit,
        app.clock,
        config.accounts,
        ConfiguredDirectory(lambda: app.config),
        nonce_key(app.data_dir / "accounts.key"),
        local_passwords=config.oidc.local_passwords or not config.oidc.issuer,
        factors=app.store.factors,
        issuer=config.server.name,
    )
    accounts.start()
    stack.push_async_callback(accounts.stop)
    return accounts


async def announce(app: Pbx) -> None:
    """At the first start there is nobody who could make the first admin: a link in the log does."""
    if not app.config.http.api or (app.http is None and app.https is None):
        return
    secret = await app.accounts.first_admin_link()
    if secret is not None:
        hours = app.config.accounts.link_s / 3600
        url = PbxAccountControl(app).link_url(secret)
        log.warning("there is no admin yet; this link makes one, once, within %g h: %s", hours, url)


def metrics(app: Pbx) -> ApiMetrics:
    """Of the HTTP API and of accounts."""

    def now() -> ApiNow:
        accounts = app.accounts
        return ApiNow(
            users=len(accounts.people),
            sessions=len(accounts.sessions),
            logins=accounts.logins,
            failures=accounts.failures,
            throttled=accounts.throttle.refused,
            audit_entries=accounts.audit.entries,
            audit_lost=app.store.audit.lost,
        )

    return ApiMetrics(now)


class ConfiguredDirectory:
    """A pbx.accounts.people.Directory of the configuration as it is when it is asked."""

    def __init__(self, config: Any) -> None:
        self._config = config

    def extensions(self) -> Collection[str]:
        config: Config = self._config()
        return {entry.number for entry in config.extension} | {agent.extension for agent in config.agent}

    def queues(self) -> Collection[str]:
        config: Config = self._config()
        return {queue.name for queue in config.queue}

    def queues_of(self, extension: str) -> frozenset[str]:
        config: Config = self._config()
        if not extension:
            return frozenset()
        teams = {team.name for team in config.team if extension in team.members}
        return frozenset(
            queue.name for queue in config.queue if extension in queue.agents or not teams.isdisjoint(queue.teams)
        )


class PbxAccountControl:
    """What REST and the control socket ask of accounts. Raises Refused."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    @property
    def _accounts(self) -> Accounts:
        return self._app.accounts

    # -- people --------------------------------------------------------------------------------------------------

    def users(self) -> list[dict[str, Any]]:
        return [self._user(person) for person in self._accounts.people.all()]

    def user(self, name: str) -> dict[str, Any]:
        return self._user(self._find(name))

    async def add_user(self, fields: Mapping[str, Any], who: Principal | None) -> dict[str, Any]:
        _may_give(who, fields.get("role", Role.VIEWER))
        try:
            return self._user(await self._accounts.add(fields))
        except AccountError as error:
            raise refusal(error) from None

    async def change_user(self, name: str, fields: Mapping[str, Any], who: Principal | None) -> dict[str, Any]:
        person = self._handled(name, who)
        _may_give(who, fields.get("role", person.role))
        try:
            return self._user(await self._accounts.change(person, fields))
        except AccountError as error:
            raise refusal(error) from None

    async def remove_user(self, name: str, who: Principal | None) -> dict[str, Any]:
        person = self._handled(name, who)
        try:
            await self._accounts.remove(person)
        except AccountError as error:
            raise refusal(error) from None
        return self._user(person)

    async def link(self, name: str, who: Principal | None) -> dict[str, Any]:
        """A link by which the user chooses a password; without a name the first admin's."""
        accounts = self._accounts
        if not name:
            secret = await accounts.first_admin_link()
            if secret is None:
                raise Refused(409, "there is an admin already; name a user: `centrala user link LOGIN`")
            return {"url": self.link_url(secret), "token": secret, "expires_s": accounts.settings.link_s}
        person = self._handled(name, who)
        if person.disabled:
            raise Refused(409, f"{person.login} is disabled")
        secret = await accounts.links.for_password(person, who.name if who is not None else "command line")
        return {"url": self.link_url(secret), "token": secret, "expires_s": accounts.settings.link_s}

    async def reset_factor(self, name: str, who: Principal | None) -> dict[str, Any]:
        person = self._handled(name, who)
        if not await self._accounts.reset_factor(person):
            raise Refused(404, f"{person.login} has no second factor")
        return self._user(person)

    async def set_password(self, name: str, password: str) -> dict[str, Any]:
        person = self._find(name)
        try:
            await self._accounts.set_password(person, password)
        except AccountError as error:
            raise refusal(error) from None
        return self._user(person)

    def link_url(self, secret: str) -> str:
        """Where a one-time link leads."""
        return f"{self.base_url()}{LINK_PATH}?token={secret}"

    def base_url(self) -> str:
        """By which people reach us: `api.public_url`, or the address that we listen on."""
        app = self._app
        if app.config.api.public_url:
            return app.config.api.public_url.rstrip("/")
        scheme, server = ("https", app.https) if app.https is not None else ("http", app.http)
        if server is None:
            return ""
        host, port = server.address
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    # -- sessions ------------------------------------------------------------------------------------------------

    def sessions(self, name: str) -> list[dict[str, Any]]:
        return [_session(session) for session in self._accounts.sessions.of(self._find(name).id)]

    async def end_sessions(self, name: str, session: str, who: Principal | None) -> int:
        """One of a user's, or all with ""; how many."""
        person = self._find(name)
        if who is None or who.id != person.id:
            self._handled(name, who)
        ended = [each for each in self._accounts.sessions.of(person.id) if session in ("", each.id)]
        if session and not ended:
            raise Refused(404, f"there is no session {session!r}")
        await self._accounts.end_sessions(ended)
        return len(ended)

    async def login(self, login: str, password: str, address: str, agent: str, mark: str, code: str = "") -> Entered:
        try:
            return await self._accounts.login(login, password, address, agent, mark, code)
        except AccountError as error:
            raise refusal(error) from None

    async def use_link(
        self, secret: str, password: str, login: str, address: str, agent: str, code: str = ""
    ) -> Entered:
        try:
            return await self._accounts.use_link(secret, password, login, address, agent, code)
        except AccountError as error:
            raise refusal(error) from None

    def needs_login(self, secret: str) -> bool:
        try:
            return self._accounts.needs_login(secret)
        except AccountError as error:
            raise refusal(error) from None

    async def change_password(self, who: Principal, current: str, password: str, address: str) -> None:
        if who.kind != "person":
            raise Refused(403, "a token has no password")
        try:
            await self._accounts.change_password(who, current, password, address)
        except AccountError as error:
            raise refusal(error) from None

    # -- tokens --------------------------------------------------------------------------------------------------

    def tokens(self) -> list[dict[str, Any]]:
        return [self._token(token) for token in self._accounts.tokens.all()]

    async def add_token(
        self,
        owner: str,
        name: str,
        permissions: Iterable[Permission] | None,
        expires: float,
        who: Principal | None,
    ) -> dict[str, Any]:
        """`owner`: a user, "" for whoever asks. `permissions`: None for all that the owner has."""
        person = self._find(owner or (who.owner or who.id if who is not None else ""))
        wanted = ROLES[person.role] if permissions is None else frozenset(permissions)
        if who is not None and not wanted <= who.permissions:
            beyond = sorted(wanted - who.permissions)[0]
            raise Refused(403, f"{who.name} has no right {beyond} and can give it to no token")
        try:
            token, text = await self._accounts.tokens.make(person, name, wanted, expires)
        except AccountError as error:
            raise refusal(error) from None
        return {**self._token(token), "token": text}

    async def revoke_token(self, name: str) -> dict[str, Any]:
        try:
            return self._token(await self._accounts.revoke(self._accounts.tokens.get(name)))
        except AccountError as error:
            raise refusal(error) from None

    # -- audit ---------------------------------------------------------------------------------------------------

    async def audit(self, wanted: Filter, before_id: str, limit: int) -> list[dict[str, Any]]:
        return [_entry(entry) for entry in await self._accounts.audit.find(wanted, before_id, limit)]

    # ------------------------------------------------------------------------------------------------------------

    def _find(self, name: str) -> Person:
        try:
            return self._accounts.people.find(name)
        except AccountError as error:
            raise refusal(error) from None

    def _handled(self, name: str, who: Principal | None) -> Person:
        """Whoever may do less than another may not act upon him: he could become him."""
        person = self._find(name)
        _may_give(who, person.role)
        return person

    def _user(self, person: Person) -> dict[str, Any]:
        queues = self._accounts.people.queues_of(person)
        return {
            "id": person.id,
            "login": person.login,
            "role": person.role,
            "name": person.name,
            "email": person.email,
            "language": person.language,
            "extension": person.extension,
            "queues": None if person.queues is None else list(person.queues),
            "sees_queues": None if queues is None else sorted(queues),
            "disabled": person.disabled,
            "has_password": bool(person.password),
            "external": bool(person.subject),
            "created": person.created,
            "changed": person.changed,
            "login_at": person.login_at or None,
            "sessions": len(self._accounts.sessions.of(person.id)),
            "second_factor": self._accounts.factors.of(person.id) is not None,
        }

    def _token(self, token: Token) -> dict[str, Any]:
        person = self._accounts.people.get(token.person)
        return {
            "id": token.id,
            "prefix": token.prefix,
            "name": token.name,
            "user": token.person,
            "login": person.login if person is not None else "",
            "permissions": sorted(token.permissions),
            "created": token.created,
            "expires": token.expires or None,
            "used": token.used or None,
            "used_from": token.used_from,
            "revoked": token.revoked or None,
            "valid": self._accounts.tokens.is_valid(token),
        }


def _may_give(who: Principal | None, role: object) -> None:
    """Raises Refused 403 when that role may do more than whoever asks."""
    if who is None or role not in ROLES:
        return
    beyond = sorted(ROLES[Role(str(role))] - who.permissions)
    if beyond:
        raise Refused(403, f"{who.name} has no right {beyond[0]}, which the role {role} has")


def _session(session: Session) -> dict[str, Any]:
    row = asdict(session)
    del row["digest"], row["person"]
    return row


def _entry(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "fields": list(entry.fields)}

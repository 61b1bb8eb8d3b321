"""Accounts as the program sees them: who comes in and how, who asks, who is asked to leave."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pbx.accounts.account import AccountStore, How, Link, Person, Session, Token
from pbx.accounts.audit_log import AuditLog
from pbx.accounts.errors import AccountError
from pbx.accounts.links import Links
from pbx.accounts.passwords import Passwords
from pbx.accounts.people import Directory, People
from pbx.accounts.rights import ROLES, Permission, Principal, Role
from pbx.accounts.second_factor import NEEDED, FactorStore, MemoryFactors, SecondFactors
from pbx.accounts.second_factor import WRONG as WRONG_CODE
from pbx.accounts.secrets import DeviceMarks
from pbx.accounts.sessions import Sessions
from pbx.accounts.throttle import Throttle
from pbx.accounts.tokens import Tokens
from pbx.clock import Clock
from pbx.config_accounts import Accounts as Settings
from pbx.settings.secrets import Seal

log = logging.getLogger("centrala.accounts")
ROUND_S = 60.0  # between two looks at what has ended
PRUNE_ROUNDS = 60  # of them between two prunings of the audit log
WRONG = "login or password is wrong"


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody came in: `secret` and `device` are for cookies."""

    person: Person
    session: Session
    secret: str
    device: str


class Accounts:
    """`start` before the first request. What changes is committed when a method returns; StoreError otherwise."""

    def __init__(
        self,
        store: AccountStore,
        audit: AuditLog,
        clock: Clock,
        settings: Settings,
        directory: Directory,
        key: bytes,
        *,
        local_passwords: bool = True,
        factors: FactorStore | None = None,
        issuer: str = "Centrala",
    ) -> None:
        self._store, self._clock = store, clock
        self.audit = audit
        self.settings = settings
        self._local_passwords = local_passwords
        self.people = People(store, clock, directory)
        self.sessions = Sessions(store, clock, settings)
        self.tokens = Tokens(store, clock)
        self.links = Links(store, clock, settings.link_s)
        self.passwords = Passwords(settings)
        self.throttle = Throttle(clock.monotonic)
        self._devices = DeviceMarks(key)
        seal = Seal(hmac.digest(key, b"second factors", "sha256"))
        self.factors = SecondFactors(factors or MemoryFactors(), clock, seal, settings.second_factor, issuer)
        self._watchers: list[Callable[[str], None]] = []
        self._rounds: asyncio.Task[None] | None = None
        self.logins = 0
        self.failures = 0  # wrong passwords

    def start(self) -> None:
        """Takes up what an earlier process left."""
        people, sessions, tokens, links = self._store.load()
        self.people.restore(people)
        self.sessions.restore(session for session in sessions if self.people.get(session.person) is not None)
        self.tokens.restore(token for token in tokens if self.people.get(token.person) is not None)
        self.links.restore(links)
        self.factors.restore(person.id for person in people)
        self._rounds = asyncio.get_running_loop().create_task(self._look_after())

    async def stop(self) -> None:
        """Writes when sessions and tokens were last used; idempotent."""
        if self._rounds is None:
            return
        self._rounds.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._rounds
        self._rounds = None
        with contextlib.suppress(Exception):
            await self._touch()
        self.passwords.close()

    # -- who asks ------------------------------------------------------------------------------------------------

    def of_cookie(self, secret: str) -> Principal | None:
        """None for a session that is none, or is over, or whose person may no longer come in."""
        session = self.sessions.find(secret)
        person = self.people.get(session.person) if session is not None else None
        if session is None or person is None or person.disabled:
            return None
        return self._principal(person, session)

    def of_token(self, text: str, address: str) -> Principal | None:
        """None for a token that is none, or is expired or revoked, or whose person may no longer come in."""
        token = self.tokens.find(text, address)
        return self._of_token(token) if token is not None else None

    def current(self, principal: Principal) -> Principal | None:
        """The same one as he is now, for connections that last; None when he would not be let in again."""
        if principal.kind == "token":
            with contextlib.suppress(AccountError):
                token = self.tokens.get(principal.id)
                return self._of_token(token) if self.tokens.is_valid(token) else None
            return None
        person = self.people.get(principal.id)
        session = self.sessions.get(person.id, principal.session) if person is not None else None
        if person is None or person.disabled or session is None:
            return None
        return self._principal(person, session)

    def watch(self, changed: Callable[[str], None]) -> Callable[[], None]:
        """`changed(id)` is called when a session ends or the rights of a person or token change, with the id of the
        session, person or token: then ask `current`. The result ends it.
        """
        self._watchers.append(changed)
        return lambda: self._watchers.remove(changed)

    def _principal(self, person: Person, session: Session) -> Principal:
        """Whose role needs a second factor, and who has none yet, may do what concerns himself alone: get one. The
        identity provider asks for its own.
        """
        found = self.people.principal(person, session.id)
        if session.how != "oidc" and self.factors.lacks(person):
            return replace(found, permissions=frozenset({Permission.SELF}))
        return found

    def _of_token(self, token: Token) -> Principal | None:
        person = self.people.get(token.person)
        if person is None or person.disabled:
            return None
        permissions = (token.permissions & ROLES[person.role]) | {Permission.SELF}
        queues = self.people.queues_of(person)
        return Principal(
            id=token.id,
            kind="token",
            name=token.name,
            role=person.role,
            permissions=permissions,
            extension=person.extension,
            queues=queues,
            owner=person.id,
        )

    # -- coming in -----------------------------------------------------------------------------------------------

    async def login(self, login: str, password: str, address: str, agent: str, mark: str, code: str = "") -> Entered:
        """`mark`: of the browser, "" for none. Raises AccountError: "wrong" whatever was wrong, and after the same
        time; "code" when it is the password, and a `code` is needed beside it.
        """
        if not self._local_passwords:
            raise AccountError("forbidden", "people come in by the identity provider here")
        device = self._devices.read(mark, login)
        self.throttle.take(login, address, device)
        person = self.people.by_login(login)
        kept = person.password if person is not None and not person.disabled else ""
        right, renewed = await self.passwords.verify(kept, password)
        person = self.people.get(person.id) if person is not None else None  # as it is now
        if not right or person is None or person.disabled or person.password != kept:
            self.failures += 1
            # An entry for a name that nobody has as well: without it the answer would come sooner, and tell so. Not
            # the name itself: people write their password there.
            await self.audit.record(None, address, "login", f"/users/{person.id}" if person else "/users", 401)
            raise AccountError("wrong", WRONG)
        self.throttle.right(login, address, device)
        await self._second(person, code, address)
        if renewed:
            person = replace(self.people.find(person.id), password=renewed)
        return await self.enter(person, "password", address, agent, mark if device else "")

    async def _second(self, person: Person, code: str, address: str) -> None:
        """The second factor, where the person has one. Raises AccountError."""
        if self.factors.of(person.id) is None:
            return
        if not code:
            raise AccountError("code", NEEDED)
        self.throttle.take_code(person.id)
        if not await self.factors.check(person.id, code):
            self.failures += 1
            await self.audit.record(None, address, "second factor", f"/users/{person.id}", 401)
            raise AccountError("wrong", WRONG_CODE)
        self.throttle.right_code(person.id)

    async def enter(self, person: Person, how: How, address: str, agent: str, mark: str = "") -> Entered:
        """A session for a person who has proved who he is. Raises AccountError for a disabled one."""
        if person.disabled:
            raise AccountError("wrong", WRONG)
        person = replace(person, login_at=self._clock.unix())
        await self.people.put(person)
        session, secret = await self.sessions.begin(person, how, address, agent)
        self.logins += 1
        who = self.people.principal(person, session.id)
        await self.audit.record(who, address, f"login by {how}", f"/users/{person.id}", 200)
        return Entered(person, session, secret, mark or self._devices.make(person.login))

    async def first_admin_link(self) -> str | None:
        """The secret of a link that makes the first admin; None when there is one."""
        return None if self.people.has_admin else await self.links.for_first_admin()

    def needs_login(self, secret: str) -> bool:
        """Whether the link is for the first admin, who chooses a login as well. Raises AccountError."""
        return self._open(secret).purpose == "first_admin"

    async def use_link(
        self, secret: str, password: str, login: str, address: str, agent: str, code: str = ""
    ) -> Entered:
        """A password by a link that works once, and in with it. Sessions of before are over; a second factor is asked
        for as ever. Raises AccountError.
        """
        link = self._open(secret)
        if link.purpose == "first_admin":
            person = self.people.make({"login": login, "role": Role.ADMIN})
        else:
            person = self.people.find(link.person)
        self.passwords.check(password, person.login)
        await self._second(person, code, address)
        hashed = await self.passwords.hash(password)
        self._open(secret)  # again: a hash takes its time
        person = replace(self.people.get(person.id) or person, password=hashed, changed=self._clock.unix())
        await self.links.use(link, person)
        self.people.took(person)
        await self.end_sessions(self.sessions.of(person.id))
        return await self.enter(person, "link", address, agent)

    def _open(self, secret: str) -> Link:
        link = self.links.get(secret)
        person = self.people.get(link.person)
        if link.purpose == "first_admin":
            if self.people.has_admin:
                raise AccountError("wrong", "there is an admin already, who can make others")
        elif person is None or person.disabled:
            raise AccountError("wrong", "the user that this link was for may not come in")
        return link

    # -- changes -------------------------------------------------------------------------------------------------

    async def add(self, fields: Mapping[str, Any], subject: str = "") -> Person:
        """A new person, without a password. Raises AccountError."""
        person = replace(self.people.make(fields), subject=subject)
        await self.people.put(person)
        return person

    async def change(self, person: Person, fields: Mapping[str, Any]) -> Person:
        """Whoever is disabled is asked to leave at once. Raises AccountError."""
        changed = self.people.with_fields(person, fields)
        await self.people.put(changed)
        if changed.disabled:
            await self.end_sessions(self.sessions.of(person.id))
        self._tell([person.id, *(token.id for token in self.tokens.all() if token.person == person.id)])
        return changed

    async def remove(self, person: Person) -> None:
        """With sessions, tokens and links. Raises AccountError for the last admin."""
        sessions = self.sessions.of(person.id)
        tokens = [token.id for token in self.tokens.all() if token.person == person.id]
        await self.people.remove(person)
        self.tokens.forget(person.id)
        self.links.forget(person.id)
        self.factors.forget(person.id)
        await self.end_sessions(sessions)
        self._tell([person.id, *tokens])

    async def set_password(self, person: Person, password: str, keep: str = "") -> None:
        """All sessions but `keep` are over. Raises AccountError."""
        self.passwords.check(password, person.login)
        hashed = await self.passwords.hash(password)
        now = self.people.find(person.id)
        await self.people.put(replace(now, password=hashed, changed=self._clock.unix()))
        await self.end_sessions(each for each in self.sessions.of(person.id) if each.id != keep)

    async def change_password(self, who: Principal, current: str, password: str, address: str) -> None:
        """One's own, which one has to know. Raises AccountError."""
        await self.prove(who, current, address)
        await self.set_password(self.people.find(who.id), password, keep=who.session)

    async def prove(self, who: Principal, current: str, address: str) -> None:
        """That it is really he who sits there: he knows the present password. Raises AccountError."""
        person = self.people.find(who.id)
        device = f"session {who.session}"
        self.throttle.take(person.login, address, device)
        if not (await self.passwords.verify(person.password, current))[0]:
            self.failures += 1
            raise AccountError("invalid", "the present password is wrong")
        self.throttle.right(person.login, address, device)

    # -- second factors --------------------------------------------------------------------------------------------

    async def begin_factor(self, who: Principal, password: str, code: str, address: str) -> tuple[str, str]:
        """(secret, URI) of a new one; who has one already shows a code of it. Raises AccountError."""
        person = self.people.find(who.id)
        if not person.password:
            raise AccountError("conflict", "you come in by the identity provider, which has factors of its own")
        await self.prove(who, password, address)
        await self._second(person, code, address)
        return self.factors.begin(person)

    async def confirm_factor(self, who: Principal, code: str) -> list[str]:
        """The new one counts, other sessions are over; the recovery codes. Raises AccountError."""
        self.throttle.take_code(who.id)
        codes = await self.factors.confirm(self.people.find(who.id), code)
        self.throttle.right_code(who.id)
        await self.end_sessions(each for each in self.sessions.of(who.id) if each.id != who.session)
        self._tell([who.id])
        return codes

    async def renew_recovery(self, who: Principal, code: str, address: str) -> list[str]:
        """New recovery codes for a code. Raises AccountError."""
        await self._second(self.people.find(who.id), code, address)
        return await self.factors.renew(who.id)

    async def remove_factor(self, who: Principal, code: str, address: str) -> None:
        """One's own, for a code of it. Raises AccountError."""
        await self._second(self.people.find(who.id), code, address)
        await self.factors.remove(who.id)
        self._tell([who.id])

    async def reset_factor(self, person: Person) -> bool:
        """By an admin, of somebody who lost it: he comes in by password alone, and is logged out everywhere. False
        when there was none.
        """
        removed = await self.factors.remove(person.id)
        if removed:
            await self.end_sessions(self.sessions.of(person.id))
            self._tell([person.id])
        return removed

    async def end_sessions(self, sessions: Iterable[Session]) -> None:
        """They are over, and who is connected by them hears of it."""
        gone = await self.sessions.end(sessions)
        self._tell(session.id for session in gone)

    async def revoke(self, token: Token) -> Token:
        """The token opens nothing any more."""
        revoked = await self.tokens.revoke(token)
        self._tell([token.id])
        return revoked

    def _tell(self, ids: Iterable[str]) -> None:
        for each in ids:
            for watcher in tuple(self._watchers):
                watcher(each)

    # -- looking after -------------------------------------------------------------------------------------------

    async def _look_after(self) -> None:
        rounds = 0
        while True:
            if rounds % PRUNE_ROUNDS == 0:
                await self._try(self.audit.prune)
            rounds += 1
            await asyncio.sleep(ROUND_S)
            await self._try(self._end_old)
            await self._try(self._touch)

    async def _try(self, act: Callable[[], Awaitable[object]]) -> None:
        try:
            await act()
        except Exception as error:  # the database cannot be written: the store raises the alarm, we come again
            log.info("accounts could not be tidied: %s", error)

    async def _end_old(self) -> None:
        self._tell(session.id for session in await self.sessions.end_old())

    async def _touch(self) -> None:
        sessions, tokens = self.sessions.take_touched(), self.tokens.take_touched()
        if sessions or tokens:
            await self._store.touch(sessions, tokens)

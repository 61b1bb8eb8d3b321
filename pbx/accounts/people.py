"""The people who may come in: found by id and login, checked before they are kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from pbx.accounts.account import AccountStore, Person
from pbx.accounts.errors import AccountError
from pbx.accounts.rights import ROLES, Principal, Role
from pbx.clock import Clock
from pbx.ids import new_id

MAX_PEOPLE = 10_000
LOGIN = re.compile(r"[^\s:/\x00-\x1f]{1,64}")
EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")
LANGUAGES = ("", "pl", "ru", "en")
FIELDS = frozenset({"login", "role", "name", "email", "language", "extension", "queues", "disabled"})
MAX_QUEUES = 500


class Directory(Protocol):
    """What the configuration knows of phones and queues."""

    def extensions(self) -> Collection[str]: ...
    def queues(self) -> Collection[str]: ...
    def queues_of(self, extension: str) -> frozenset[str]:
        """Those that the agent with this extension serves."""
        ...


class People:
    """All in memory; what changes is committed before it counts."""

    def __init__(self, store: AccountStore, clock: Clock, directory: Directory) -> None:
        self._store, self._clock, self._directory = store, clock, directory
        self._people: dict[str, Person] = {}
        self._logins: dict[str, str] = {}  # in small letters -> id
        self._subjects: dict[str, str] = {}

    def restore(self, people: Iterable[Person]) -> None:
        for person in people:
            self._keep(person)

    def __len__(self) -> int:
        return len(self._people)

    def all(self) -> list[Person]:
        return list(self._people.values())

    def get(self, person: str) -> Person | None:
        return self._people.get(person)

    def by_login(self, login: str) -> Person | None:
        return self._people.get(self._logins.get(login.casefold(), ""))

    def by_subject(self, subject: str) -> Person | None:
        return self._people.get(self._subjects.get(subject, ""))

    def find(self, name: str) -> Person:
        """By id or login. Raises AccountError."""
        found = self.get(name) or self.by_login(name)
        if found is None:
            raise AccountError("missing", f"there is no user {name!r}; `centrala user list` shows them")
        return found

    @property
    def has_admin(self) -> bool:
        """Whether anybody could come in as an admin."""
        return any(_is_admin(person) for person in self._people.values())

    def make(self, fields: Mapping[str, Any]) -> Person:
        """A new person, checked and not yet kept. Raises AccountError."""
        if len(self._people) >= MAX_PEOPLE:
            raise AccountError("conflict", f"there are {MAX_PEOPLE} users, which is all that are kept")
        now = self._clock.unix()
        person = Person(new_id(now), "", Role.VIEWER, created=now, changed=now)
        return self.with_fields(person, fields)

    def with_fields(self, person: Person, fields: Mapping[str, Any]) -> Person:
        """`person` with these changes, checked and not yet kept. Raises AccountError."""
        unknown = sorted(set(fields) - FIELDS)
        if unknown:
            raise AccountError("invalid", f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(FIELDS))}")
        changes = dict(fields)
        if changes.get("queues") is not None:
            changes["queues"] = tuple(dict.fromkeys(changes["queues"]))
        if "role" in changes:
            changes["role"] = _role(changes["role"])
        changed = replace(person, **changes, changed=self._clock.unix())
        self._check(changed)
        if _is_admin(person) and not _is_admin(changed):
            self._keep_one_admin(person)
        return changed

    async def put(self, person: Person) -> None:
        """Keeps a new or changed one."""
        await self._store.put_person(person)
        self._keep(person)

    async def remove(self, person: Person) -> None:
        """With all that is his. Raises AccountError for the last admin."""
        if _is_admin(person):
            self._keep_one_admin(person)
        await self._store.remove_person(person.id)
        self._people.pop(person.id, None)
        self._logins.pop(person.login.casefold(), None)
        self._subjects.pop(person.subject, None)

    def took(self, person: Person) -> None:
        """It is kept already, together with something else."""
        self._keep(person)

    def extensions(self) -> Collection[str]:
        """Phones that somebody could have."""
        return self._directory.extensions()

    def principal(self, person: Person, session: str) -> Principal:
        """Who he is to the API."""
        return Principal(
            id=person.id,
            kind="person",
            name=person.login,
            role=person.role,
            permissions=ROLES[person.role],
            extension=person.extension,
            queues=self.queues_of(person),
            session=session,
        )

    def queues_of(self, person: Person) -> frozenset[str] | None:
        """That he sees; None: all."""
        if person.queues is not None:
            return frozenset(person.queues)
        return self._directory.queues_of(person.extension) if person.role is Role.AGENT else None

    def _keep(self, person: Person) -> None:
        old = self._people.get(person.id)
        if old is not None:
            self._logins.pop(old.login.casefold(), None)
            self._subjects.pop(old.subject, None)
        self._people[person.id] = person
        self._logins[person.login.casefold()] = person.id
        if person.subject:
            self._subjects[person.subject] = person.id

    def _check(self, person: Person) -> None:
        if not LOGIN.fullmatch(person.login) or not person.login.isprintable():
            text = "login is 1 to 64 characters without blanks, colons, slashes, control and direction marks"
            raise AccountError("invalid", text)
        owner = self._logins.get(person.login.casefold(), person.id)
        if owner != person.id:
            raise AccountError("conflict", f"there is a user {person.login!r} already")
        if person.email and not EMAIL.fullmatch(person.email):
            raise AccountError("invalid", "email is no e-mail address")
        if person.language not in LANGUAGES:
            raise AccountError("invalid", "language is pl, ru or en")
        if len(person.name) > 120 or not (person.name + person.email).isprintable():
            raise AccountError("invalid", "name is at most 120 characters, none of them a control character")
        if person.extension and person.extension not in self._directory.extensions():
            raise AccountError("invalid", f"there is no extension {person.extension!r}")
        unknown = sorted(set(person.queues or ()) - set(self._directory.queues()))
        if unknown or len(person.queues or ()) > MAX_QUEUES:
            raise AccountError("invalid", f"there is no queue {unknown[0]!r}" if unknown else "too many queues")

    def _keep_one_admin(self, person: Person) -> None:
        if not any(_is_admin(other) for other in self._people.values() if other.id != person.id):
            raise AccountError("conflict", f"{person.login} is the only admin; make another one first")


def _is_admin(person: Person) -> bool:
    return person.role is Role.ADMIN and not person.disabled


def _role(value: object) -> Role:
    try:
        return Role(str(value))
    except ValueError:
        raise AccountError("invalid", f"role is one of {', '.join(Role)}") from None

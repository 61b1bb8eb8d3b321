"""What is kept of those who may come in: people, their sessions, programs' tokens, links that work once.

Secrets are kept as digests alone. Instants are UTC seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pbx.accounts.rights import Permission, Role

Purpose = Literal["first_admin", "password"]
How = Literal["password", "link", "oidc"]


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    login: str  # as he writes it; compared in small letters
    role: Role
    name: str = ""
    email: str = ""
    language: str = ""  # "": the server's
    extension: str = ""  # of his phone
    queues: tuple[str, ...] | None = None  # that he sees; None: all, or for an agent those that he serves
    disabled: bool = False
    password: str = ""  # argon2id; "": none, he comes by a link or from the identity provider
    subject: str = ""  # issuer and subject at the identity provider
    created: float = 0.0
    changed: float = 0.0
    login_at: float = 0.0  # last came in; 0.0: never


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    digest: str  # of the cookie
    person: str
    how: How
    address: str
    agent: str  # User-Agent
    created: float
    seen: float  # last request, to about a minute
    ends: float  # whatever happens


@dataclass(frozen=True, slots=True)
class Token:
    id: str
    digest: str
    prefix: str  # its first characters, by which people tell it from others
    name: str
    person: str  # whose rights it cannot exceed
    permissions: frozenset[Permission]
    created: float
    expires: float = 0.0  # 0.0: never
    used: float = 0.0  # to about a minute; 0.0: never
    used_from: str = ""
    revoked: float = 0.0  # 0.0: not


@dataclass(frozen=True, slots=True)
class Link:
    digest: str
    purpose: Purpose
    person: str  # "" for the first admin, whom it makes
    by: str  # who gave it out
    created: float
    expires: float


class AccountStore(Protocol):
    """Where accounts are kept: what returns is committed. Raises StoreError (of pbx.store) when nothing was."""

    def load(self) -> tuple[list[Person], list[Session], list[Token], list[Link]]:
        """All there was at the start."""
        ...

    async def put_person(self, person: Person) -> None: ...
    async def remove_person(self, person: str) -> None:
        """With his sessions, tokens and links."""
        ...

    async def put_session(self, session: Session) -> None: ...
    async def remove_sessions(self, ids: Sequence[str]) -> None: ...
    async def put_token(self, token: Token) -> None: ...
    async def put_link(self, link: Link) -> None:
        """The person's earlier links of the same purpose go."""
        ...

    async def use_link(self, link: Link, person: Person) -> None:
        """The link is gone and `person` is kept, both or none."""
        ...

    async def touch(self, sessions: Sequence[Session], tokens: Sequence[Token]) -> None:
        """When they were last used."""
        ...

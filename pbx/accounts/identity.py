"""What an identity provider says of somebody, and who he is to us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pbx.accounts.errors import AccountError
from pbx.accounts.people import EMAIL, LANGUAGES, LOGIN
from pbx.accounts.rights import Role
from pbx.accounts.service import Accounts, Entered
from pbx.config_accounts import Oidc

ORDER = (Role.ADMIN, Role.SUPERVISOR, Role.AGENT, Role.VIEWER)  # the first that fits counts
MAX_NAMESAKES = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """`claims`: of an ID token whose signature, issuer, audience, time and nonce are right."""

    subject: str  # issuer and subject
    claims: Mapping[str, Any]


async def enter_by(accounts: Accounts, settings: Oidc, identity: Identity, address: str, agent: str) -> Entered:
    """Makes the person at the first time, takes over role and name at every one. Raises AccountError."""
    role = role_of(settings, identity.claims)
    person = accounts.people.by_subject(identity.subject)
    if role is None:
        raise AccountError("forbidden", f"none of the values of {settings.role_claim} has a role here (oidc.roles)")
    if person is not None and person.disabled:
        raise AccountError("forbidden", f"{person.login} may not come in")
    fields = _fields(settings, identity.claims, accounts)
    if person is None:
        login = _free_login(accounts, identity.claims)
        person = await accounts.add({"login": login, "role": role, **fields}, identity.subject)
    else:
        known = {"role": person.role, **{name: getattr(person, name) for name in fields}}
        if known != {"role": role, **fields}:
            person = await accounts.change(person, {"role": role, **fields})
    return await accounts.enter(person, "oidc", address, agent)


def role_of(settings: Oidc, claims: Mapping[str, Any]) -> Role | None:
    """The highest role of the claim's values; None when he is to be refused."""
    found = claim(claims, settings.role_claim)
    values = found if isinstance(found, list) else [found]
    roles = {settings.roles[value] for value in values if isinstance(value, str) and value in settings.roles}
    for role in ORDER:
        if role.value in roles:
            return role
    return Role(settings.default_role) if settings.default_role else None


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, or by a path into one: "realm_access.roles"; None when there is none."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _fields(settings: Oidc, claims: Mapping[str, Any], accounts: Accounts) -> dict[str, Any]:
    """What the provider knows of him; what does not fit is left out."""
    fields: dict[str, Any] = {}
    name = claims.get("name")
    if isinstance(name, str) and name.isprintable():
        fields["name"] = name[:120]
    email = claims.get("email")
    if isinstance(email, str) and EMAIL.fullmatch(email):
        fields["email"] = email
    language = str(claims.get("locale", ""))[:2]
    if language and language in LANGUAGES:
        fields["language"] = language
    number = claim(claims, settings.extension_claim) if settings.extension_claim else None
    if isinstance(number, str | int) and str(number) in accounts.people.extensions():
        fields["extension"] = str(number)
    return fields


def _free_login(accounts: Accounts, claims: Mapping[str, Any]) -> str:
    """A login that nobody has: one who is known here by a password is never taken over by a namesake."""
    for name in ("preferred_username", "email", "sub"):
        said = "".join(mark if mark.isprintable() else "-" for mark in str(claims.get(name) or "")[:200])
        text = re.sub(r"[\s:/]", "-", said)[:58]
        if not LOGIN.fullmatch(text):
            continue
        for login in (text, *(f"{text}-{n}" for n in range(2, MAX_NAMESAKES))):
            if accounts.people.by_login(login) is None:
                return login
    raise AccountError("conflict", "the provider's name for this user is taken here many times over")

"""The second factor of people: codes of an authenticator (TOTP, RFC 6238), and recovery codes for the day it is lost.

The secret is sealed by a key that lies beside the database, recovery codes are kept as digests. A code opens once: the
step that it was made for is written before anybody comes in by it, and no earlier one counts from then on.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from pbx.accounts.account import Person
from pbx.accounts.errors import AccountError
from pbx.accounts.secrets import digest
from pbx.clock import Clock
from pbx.settings.secrets import Seal, SealError

STEP_S = 30  # RFC 6238 section 5.2 recommends it, and every authenticator takes it
DRIFT = 1  # steps that the two clocks may differ
DIGITS = 6
RECOVERY = 10  # codes, each of 80 bits
RECOVERY_BYTES = 10
PENDING_S = 600.0  # between the secret that is shown and the first code of it
MAX_PENDING = 1000
NEEDED = "a code of your authenticator is needed"
WRONG = "the code is wrong, or was used already"


@dataclass(frozen=True, slots=True)
class Factor:
    person: str
    secret: str  # base32, sealed
    since: float  # UTC seconds
    step: int = 0  # the last one that was used
    recovery: tuple[str, ...] = ()  # digests of those that are left


class FactorStore(Protocol):
    """Where factors are kept: what returns is committed."""

    def load(self) -> list[Factor]: ...
    async def put(self, factor: Factor) -> None: ...
    async def remove(self, person: str) -> None: ...


class MemoryFactors:
    """Forgets with the process."""

    def __init__(self) -> None:
        self.rows: dict[str, Factor] = {}

    def load(self) -> list[Factor]:
        return list(self.rows.values())

    async def put(self, factor: Factor) -> None:
        self.rows[factor.person] = factor

    async def remove(self, person: str) -> None:
        self.rows.pop(person, None)


class SecondFactors:
    """`roles` are those that must have one."""

    def __init__(self, store: FactorStore, clock: Clock, seal: Seal, roles: Iterable[str], issuer: str) -> None:
        self._store, self._clock, self._seal, self._issuer = store, clock, seal, issuer
        self._roles = frozenset(roles)
        self._factors: dict[str, Factor] = {}
        self._pending: OrderedDict[str, tuple[str, float]] = OrderedDict()  # person: secret, since when
        self._turn = asyncio.Lock()  # one writes at a time: what another wrote meanwhile is not undone

    def restore(self, people: Iterable[str]) -> None:
        """Takes up those of these people."""
        known = set(people)
        self._factors = {factor.person: factor for factor in self._store.load() if factor.person in known}

    def of(self, person: str) -> Factor | None:
        return self._factors.get(person)

    def required(self, person: Person) -> bool:
        """Whether his role must have one."""
        return person.role in self._roles

    def lacks(self, person: Person) -> bool:
        """Whether he must have one and has none: until then he may do nothing but get one."""
        return person.role in self._roles and person.id not in self._factors

    # -- getting one -----------------------------------------------------------------------------------------------

    def begin(self, person: Person) -> tuple[str, str]:
        """A new secret (base32), and the otpauth URI of it for an authenticator; it counts when a code proves it."""
        import pyotp

        secret = pyotp.random_base32()
        self._pending.pop(person.id, None)
        self._pending[person.id] = secret, self._clock.monotonic()
        while len(self._pending) > MAX_PENDING:
            self._pending.popitem(last=False)
        return secret, pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name=self._issuer)

    async def confirm(self, person: Person, code: str) -> list[str]:
        """His factor from now on; the recovery codes, which nobody is shown again. Raises AccountError."""
        secret, since = self._pending.get(person.id, ("", 0.0))
        if not secret or self._clock.monotonic() - since > PENDING_S:
            raise AccountError("conflict", "begin anew: the secret that was shown has expired")
        step = self._step_of(secret, code, 0)
        if not step:
            raise AccountError("invalid", WRONG)
        del self._pending[person.id]
        codes = _new_codes()
        now = self._clock.unix()
        async with self._turn:
            await self._put(Factor(person.id, self._seal.seal(secret), now, step, _digests(codes)))
        return codes

    async def renew(self, person: str) -> list[str]:
        """Other recovery codes; those of before open nothing. Raises AccountError where there is no factor."""
        codes = _new_codes()
        async with self._turn:
            factor = self._factors.get(person)
            if factor is None:
                raise AccountError("conflict", "there is no second factor")
            await self._put(replace(factor, recovery=_digests(codes)))
        return codes

    async def remove(self, person: str) -> bool:
        """False when there was none."""
        self._pending.pop(person, None)
        async with self._turn:
            if person not in self._factors:
                return False
            await self._store.remove(person)
            self.forget(person)
        return True

    def forget(self, person: str) -> None:
        """Of somebody who was removed, with his factor, from the store."""
        self._factors.pop(person, None)
        self._pending.pop(person, None)

    # -- coming in -------------------------------------------------------------------------------------------------

    async def check(self, person: str, code: str) -> bool:
        """Whether the code opens; it does so once, also when two come at the same moment."""
        plain = "".join(code.split()).replace("-", "")[:64]
        async with self._turn:
            factor = self._factors.get(person)
            used = self._used(factor, plain) if factor is not None else None
            if used is None:
                return False
            self._factors[person] = used  # before it is on disk: used it is, even if the disk refuses
            await self._store.put(used)
        return True

    def _used(self, factor: Factor, plain: str) -> Factor | None:
        if len(plain) == DIGITS:
            step = self._step_of(self._opened(factor), plain, factor.step)
            return replace(factor, step=step) if step else None
        known = digest(plain.upper())
        left = tuple(one for one in factor.recovery if not hmac.compare_digest(one, known))
        return replace(factor, recovery=left) if len(left) < len(factor.recovery) else None

    def _opened(self, factor: Factor) -> str:
        try:
            return self._seal.open(factor.secret)
        except SealError:
            text = "the key accounts.key is another one, so that no code can be checked; use a recovery code, or ask"
            raise AccountError("conflict", f"{text} an admin for `centrala user reset-second-factor`") from None

    def _step_of(self, secret: str, code: str, after: int) -> int:
        """The step behind `after` whose code it is; 0: none."""
        import pyotp

        plain = "".join(code.split())
        if len(plain) != DIGITS or not (plain.isascii() and plain.isdigit()):
            return 0
        made, now, found = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S), int(self._clock.unix()) // STEP_S, 0
        for step in range(now - DRIFT, now + DRIFT + 1):  # all of them, so that it takes the same time
            if hmac.compare_digest(made.generate_otp(step), plain) and step > after:
                found = found or step
        return found

    async def _put(self, factor: Factor) -> None:
        await self._store.put(factor)
        self._factors[factor.person] = factor


def _new_codes() -> list[str]:
    made = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY)]
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in made]


def _digests(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(digest(code.replace("-", "")) for code in codes)

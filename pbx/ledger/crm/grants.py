"""Keeps access to each CRM fresh: one renewal at a time, and what it gave is on disk before anybody uses it.

A refresh token that was used may open nothing any more, so a process that dies between the CRM's answer and our commit
loses the grant; that moment is as short as a commit, and afterwards an alarm says what a person has to do. A refresh
token that is written into the configuration anew begins a new grant at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from pbx.clock import Clock
from pbx.config import Crm
from pbx.events import Alarm, EventBus
from pbx.ledger.crm.oauth import GrantBusy, GrantDead, Tokens, renewal, tokens_of, uses_oauth
from pbx.settings.secrets import Seal, SealError
from pbx.web.client import Web, WebError

log = logging.getLogger("centrala.ledger")
ROOM = "crm_grants"
EARLY_S = 300.0  # before its end a token is renewed, so that none expires on the way
AGAIN_S = 300.0  # a token that is refused sooner after it was renewed is not the reason
LEAST_S = 60.0  # between two renewals that came about, however short a time the CRM gives
PAUSES_S = (15.0, 60.0, 300.0, 900.0)  # after a renewal that did not come about; the last one again and again
REMEDY = "allow the application in the CRM again, and write what it gives: centrala config set crm {} refresh_token=..."


class Keeper(Protocol):
    """pbx.store.kept.Kept."""

    def load(self, room: str) -> dict[str, Any]: ...

    async def keep(self, room: str, key: str, value: Any) -> None: ...


class Grant:
    """The tokens of one CRM."""

    def __init__(self, settings: Crm, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.tokens: Tokens | None = None
        self.dead = ""  # why nobody but a person can help
        self.stale = False  # the CRM refused the access token before its time
        self.renewed = float("-inf")  # on the monotonic clock
        self.tries = 0
        self.kick = asyncio.Event()

    @property
    def seed(self) -> str:
        """Which grant of a person this one came of; nothing of the token can be told from it."""
        text = f"{self.settings.client_id}\n{self.settings.refresh_token}"
        return hashlib.sha256(text.encode()).hexdigest()

    def access(self) -> str:
        """For a request; "" before there is any."""
        return self.tokens.access if self.tokens is not None else ""

    def refused(self) -> None:
        """The CRM says that the access token is none: it is renewed at once, unless it is a new one."""
        if self.clock.monotonic() - self.renewed > AGAIN_S:
            self.stale = True
            self.kick.set()


class Grants:
    """`web` makes the client when it is first needed. `changed` is told when a CRM can be asked (again)."""

    def __init__(self, keeper: Keeper, seal: Seal, web: Callable[[], Web], bus: EventBus, clock: Clock) -> None:
        self._keeper, self._seal, self._make_web, self._bus, self._clock = keeper, seal, web, bus, clock
        self._web: Web | None = None
        self._rows: dict[str, dict[str, Any]] = keeper.load(ROOM)
        self._grants: dict[str, Grant] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.renewals: dict[tuple[str, str], int] = {}  # CRM and "renewed", "failed" or "dead"

    def follow(self, crms: Iterable[Crm]) -> None:
        """From now on these; a grant whose settings are as they were goes on, one under way is brought to its end."""
        wanted = {crm.name: crm for crm in crms if uses_oauth(crm)}
        for name, grant in list(self._grants.items()):
            if wanted.get(name) != grant.settings:
                self._end(name)
        for name, crm in wanted.items():
            if name not in self._grants:
                self._begin(crm)

    async def stop(self) -> None:
        """A renewal that has begun is waited for: what it brings opens once."""
        for name in list(self._grants):
            self._end(name)
        if self._ending:
            await asyncio.wait(self._ending)
        stop = getattr(self._web, "stop", None)
        if stop is not None:
            await stop()

    def of(self, name: str) -> Grant | None:
        return self._grants.get(name)

    # -- one CRM -----------------------------------------------------------------------------------------------------

    def _begin(self, crm: Crm) -> None:
        grant = self._grants[crm.name] = Grant(crm, self._clock)
        if not any(task.get_name() == f"crm-grant-{crm.name}" for task in self._ending):
            self._take_up(grant)
        before = [task for task in self._ending if task.get_name() == f"crm-grant-{crm.name}"]
        work = self._look_after(grant, before)
        self._tasks[crm.name] = asyncio.get_running_loop().create_task(work, name=f"crm-grant-{crm.name}")

    def _take_up(self, grant: Grant) -> None:
        """What an earlier process, or an earlier version of the settings, was given last."""
        row = self._rows.get(grant.settings.name)
        if row is not None and row.get("seed") == grant.seed:
            with contextlib.suppress(SealError, KeyError, TypeError):  # of another key: the configured one is tried
                access, refresh = self._seal.open(row["access"]), self._seal.open(row["refresh"])
                grant.tokens = Tokens(access, refresh, float(row["expires"]))

    def _end(self, name: str) -> None:
        grant, task = self._grants.pop(name), self._tasks.pop(name)
        grant.dead = grant.dead or "ended"
        grant.kick.set()
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        self._tell(name, "", active=False)

    async def _look_after(self, grant: Grant, before: list[asyncio.Task[None]]) -> None:
        """Sleeps until the tokens are to be renewed; ends with the grant."""
        if before:
            await asyncio.wait(before)  # one renewal at a time
            self._take_up(grant)
        while not grant.dead:
            wait_s = self._wait_s(grant)
            if wait_s <= 0.0:
                await self._renew(grant)
                wait_s = PAUSES_S[min(grant.tries, len(PAUSES_S)) - 1] if grant.tries else 0.0
            if wait_s > 0.0 and not grant.dead:
                grant.kick.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await grant.kick.wait()

    def _wait_s(self, grant: Grant) -> float:
        if grant.tokens is None or grant.stale:
            return 0.0
        rests_s = grant.renewed + LEAST_S - self._clock.monotonic()
        return max(grant.tokens.expires - self._clock.unix() - EARLY_S, rests_s)

    async def _renew(self, grant: Grant) -> None:
        crm = grant.settings
        refresh = grant.tokens.refresh if grant.tokens is not None else crm.refresh_token
        try:
            if self._web is None:
                self._web = self._make_web()
            answer = await self._web.ask(renewal(crm, refresh))
            found = tokens_of(crm, answer, self._clock.unix())
            await self._keep(grant, found)
        except GrantDead as error:
            self._died(grant, str(error))
        except (GrantBusy, WebError) as error:
            self._failed(grant, str(error))
        except RuntimeError as error:  # what the store raises
            self._failed(grant, f"the new tokens cannot be kept: {error}")

    async def _keep(self, grant: Grant, found: Tokens) -> None:
        """On disk, then in use."""
        crm = grant.settings
        row = {
            "seed": grant.seed,
            "access": self._seal.seal(found.access),
            "refresh": self._seal.seal(found.refresh),
            "expires": found.expires,
        }
        pending = grant.tokens  # should the disk refuse, the newest is what opens
        grant.tokens = Tokens(pending.access if pending is not None else "", found.refresh, 0.0)
        await self._keeper.keep(ROOM, crm.name, row)
        self._rows[crm.name] = row
        grant.tokens, grant.stale, grant.tries, grant.renewed = found, False, 0, self._clock.monotonic()
        self._count(crm.name, "renewed")
        self._tell(crm.name, f"CRM {crm.name} is asked again", active=False)

    def _failed(self, grant: Grant, why: str) -> None:
        name = grant.settings.name
        grant.tries += 1
        self._count(name, "failed")
        log.warning("access to CRM %s could not be renewed: %s", name, why)
        if grant.tokens is None or grant.stale or grant.tokens.expires <= self._clock.unix():
            self._tell(name, f"access to CRM {name} has expired and could not be renewed: {why}; it is tried again")

    def _died(self, grant: Grant, why: str) -> None:
        name = grant.settings.name
        grant.dead = why
        self._count(name, "dead")
        text = f"CRM {name} lets us in no more ({why}); what it is to be told waits: {REMEDY.format(name)}"
        log.error("%s", text)
        self._tell(name, text)

    def _count(self, name: str, result: str) -> None:
        self.renewals[name, result] = self.renewals.get((name, result), 0) + 1

    def _tell(self, name: str, text: str, *, active: bool = True) -> None:
        if active and name not in self._grants:  # it was taken out of the settings meanwhile
            return
        self._bus.publish(Alarm(f"crm_grant:{name}", text, active, self._clock.unix()))

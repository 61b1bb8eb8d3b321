"""Writes the audit log, reads it, lets it grow old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pbx.accounts.audit import ActorKind, AuditStore, Entry, Filter, differing, digest
from pbx.accounts.rights import Principal
from pbx.clock import Clock
from pbx.ids import new_id

DAY_S = 86_400.0
MAX_OBJECT = 200


class AuditLog:
    """`keep_days`: how old entries get."""

    def __init__(self, store: AuditStore, clock: Clock, keep_days: int) -> None:
        self._store, self._clock, self._keep_s = store, clock, keep_days * DAY_S
        self.entries = 0  # since the start
        self._newest = 0.0

    async def record(
        self,
        who: Principal | None,
        address: str,
        action: str,
        target: str,
        result: int,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        user: str = "",
    ) -> None:
        """`user`: of the system, for who asks over the control socket. Values of `before` and `after` are not kept,
        only what differs and a digest of each. Returns when it is committed, or must wait for the database.
        """
        kind: ActorKind = who.kind if who is not None else "cli" if user else "nobody"
        now = self._clock.unix()
        self._newest = max(now, self._newest + 0.001)  # ids of one millisecond have no order
        entry = Entry(
            id=new_id(self._newest),
            at=now,
            actor_kind=kind,
            actor=who.id if who is not None else user,
            actor_name=who.name if who is not None else user,
            address=address,
            action=action,
            object=target[:MAX_OBJECT],
            result=result,
            before=digest(before),
            after=digest(after),
            fields=differing(before, after) if before is not None or after is not None else (),
        )
        self.entries += 1
        await self._store.append(entry)

    async def find(self, wanted: Filter, before_id: str, limit: int) -> Sequence[Entry]:
        """The newest first."""
        return await self._store.find(wanted, before_id, limit)

    async def prune(self) -> int:
        """Forgets what is older than is kept; how many entries."""
        return await self._store.prune(self._clock.unix() - self._keep_s)

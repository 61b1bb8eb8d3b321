"""The search for a trunk that takes a call: candidates one after the other, each with its limits and money checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.call.errors import DialFailed
from pbx.call.identity import uri_user
from pbx.call.trunks.caller_id import contact_user, present
from pbx.call.trunks.meter import Meter
from pbx.sip.address import NextHop

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.limits import Limits
    from pbx.call.trunks.caller_id import CallerIds
    from pbx.call.trunks.ledger import Ledger
    from pbx.call.trunks.trunk import Trunk
    from pbx.call.trunks.trunks import Candidate
    from pbx.config import Extension
    from pbx.sip.address import Destination


@dataclass(slots=True)
class Attempt:
    """One try on one trunk; `limit_key` is held until it is over."""

    trunk: Trunk
    uri: str
    destination: Destination
    from_: str
    to: str
    contact_user: str
    headers: tuple[str, ...]
    limit_key: str
    meter: Meter
    alternatives: tuple[NextHop, ...]  # other servers of the same trunk


class Hunt:
    """`next` gives the next trunk that may take the call; `failure` says why the last one that was passed over may not.

    In an emergency no cap is asked, and a trunk that is full ends another call for it.
    """

    __slots__ = ("_call", "_candidates", "_ids", "_ledger", "_limits", "_payer", "emergency", "failure")

    def __init__(
        self,
        call: Call,
        candidates: Sequence[Candidate],
        payer: Extension | None,
        *,
        limits: Limits,
        ledger: Ledger,
        ids: CallerIds,
        emergency: tuple[str, ...] | None = None,
    ) -> None:
        self._call = call
        self._candidates = list(reversed(candidates))
        self._payer = payer
        self._limits = limits
        self._ledger = ledger
        self._ids = ids
        self.emergency = emergency  # header lines of an emergency call; None: it is none
        self.failure = DialFailed(503, "no trunk is left", "congestion")

    def next(self) -> Attempt | None:
        """The next attempt with its place on the trunk taken; None when there is none."""
        while self._candidates:
            candidate = self._candidates.pop()
            try:
                return self._attempt(candidate)
            except DialFailed as failure:
                self.failure = failure
        return None

    def _attempt(self, candidate: Candidate) -> Attempt:
        trunk = candidate.trunk
        destination, *others = trunk.hops()
        if self.emergency is None:
            self._afford(candidate)
            if not self._limits.acquire(trunk.limit_key, trunk.max_calls):
                raise DialFailed(503, f"trunk {trunk.name} carries {trunk.max_calls} calls", "congestion")
            shown = self._ids.shown(self._call, trunk, self._payer)
        else:
            self._limits.force(trunk.limit_key)
            shown = self._ids.shown_in_emergency(self._call, trunk, self._payer)
        presented = present(shown, trunk)
        user = uri_user(candidate.number)
        payer = f"extension:{self._payer.number}" if self._payer is not None else ""
        return Attempt(
            trunk,
            trunk.uri(user),
            destination,
            presented.from_,
            f"<sip:{user}@{trunk.domain}>",
            contact_user(shown, trunk),
            (*presented.headers, *(self.emergency or ())),
            trunk.limit_key,
            Meter(self._ledger, payer, trunk.limit_key, candidate.price, capped=self.emergency is None),
            tuple(NextHop(other) for other in others),
        )

    def _afford(self, candidate: Candidate) -> None:
        """DialFailed 403 "spend_cap" when the trunk's money, or the payer's, does not pay for the beginning of a call.

        Where money is capped a call without a known price is not made: it could cost anything.
        """
        ledger, trunk, price = self._ledger, candidate.trunk, candidate.price
        names = [(trunk.limit_key, f"trunk {trunk.name}")]
        if self._payer is not None:
            names.append((f"extension:{self._payer.number}", f"extension {self._payer.number}"))
        for key, name in names:
            if not ledger.capped_by_money(key):
                continue
            if price is None:
                text = f"{name} may spend a limited sum, and trunk {trunk.name} has no price for the number"
                raise DialFailed(403, text, "spend_cap")
            if ledger.left_money(key) < price.cost(0):
                raise DialFailed(403, f"{name} has spent what it may", "spend_cap")

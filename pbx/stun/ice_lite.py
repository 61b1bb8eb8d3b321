"""The lite side of ICE (RFC 8445): answers connectivity checks, and tells which source was validated and nominated.

A lite agent checks nothing itself and is always controlled. Consent (RFC 7675) is the far end's to ask for: as long as
its checks come, it is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pbx.stun import message as stun

CONSENT_S: Final = 30.0  # without a check the far end is gone (RFC 7675 section 5.1)
MAX_SOURCES: Final = 16  # validated ones that are remembered

Address = tuple[str, int]


@dataclass(slots=True)
class IceLite:
    """One stream's agent; `now` are seconds of any monotonic clock."""

    ufrag: str
    password: str = field(repr=False)
    remote_ufrag: str
    selected: Address | None = None  # nominated: where media goes
    checked_at: float = 0.0  # last check of the selected source
    refused: int = 0  # checks that were not authentic or not for us
    _valid: dict[Address, float] = field(default_factory=dict)  # source -> last check

    def restart(self, ufrag: str, password: str, remote_ufrag: str) -> None:
        """New names (RFC 8445 section 9): what was selected stays until another is nominated."""
        if (self.ufrag, self.remote_ufrag) != (ufrag, remote_ufrag):
            self.ufrag, self.password, self.remote_ufrag = ufrag, password, remote_ufrag
            self._valid.clear()
            if self.selected is not None:
                self._valid[self.selected] = self.checked_at

    def is_valid(self, source: Address) -> bool:
        """Whether a check of that source was authentic: nothing else may reach DTLS."""
        return source in self._valid

    def consented(self, now: float) -> bool:
        """Whether the selected source still asks for media; True while nothing was selected yet."""
        return self.selected is None or now - self.checked_at < CONSENT_S

    def receive(self, data: bytes, source: Address, now: float) -> bytes | None:
        """Takes one datagram; what to send back to its source, or None."""
        check = stun.parse(data)
        if check is None or check.kind != stun.BINDING_REQUEST:
            self.refused += check is None
            return None
        fault = self._fault(check)
        if fault is not None:
            self.refused += 1
            return fault
        self._validated(check, source, now)
        return stun.success(check.transaction, *source, self.password)

    def _fault(self, check: stun.StunMessage) -> bytes | None:
        """The error answer to a check that may not count."""
        user = check.attributes.get(stun.USERNAME)
        if user is None or not check.integrity_at or not check.has_fingerprint:
            return stun.failure(check.transaction, 400, "Bad Request")
        ours, _, theirs = user.decode("utf-8", "replace").partition(":")
        if ours != self.ufrag or (self.remote_ufrag and theirs != self.remote_ufrag):
            return stun.failure(check.transaction, 401, "Unauthorized")
        if not check.is_authentic(self.password):
            return stun.failure(check.transaction, 401, "Unauthorized")
        if check.unknown:
            return stun.failure(check.transaction, 420, "Unknown Attribute", self.password, check.unknown)
        if stun.ICE_CONTROLLED in check.attributes:
            return stun.failure(check.transaction, 487, "Role Conflict", self.password)
        return None

    def _validated(self, check: stun.StunMessage, source: Address, now: float) -> None:
        if source not in self._valid and len(self._valid) >= MAX_SOURCES:
            del self._valid[min((s for s in self._valid if s != self.selected), key=self._valid.__getitem__)]
        self._valid[source] = now
        if source == self.selected:
            self.checked_at = now
        if stun.USE_CANDIDATE in check.attributes:
            # The latest, not the one of highest priority: a browser that finds a cheaper network moves to it, sends
            # from there at once and says so in its checks.
            self.selected, self.checked_at = source, now

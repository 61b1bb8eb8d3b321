"""The path of one stream to a far end that speaks DTLS-SRTP: ICE finds it, DTLS makes its keys, the core does the rest.

Runs on the event loop; sees STUN and DTLS only, never a packet of media. Only a source that ICE has validated reaches
DTLS (security.md, advisory 15); without ICE, only the address of the description or where the signalling comes from.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pbx.media.webrtc.handshake import Handshake, HandshakeFailed, Keys
from pbx.stun.ice_lite import CONSENT_S, IceLite

if TYPE_CHECKING:
    from pbx.sdp.security import DtlsKeys

HANDSHAKE_S = 20.0  # from the agreement to the keys
MAX_DTLS = 400  # datagrams of one handshake that are looked at
DTLS, DTLS_END = 20, 63  # first octet (RFC 7983)
log = logging.getLogger("centrala.media")

Address = tuple[str, int]


class Wire(Protocol):
    """What the path needs of its stream."""

    def send(self, data: bytes, to: Address) -> None: ...
    def protect(self, profile: int, key_in: bytes, key_out: bytes) -> None: ...
    def latch_to(self, far: Address) -> None: ...


class SecurePath:
    """`on_secured` is told the protection profile, `on_failed` why there will be no media."""

    def __init__(
        self,
        wire: Wire,
        loop: asyncio.AbstractEventLoop,
        *,
        on_secured: Callable[[int], None],
        on_failed: Callable[[str], None],
    ) -> None:
        self.ice: IceLite | None = None
        self.keys: Keys | None = None
        self._wire = wire
        self._loop = loop
        self._on_secured = on_secured
        self._on_failed = on_failed
        self._agreed: tuple[object, bool] | None = None  # fingerprints and part of the running handshake
        self._handshake: Handshake | None = None
        self._far: Address | None = None  # where the handshake goes
        self._allowed: frozenset[str] = frozenset()  # hosts, without ICE
        self._looked_at = 0
        self._timer: asyncio.TimerHandle | None = None  # of the handshake's repetitions
        self._deadline: asyncio.TimerHandle | None = None
        self._consent: asyncio.TimerHandle | None = None
        self._closed = False

    def agree(self, security: DtlsKeys, remote: Address | None, signalling_ip: str) -> None:
        """An offer and answer said so. The same fingerprint and part go on with the keys that there are."""
        self._use_ice(security, remote)
        if self.ice is None:
            self._allowed = frozenset(host for host in (remote[0] if remote else "", signalling_ip) if host)
            self._far = remote
        agreed = (security.fingerprints, security.client)
        if agreed == self._agreed:
            return
        self._agreed = agreed
        self._handshake = Handshake(client=security.client, fingerprints=security.fingerprints)
        self._looked_at = 0
        self._stop(self._deadline)
        self._deadline = self._loop.call_later(HANDSHAKE_S, self._too_late)
        if self._far is not None:
            self._begin()

    def receive(self, data: bytes, source: Address) -> None:
        """Takes one datagram of the stream's socket."""
        if self._closed or not data:
            return
        if data[0] < 4:
            self._take_check(data, source)
        elif DTLS <= data[0] <= DTLS_END:
            self._take_dtls(data, source)

    def close(self) -> None:
        """Ends timers; nothing is sent any more."""
        self._closed = True
        for timer in (self._timer, self._deadline, self._consent):
            self._stop(timer)
        self._handshake = None

    # -- ICE -----------------------------------------------------------------------------------------------------

    def _use_ice(self, security: DtlsKeys, remote: Address | None) -> None:
        names = security.ice
        if names is None:
            self.ice = None
        elif self.ice is None:
            self.ice = IceLite(names.ufrag, names.password, names.remote_ufrag)
        else:
            self.ice.restart(names.ufrag, names.password, names.remote_ufrag)
        if names is not None and names.remote_lite and remote is not None:
            # Nobody checks: what the descriptions say counts (RFC 8445 section 6.1.1).
            self._wire.latch_to(remote)
            self.ice, self._far = None, remote

    def _take_check(self, data: bytes, source: Address) -> None:
        ice = self.ice
        if ice is None:
            return
        before = ice.selected
        reply = ice.receive(data, source, self._loop.time())
        if reply is not None:
            self._wire.send(reply, source)
        if ice.selected is not None and ice.selected != before:
            self._selected(ice.selected)

    def _selected(self, far: Address) -> None:
        first, self._far = self._far is None, far
        self._wire.latch_to(far)
        if self._consent is None:
            self._consent = self._loop.call_later(CONSENT_S, self._ask_consent)
        if first and self._handshake is not None:
            self._begin()

    def _ask_consent(self) -> None:
        """When consent would run out, were there no later check: nothing is sent after that (RFC 7675 section 5.1)."""
        now = self._loop.time()
        if self.ice is None:  # it is not the far end's to give any more
            self._consent = None
        elif self.ice.consented(now):
            left = self.ice.checked_at + CONSENT_S - now if self.ice.selected is not None else CONSENT_S
            self._consent = self._loop.call_later(left, self._ask_consent)
        else:
            self._fail("the far end's ICE checks have stopped")

    # -- DTLS ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        handshake = self._handshake
        if handshake is not None and handshake.client:
            try:
                handshake.start()
            except HandshakeFailed as error:
                self._fail(str(error))
                return
            self._flush()

    def _take_dtls(self, data: bytes, source: Address) -> None:
        handshake = self._handshake
        known = self.ice.is_valid(source) if self.ice is not None else source[0] in self._allowed
        if handshake is None or not known:
            return
        self._looked_at += 1
        if self._looked_at > MAX_DTLS:
            return
        if self.ice is None and not handshake.client:
            self._far = source  # behind NAT: the handshake comes from where the media will
        was_done = handshake.keys is not None
        try:
            handshake.receive(data)
        except HandshakeFailed as error:
            self._flush()  # the alert
            self._fail(str(error))
            return
        self._flush(source)
        if handshake.keys is not None and not was_done:
            self._done(handshake.keys)

    def _flush(self, to: Address | None = None) -> None:
        handshake, far = self._handshake, to or self._far
        if handshake is None or far is None:
            return
        for data in handshake.datagrams():
            self._wire.send(data, far)
        self._stop(self._timer)
        seconds = handshake.timeout_s() if handshake.keys is None else None
        self._timer = self._loop.call_later(seconds, self._expired) if seconds is not None else None

    def _expired(self) -> None:
        self._timer = None
        if self._handshake is None:
            return
        try:
            self._handshake.expired()
        except HandshakeFailed as error:
            self._fail(str(error))
            return
        self._flush()

    def _done(self, keys: Keys) -> None:
        self.keys = keys
        self._stop(self._deadline)
        self._deadline = None
        self._wire.protect(keys.profile, keys.key_in, keys.key_out)
        self._on_secured(keys.profile)

    def _too_late(self) -> None:
        self._fail(f"no DTLS handshake within {HANDSHAKE_S:.0f} s")

    def _fail(self, why: str) -> None:
        if not self._closed:
            self.close()
            self._on_failed(why)

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()

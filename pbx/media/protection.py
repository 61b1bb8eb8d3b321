"""Encrypted media of sessions: keys from SDP (SDES) or from a handshake on the media's path (DTLS-SRTP).

libsrtp and OpenSSL are loaded with the first call that needs them; when that fails, such calls are refused and the log
says why, once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.sdp.security import SrtpKeys

if TYPE_CHECKING:
    from pbx.media.engine import MediaEngine
    from pbx.media.session import FarEnd, MediaSession
    from pbx.media.webrtc.path import Address, SecurePath
    from pbx.sdp.security import Security

SUITES = {1: "AES_CM_128_HMAC_SHA1_80", 2: "AES_CM_128_HMAC_SHA1_32", 7: "AEAD_AES_128_GCM", 8: "AEAD_AES_256_GCM"}
log = logging.getLogger("centrala.media")


class Protection:
    """One for the media engine; its counters are plain numbers for the metrics."""

    def __init__(self, engine: MediaEngine) -> None:
        self._engine = engine
        self._broken: dict[str, OSError] = {}  # what could not be loaded, and why
        self._loaded: set[str] = set()
        self.paths = 0  # sessions with DTLS now
        self.secured = {"sdes": 0, "dtls": 0}  # streams that got keys
        self.failed_handshakes = 0

    # -- for offers and answers: pbx.sdp.security.Provider ---------------------------------------------------------

    def load_srtp(self) -> None:
        """Makes sure that SRTP can be done. Raises OSError with the reason."""
        if "srtp" not in self._loaded:
            self._load("srtp", _load_srtp)

    def fingerprint(self) -> str:
        """The value of our a=fingerprint. Raises OSError with the reason when DTLS-SRTP cannot be done."""
        if "dtls" not in self._loaded:
            self.load_srtp()
            self._load("dtls", _load_dtls)
        from pbx.media.webrtc.certificate import fingerprint

        return fingerprint()

    def _load(self, name: str, load: Callable[[], None]) -> None:
        known = self._broken.get(name)
        if known is not None:
            raise OSError(str(known))
        try:
            load()
        except Exception as error:  # a wheel for another processor or libc fails in ways of its own
            self._broken[name] = broken = OSError(f"{name.upper()} cannot be done: {error}")
            log.error("%s; calls that need it are refused with 488. Install the server's packages again", broken)
            raise broken from error
        self._loaded.add(name)

    # -- for sessions ----------------------------------------------------------------------------------------------

    def configure(
        self, session: MediaSession, security: Security, settings: FarEnd, signalling_ip: str, latch: str | None
    ) -> None:
        """Sets keys, or begins to find them, and then the far end. Raises EngineBusy and ValueError as it does."""
        configure = self._engine.configure_stream
        if isinstance(security, SrtpKeys):
            self._engine.core.protect(session.stream, security.profile, security.key_in, security.key_out)
            configure(session, settings, signalling_ip, latch, secure=True)
            if session.suite != security.suite:
                self._tell(session, "sdes", security.suite)
            return
        demux_latch = "told" if security.ice is not None else latch
        configure(session, settings, signalling_ip, demux_latch, secure=True, demux=True)
        path = session.path
        if path is None:
            path = session.path = self._path(session)
            self.paths += 1
        remote = (settings.remote_ip, settings.remote_port) if settings.remote_ip else None
        path.agree(security, remote, signalling_ip)

    def _path(self, session: MediaSession) -> SecurePath:
        from pbx.media.webrtc.path import SecurePath

        return SecurePath(
            _StreamWire(self._engine, session),
            self._engine.loop,
            on_secured=lambda profile: self._tell(session, "dtls", SUITES[profile]),
            on_failed=lambda why: self._fail(session, why),
        )

    def _tell(self, session: MediaSession, method: str, suite: str) -> None:
        session.suite = suite
        self.secured[method] += 1
        if session.on_secured is not None:
            session.on_secured(method, suite)

    def _fail(self, session: MediaSession, why: str) -> None:
        self.failed_handshakes += 1
        log.warning("session %s: no encrypted media: %s", session.tag or session.stream, why)
        if session.on_insecure is not None:
            session.on_insecure(why)

    def deliver(self, datagrams: Sequence[tuple[int, str, int, bytes]]) -> None:
        """Hands out the STUN and DTLS that came: (stream, source address, source port, data)."""
        for stream, host, port, data in datagrams:
            session = self._engine.session_of(stream)
            if session is not None and session.path is not None:
                try:
                    session.path.receive(data, (host, port))
                except Exception:  # one call's path must not cost the other calls theirs
                    self._engine.counters.handler_errors += 1
                    log.exception("the handler of a datagram failed")

    def close(self, session: MediaSession) -> None:
        """The session is over."""
        path, session.path = session.path, None
        if path is not None:
            self.paths -= 1
            path.close()


class _StreamWire:
    """A session's stream as its path sees it. A session may be moved to another media thread and get another number."""

    def __init__(self, engine: MediaEngine, session: MediaSession) -> None:
        self._engine = engine
        self._session = session

    def send(self, data: bytes, to: Address) -> None:
        if not self._session.closed:
            self._engine.core.send_datagram(self._session.stream, data, to[0], to[1])

    def protect(self, profile: int, key_in: bytes, key_out: bytes) -> None:
        def command(_argument: int) -> None:
            self._engine.core.protect(self._session.stream, profile, key_in, key_out)

        self._insist(command)

    def latch_to(self, far: Address) -> None:
        def command(_argument: int) -> None:
            self._engine.core.latch_to(self._session.stream, far[0], far[1])

        self._insist(command)

    def _insist(self, command: Callable[[int], None]) -> None:
        if not self._session.closed:
            self._engine.insist(command, 0)


def _load_srtp() -> None:
    import pylibsrtp

    pylibsrtp.Policy(srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM)


def _load_dtls() -> None:
    from pbx.media.webrtc.certificate import context

    context()

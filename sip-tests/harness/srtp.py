"""SRTP of a phone's endpoint, by pylibsrtp: SIPp itself knows none. Keys travel in a=crypto (RFC 4568)."""

from __future__ import annotations

import base64
import os

from pylibsrtp import Error, Policy, Session

from harness.model import Audio

SUITES = {  # profile of libsrtp, octets of key and salt; in the order of the PBX's offers
    "AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
    "AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "AES_CM_128_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
    "AES_CM_128_HMAC_SHA1_32": (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 30),
}


class Shield:
    """Our keys and the far end's. A re-INVITE may bring a second key (`{{crypto_2}}`, with {{start_rtp_2}})."""

    def __init__(self, suite: str) -> None:
        self.suite = suite
        self._profile, size = SUITES[suite]
        self._keys = [os.urandom(size), os.urandom(size)]
        self._using = 0
        self._theirs = b""
        self._inbound: Session | None = None
        self._outbound: Session | None = None
        self.opened_packets = 0
        self.failed = 0
        self.plain = False  # the far end wants none of it

    def line(self) -> str:
        return self._line(0)

    def second_line(self) -> str:
        return self._line(1)

    def _line(self, index: int) -> str:
        # In an answer the tag has to be the one that the PBX's offer gives the suite.
        tag = 1 + list(SUITES).index(self.suite)
        return f"a=crypto:{tag} {self.suite} inline:{base64.b64encode(self._keys[index]).decode()}"

    def key_from(self, theirs: bytes, which: int) -> None:
        """The far end's key is known; from now on our key number `which` protects what we send."""
        self.plain = not theirs
        if theirs and theirs != self._theirs:
            self._theirs = theirs
            self._inbound = Session(Policy(theirs, Policy.SSRC_ANY_INBOUND, 0, self._profile))
        if self._outbound is None or which - 1 != self._using:
            self._using = which - 1
            key = self._keys[self._using]
            self._outbound = Session(Policy(key, Policy.SSRC_ANY_OUTBOUND, 0, self._profile))

    def sealed(self, packet: bytes) -> bytes:
        if self.plain or self._outbound is None:
            return packet
        return self._outbound.protect(packet)

    def opened(self, data: bytes) -> bytes:
        """The packet in the clear; b"" when it is not authentic, or came before its key."""
        if self.plain:
            return data
        if self._inbound is None:
            return b""
        try:
            clear = self._inbound.unprotect(data)
        except Error:
            self.failed += 1
            return b""
        self.opened_packets += 1
        return clear

    def problems(self, audio: Audio) -> list[str]:
        """What is wrong with the protection of what arrived."""
        if self.plain:
            return ["the far end named no SRTP key"] if audio.srtp else []
        return [f"{self.failed} packets were not authentic SRTP"] if self.failed else []

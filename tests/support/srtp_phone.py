"""A far end that speaks SRTP, by pylibsrtp from Python."""

from __future__ import annotations

import os

from pylibsrtp import Policy, Session

from tests.support.rtp_phone import Packet, Phone, rtp

KEY_SIZES = {1: 30, 2: 30, 7: 28, 8: 44}


def keys(profile: int) -> tuple[bytes, bytes]:
    """Key and salt for each direction."""
    return os.urandom(KEY_SIZES[profile]), os.urandom(KEY_SIZES[profile])


class SecurePhone(Phone):
    """Encrypts what it says with `key_out`, deciphers what it hears with `key_in`."""

    def __init__(self, ip: str, profile: int, key_in: bytes, key_out: bytes) -> None:
        super().__init__(ip)
        self.rekey(profile, key_in, key_out)

    def rekey(self, profile: int, key_in: bytes, key_out: bytes) -> None:
        self.key_in, self.key_out = key_in, key_out
        self.inbound = Session(Policy(key_in, Policy.SSRC_ANY_INBOUND, 0, profile))
        self.outbound = Session(Policy(key_out, Policy.SSRC_ANY_OUTBOUND, 0, profile))

    def sealed(self, payload: bytes = b"\x55" * 160, *, pt: int = 0, ssrc: int = 7) -> bytes:
        """The next packet, protected."""
        data = self.outbound.protect(rtp(self.sequence, self.timestamp, payload, pt=pt, ssrc=ssrc))
        self.sequence += 1
        self.timestamp += len(payload)
        return data

    def say(self, payload: bytes = b"\x55" * 160, *, pt: int = 0, ssrc: int = 7, count: int = 1) -> None:
        for _ in range(count):
            self.raw(self.sealed(payload, pt=pt, ssrc=ssrc))

    def hear(self, count: int = 1, timeout_s: float = 20.0) -> list[Packet]:
        out = []
        for _ in range(count):
            self.socket.settimeout(timeout_s)
            try:
                data = self.inbound.unprotect(self.socket.recv(4096))
            except TimeoutError:
                break
            out.append(
                Packet(
                    data[1] & 0x7F,
                    bool(data[1] >> 7),
                    int.from_bytes(data[2:4], "big"),
                    int.from_bytes(data[4:8], "big"),
                    int.from_bytes(data[8:12], "big"),
                    data[12:],
                )
            )
        return out

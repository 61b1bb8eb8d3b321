"""What a leg with DTLS-SRTP costs a media thread beside a plain one: `python -m bench.load.browser_leg`.

Two endpoints of a bridged pair send packets through one engine, a burst at a time; what counts is the processor time
of the media thread. The browser's side is deciphered and enciphered with the suite that browsers agree on, its socket
is not connected, as with ICE. Packets are made before the clock starts.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import sys
import time

from pylibsrtp import Policy, Session

from core.engine import engine as E

LOCAL, FIRST, SECOND = "127.11.201.1", "127.11.201.2", "127.11.201.3"
BURST = 16
PROFILE, KEY_SIZE = 8, 44  # AEAD_AES_256_GCM


def _endpoint(ip: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((ip, 0))
    made.settimeout(5)
    return made


def _packets(count: int, session: Session | None) -> list[bytes]:
    out = []
    for number in range(count):
        packet = b"\x80\x00" + (number & 0xFFFF).to_bytes(2, "big") + (number * 160).to_bytes(4, "big") + b"\0\0\0\7"
        packet += b"\x55" * 160
        out.append(session.protect(packet) if session is not None else packet)
    return out


def worker_us(secure: bool, packets: int) -> float:
    """Microseconds of the media thread for a packet, of those that go both ways through one pair."""
    engine = E.Engine(workers=1, port_min=20000, port_max=20099, max_streams=8, realtime=False)
    engine.start()
    near, far = _endpoint(FIRST), _endpoint(SECOND)
    try:
        a, port_a = engine.open(LOCAL)
        b, port_b = engine.open(LOCAL)
        session = None
        if secure:
            ours, theirs = os.urandom(KEY_SIZE), os.urandom(KEY_SIZE)
            engine.protect(a, PROFILE, theirs, ours)
            session = Session(Policy(theirs, Policy.SSRC_ANY_OUTBOUND, 0, PROFILE))
        common = {"codec": 0, "event_payload_type": 101}
        remote = {"remote_ip": FIRST, "remote_port": near.getsockname()[1]}
        engine.configure(a, **common, **remote, secure=secure, demux=secure, latch=E.LATCH_TOLD if secure else 0)
        if secure:
            engine.latch_to(a, FIRST, remote["remote_port"])
        engine.configure(b, **common, remote_ip=SECOND, remote_port=far.getsockname()[1])
        engine.bridge(a, b)
        from_near, from_far = _packets(packets, session), _packets(packets, None)
        _exchange(near, far, from_near[:BURST], from_far[:BURST], (LOCAL, port_a), (LOCAL, port_b))
        before = engine.worker_stats(0).cpu_ns
        for start in range(BURST, packets, BURST):
            span = slice(start, start + BURST)
            _exchange(near, far, from_near[span], from_far[span], (LOCAL, port_a), (LOCAL, port_b))
        spent = engine.worker_stats(0).cpu_ns - before
        return spent / 1000 / (2 * (packets - BURST))
    finally:
        engine.stop()
        near.close()
        far.close()


def _exchange(
    near: socket.socket,
    far: socket.socket,
    to_far: list[bytes],
    to_near: list[bytes],
    port_a: tuple[str, int],
    port_b: tuple[str, int],
) -> None:
    for first, second in zip(to_far, to_near, strict=True):
        near.sendto(first, port_a)
        far.sendto(second, port_b)
    for _ in to_far:
        try:
            far.recv(2048)
            near.recv(2048)
        except TimeoutError:
            continue


def run_browser_leg(packets: int = 8000, repeats: int = 3) -> dict[str, float]:
    """Medians under the names of build/bench.json: alternating, so that a busy machine hits both."""
    found: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(repeats):
        for secure in (False, True):
            found[secure].append(worker_us(secure, packets))
    plain, browser = statistics.median(found[False]), statistics.median(found[True])
    # The pair has one leg of each kind: what the browser's costs is what is left when the plain one is taken off.
    return {
        "phone_leg_us_per_packet": plain / 2,
        "browser_leg_us_per_packet": browser - plain / 2,
        "browser_leg_ratio": (browser - plain / 2) / (plain / 2),
    }


if __name__ == "__main__":
    json.dump({name: round(value, 3) for name, value in run_browser_leg().items()}, sys.stdout)
    print(time.strftime("  %H:%M:%S"))

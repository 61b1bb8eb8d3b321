"""Floods of requests without credentials at the running PBX: known phones go on calling (R4), nothing is reflected
(R5), memory stays."""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable

import pytest

from tests.integration.bare import Bare, sdp, unique
from tests.integration.conftest import House
from tests.support.corpus import entries
from tests.support.timing import Lateness

RATE = 1500  # requests a second
SECONDS = 2.5
STEP_S = 0.01
SUCCESS = 0.99
SETUP_P95_S = 0.25  # on a machine that has nothing else to do
WAKINGS = 8  # of a setup: four messages, each through two processes
ENOUGH = 20  # setups
PATIENCE_S = 60.0
GROWTH = 64 << 20
REFLECTION = 3.0


def invite(phone: Bare) -> bytes:
    return phone.message("INVITE", f"sip:601@{phone.pbx[0]}", call_id=unique(), body=sdp(phone.host, 30000))


def register(phone: Bare) -> bytes:
    return phone.message("REGISTER", f"sip:{phone.pbx[0]}", call_id=unique(), to=phone.me)


def subscribe(phone: Bare) -> bytes:
    return phone.message(
        "SUBSCRIBE", f"sip:101@{phone.pbx[0]}", call_id=unique(), to=phone.me, headers=["Event: dialog", "Expires: 600"]
    )


def garbage(_: Bare) -> bytes:
    return random.randbytes(300)


class Flood(threading.Thread):
    """Sends `make(phone)` at RATE until stopped; counts what comes back."""

    def __init__(self, phone: Bare, make: Callable[[Bare], bytes]) -> None:
        super().__init__(daemon=True)
        self.phone, self.make = phone, make
        self.sent = self.sent_bytes = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        while not self.stopping.is_set():
            due = int((time.monotonic() - began) * RATE)
            for _ in range(due - self.sent):
                data = self.make(self.phone)
                self.sent_bytes += len(data)
                self.phone.send(data)
                self.sent += 1
            time.sleep(STEP_S)

    def __enter__(self) -> Flood:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.join()


def enough(begin: float, setup_s: list[float]) -> bool:
    return time.monotonic() - begin >= SECONDS and len(setup_s) >= ENOUGH


@pytest.mark.parametrize("make", [invite, register, subscribe, garbage], ids=lambda make: make.__name__)
def test_known_phones_call_during_a_flood(house: House, make: Callable[[Bare], bytes]) -> None:
    setup_s: list[float] = []
    failed: list[int] = []
    with house.phone(host=80) as attacker, house.phone("101", host=81) as anna:
        assert anna.register().status == 200
        settled, logged = house.rss(), len(house.log())
        peak = settled
        with Lateness() as late, Flood(attacker, make) as flood:
            begin = time.monotonic()
            while not enough(begin, setup_s) or flood.sent < 0.8 * RATE * SECONDS:
                assert time.monotonic() - begin < PATIENCE_S, "the flood was none"
                began = time.perf_counter()
                talk = anna.call("601")
                setup_s.append(time.perf_counter() - began)
                if talk.status != 200:
                    failed.append(talk.status)
                else:
                    assert talk.bye() == 200
                peak = max(peak, house.rss())
                time.sleep(0.01)
    assert len(failed) <= (1 - SUCCESS) * len(setup_s), failed
    assert statistics.quantiles(setup_s, n=20)[-1] <= SETUP_P95_S + WAKINGS * late.quantile(0.95)
    assert peak - settled <= GROWTH
    assert len(house.log()) - logged < 1000, "nobody unknown fills the log"
    assert house.leaks()["transactions"] < flood.sent / 4, "nothing is kept of the flood"


def stream(sock: socket.socket, data: bytes, stopping: threading.Event) -> int:
    """Writes `data` again and again as fast as the PBX takes it, and reads the answers away; returns bytes written."""
    total = 0
    sock.settimeout(0.05)
    while not stopping.is_set():
        try:
            total += sock.send(data)
            sock.recv(1 << 20)
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return total


@pytest.mark.parametrize("kind", ["OPTIONS", "REGISTER", "keep-alive"])
def test_greedy_streams_leave_the_others_their_turn(house: House, kind: str) -> None:
    """Four TCP connections that write requests without a pause: calls of others are set up as ever."""
    stopping = threading.Event()
    if kind == "keep-alive":
        data = b"\r\n\r\n" * 16_000
    else:
        data = b"".join(
            SHORT.replace("UDP", "TCP")
            .replace("Max-Forwards: 1", "Content-Length: 0")
            .format(method=kind, pbx=house.host(1), n=unique("tcp"))
            .encode()
            for _ in range(300)
        )
    with contextlib.ExitStack() as stack:
        plugs = [stack.enter_context(socket.create_connection((house.host(1), 5060), 5)) for _ in range(4)]
        threads = [threading.Thread(target=stream, args=(plug, data, stopping), daemon=True) for plug in plugs]
        for thread in threads:
            thread.start()
        setup_s, failed = [], 0
        with Lateness() as late, house.phone("101", host=87) as anna:
            begin = time.monotonic()
            while not enough(begin, setup_s):
                began = time.perf_counter()
                talk = anna.call("601")
                setup_s.append(time.perf_counter() - began)
                failed += talk.status != 200 or talk.bye() != 200
        stopping.set()
        for thread in threads:
            thread.join()
    assert failed <= (1 - SUCCESS) * len(setup_s)
    assert statistics.quantiles(setup_s, n=20)[-1] <= SETUP_P95_S + WAKINGS * late.quantile(0.95)


def received(phone: Bare, quiet_s: float) -> int:
    """Bytes that come until nothing came for `quiet_s`."""
    total = 0
    phone.socket.settimeout(quiet_s)
    try:
        while True:
            total += len(phone.socket.recv(65535))
    except TimeoutError:
        return total


SHORT = (
    "{method} sip:{pbx} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{n};rport\r\nFrom: <sip:a@h>;tag=1\r\n"
    "To: <sip:a@h>\r\nCall-ID: {n}\r\nCSeq: 1 {method}\r\nMax-Forwards: 1\r\n\r\n"
)


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE", "BYE", "NONSENSE", "ACK"])
def test_nothing_is_reflected(house: House, method: str) -> None:
    """The shortest request of each kind gets at most three bytes for each of its own, repetitions included."""
    with house.phone(host=82) as victim:
        data = SHORT.format(method=method, pbx=victim.pbx[0], n=unique())
        victim.send(data)
        back = received(victim, 0.4)  # 8 times T1
        assert back <= REFLECTION * len(data), f"{back} bytes for {len(data)}"


def test_no_message_of_the_corpus_is_reflected(house: House) -> None:
    messages = entries("sip", "rfc4475", "rfc5118", "sdp-in-invite", "stun", "dtls", "rtp", "rtcp")
    with house.phone(host=83) as victim:
        for entry, n in zip(messages, itertools.count()):
            data = entry.data.replace(b"z9hG4bK", f"z9hG4bKr{n}".encode())[:65000]
            victim.send(data)
            assert victim.options().status == 200
            back = sum(len(message.data) for message in victim.waiting)
            victim.waiting.clear()
            assert back <= REFLECTION * len(data), f"{entry.name}: {back} bytes for {len(data)}"
        assert received(victim, 0.4) == 0

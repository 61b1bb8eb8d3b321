"""The path of a browser's stream in virtual time: ICE, the handshake, who may take part in it, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from pbx.media.webrtc.path import HANDSHAKE_S, SecurePath
from pbx.sdp.security import DtlsKeys, IceNames
from pbx.stun.ice_lite import CONSENT_S
from tests.support.corpus import entries
from tests.support.dtls_peer import BrowserSide, own_fingerprint
from tests.support.virtual_loop import VirtualTimeLoop

HERE = ("192.0.2.7", 40000)
ELSEWHERE = ("192.0.2.66", 666)
NAMES = IceNames("ours", "our-password-of-22-chars", "theirs", "their-password-of-22-ch")


class Wire:
    """Keeps what the path does."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.keys: list[tuple[int, bytes, bytes]] = []
        self.latched: list[tuple[str, int]] = []

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        self.sent.append((data, to))

    def protect(self, profile: int, key_in: bytes, key_out: bytes) -> None:
        self.keys.append((profile, key_in, key_out))

    def latch_to(self, far: tuple[str, int]) -> None:
        self.latched.append(far)


class World:
    """A path, its wire and its browser."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, client: bool = False, ice: bool = True) -> None:
        self.wire = Wire()
        self.secured: list[int] = []
        self.failed: list[str] = []
        self.path = SecurePath(self.wire, loop, on_secured=self.secured.append, on_failed=self.failed.append)
        self.names = NAMES if ice else None
        self.client = client
        self.browser = BrowserSide(self.names, client=not client)

    def agree(self, fingerprint: tuple[str, bytes] | None = None) -> None:
        remote = None if self.names is not None else HERE
        keys = DtlsKeys((fingerprint or own_fingerprint(),), self.client, self.names)
        self.path.agree(keys, remote, "198.51.100.9")

    def shake(self, source: tuple[str, int] = HERE) -> None:
        """Carries datagrams to and fro until nothing is under way."""
        if self.browser.handshake.client:
            self.browser.handshake.start()
        for _ in range(20):
            out = self.browser.handshake.datagrams()
            for data in out:
                self.path.receive(data, source)
            back, self.wire.sent = [data for data, _ in self.wire.sent if data[0] >= 20], []
            for data in back:
                self.browser.handshake.receive(data)
            if not out and not back:
                return


@pytest.fixture
def loop() -> Iterator[VirtualTimeLoop]:
    made = VirtualTimeLoop()
    yield made
    made.close()


def test_a_browser_is_found_and_gets_keys(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.agree()
    world.path.receive(world.browser.check(), HERE)
    assert world.browser.answered(world.wire.sent.pop()[0]) == HERE
    assert world.wire.latched == [HERE]
    world.shake()
    assert world.browser.keys is not None
    assert world.wire.keys == [(8, world.browser.keys.key_out, world.browser.keys.key_in)]
    assert (world.secured, world.failed) == ([8], [])


def test_we_begin_when_the_far_end_wants_to_wait(loop: VirtualTimeLoop) -> None:
    world = World(loop, client=True)
    world.agree()
    assert world.wire.sent == []
    world.path.receive(world.browser.check(), HERE)
    world.wire.sent = [pair for pair in world.wire.sent if pair[0][0] >= 20]
    assert world.wire.sent  # our ClientHello
    for data, _ in world.wire.sent:
        world.browser.handshake.receive(data)
    world.wire.sent = []
    world.shake()
    assert world.secured == [8]


def test_only_a_validated_source_reaches_dtls(loop: VirtualTimeLoop) -> None:
    """Advisory 15: a ClientHello that is faster than the browser's own must not take the call."""
    world = World(loop)
    world.agree()
    world.path.receive(world.browser.check(), HERE)
    world.wire.sent.clear()
    attacker = BrowserSide(NAMES, client=True)
    attacker.handshake.start()
    for data in attacker.handshake.datagrams():
        world.path.receive(data, ELSEWHERE)
    assert world.wire.sent == []
    world.shake()
    assert world.secured == [8]


def test_a_wrong_certificate_ends_the_path(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.agree(("sha-256", bytes(32)))
    world.path.receive(world.browser.check(), HERE)
    world.shake()
    assert world.secured == []
    assert len(world.failed) == 1
    assert "sha-256" in world.failed[0]
    assert world.wire.keys == []


def test_the_strongest_fingerprint_counts(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.path.agree(DtlsKeys((own_fingerprint(), ("sha-512", bytes(64))), False, NAMES), None, "")
    world.path.receive(world.browser.check(), HERE)
    world.shake()
    assert "sha-512" in world.failed[0]


def test_lost_flights_are_repeated(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.agree()
    world.path.receive(world.browser.check(), HERE)
    world.wire.sent.clear()
    world.browser.handshake.start()
    for data in world.browser.handshake.datagrams():
        world.path.receive(data, HERE)
    first, world.wire.sent = world.wire.sent, []
    assert first  # ServerHello and the rest, lost on their way
    assert world.path._timer is not None


def test_no_handshake_in_time_fails(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.agree()

    async def wait() -> None:
        await asyncio.sleep(HANDSHAKE_S + 1)

    loop.run_until_complete(wait())
    assert len(world.failed) == 1
    assert "handshake" in world.failed[0]


def test_checks_that_stop_end_the_call(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.agree()
    world.path.receive(world.browser.check(), HERE)
    world.shake()

    async def live() -> None:
        for _ in range(30):
            await asyncio.sleep(5)
            world.path.receive(world.browser.check(), HERE)
        assert world.failed == []
        # RFC 7675 section 5.1: nothing is sent 30 s after the last check, and until then everything is.
        await asyncio.sleep(CONSENT_S - 0.1)
        assert world.failed == []
        await asyncio.sleep(0.2)

    loop.run_until_complete(live())
    assert len(world.failed) == 1
    assert "ICE checks" in world.failed[0]


def test_the_same_agreement_keeps_the_keys_and_a_new_fingerprint_shakes_again(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.agree()
    world.path.receive(world.browser.check(), HERE)
    world.shake()
    world.agree()  # hold, for instance
    assert world.secured == [8]
    world.path.agree(DtlsKeys((("sha-1", bytes(20)), own_fingerprint()), False, NAMES), None, "")
    world.browser = BrowserSide(NAMES, client=True)
    world.shake()
    assert world.secured == [8, 8]
    assert len({keys[1] for keys in world.wire.keys}) == 2


def test_without_ice_the_description_and_the_signalling_say_who_may(loop: VirtualTimeLoop) -> None:
    for source, may in ((HERE, True), (("198.51.100.9", 5), True), (ELSEWHERE, False)):
        world = World(loop, ice=False)
        world.agree()
        world.shake(source)
        assert bool(world.secured) is may
        world.path.close()


def test_the_browser_moves(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.agree()
    world.path.receive(world.browser.check(), HERE)
    world.shake()

    async def later() -> None:
        await asyncio.sleep(10)

    loop.run_until_complete(later())
    world.path.receive(world.browser.check(), ELSEWHERE)
    assert world.wire.latched == [HERE, ELSEWHERE]
    assert world.secured == [8]


def test_garbage_from_the_validated_source_ends_nothing_before_its_hello(loop: VirtualTimeLoop) -> None:
    if not entries("dtls"):
        pytest.skip("the corpus is not here")
    for entry in entries("dtls", "stun"):
        world = World(loop)
        world.agree()
        world.path.receive(world.browser.check(), HERE)
        for _ in range(3):
            world.path.receive(entry.data, HERE)
            world.path.receive(entry.data, ELSEWHERE)
        assert world.wire.keys == []
        world.path.close()


def test_nothing_after_close(loop: VirtualTimeLoop) -> None:
    world = World(loop)
    world.agree()
    world.path.close()
    world.path.receive(world.browser.check(), HERE)
    assert world.wire.sent == []
    assert world.failed == []

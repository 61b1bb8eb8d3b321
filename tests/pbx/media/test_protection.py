"""Encrypted media of sessions over the real media threads: keys from SDP and from a handshake; what is loaded late, and
refused where it cannot be done.
"""

from __future__ import annotations

import asyncio
import builtins
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pbx.config import Media
from pbx.events import EventBus
from pbx.media.engine import MediaEngine
from pbx.media.protection import Protection
from pbx.sdp.offer_answer import MediaSettings, NotAcceptable, make_offer
from pbx.sdp.security import DtlsKeys, IceNames, MediaSecurity, Security, SrtpKeys
from tests.support.dtls_peer import BrowserSide, own_fingerprint
from tests.support.rtp_phone import rtp
from tests.support.srtp_phone import SecurePhone, keys

wire = pytest.importorskip("core.engine.engine", reason="build the core first")


@pytest.fixture
async def engine() -> AsyncIterator[MediaEngine]:
    local_ip = f"127.13.{os.getpid() % 250}.9"
    core = wire.Engine(workers=1, port_min=20000, port_max=20999, max_streams=64, realtime=False)
    made = MediaEngine(core, Media(listen=local_ip, latch="strict", rtp_timeout_s=0), bus=EventBus())
    made.start()
    yield made
    made.stop()


def settings(remote: tuple[str, int], security: Security | None) -> MediaSettings:
    return MediaSettings(remote[0], remote[1], 0, True, 0, 0, 101, 20, True, True, "PCMU", security=security)


async def receive(phone: SecurePhone) -> bytes:
    """The next datagram but for reports, while the event loop goes on."""
    phone.socket.setblocking(False)
    async with asyncio.timeout(20):
        while True:
            try:
                data = phone.socket.recv(4096)
                if data[0] < 128 or not 192 <= data[1] <= 223:
                    return data
            except BlockingIOError:
                await asyncio.sleep(0.005)


async def test_keys_of_sdp_reach_the_media_thread(engine: MediaEngine) -> None:
    ours, theirs = keys(7)
    phone = SecurePhone("127.13.0.1", 7, ours, theirs)
    session = engine.open()
    told: list[tuple[str, str]] = []
    session.on_secured = lambda method, suite: told.append((method, suite))
    agreed = settings((phone.ip, phone.port), SrtpKeys("AEAD_AES_128_GCM", 7, theirs, ours))
    session.configure(agreed)
    session.configure(agreed)  # a re-INVITE says the same
    session.echo(True)
    phone.far = (session.local_ip, session.local_port)
    data = b""
    while not data:  # what comes before the echo is on is heard and not sent back
        phone.raw(phone.sealed(b"\x21" * 160))
        try:
            async with asyncio.timeout(0.1):
                data = await receive(phone)
        except TimeoutError:
            continue
    assert phone.inbound.unprotect(data)[12:13] == b"\x21"
    assert told == [("sdes", "AEAD_AES_128_GCM")]
    assert engine.protection.secured == {"sdes": 1, "dtls": 0}
    phone.close()


async def test_a_browser_gets_keys_over_the_socket_of_its_media(engine: MediaEngine) -> None:
    names = IceNames("ours", "our-password-of-22-chars", "theirs", "their-password-of-22-ch")
    browser = BrowserSide(names, client=True)
    session = engine.open()
    told: list[tuple[str, str]] = []
    secured = asyncio.Event()
    session.on_secured = lambda method, suite: (told.append((method, suite)), secured.set())[0]
    session.configure(settings(("", 0), DtlsKeys((own_fingerprint(),), False, names)))
    session.echo(True)
    phone = SecurePhone("127.13.0.2", 1, *keys(1))
    phone.far = (session.local_ip, session.local_port)
    phone.raw(browser.check())
    assert browser.answered(await receive(phone)) == (phone.ip, phone.port)
    browser.handshake.start()
    while browser.keys is None:
        for data in browser.handshake.datagrams():
            phone.raw(data)
        browser.handshake.receive(await receive(phone))
    for data in browser.handshake.datagrams():
        phone.raw(data)
    async with asyncio.timeout(20):
        await secured.wait()
    assert told == [("dtls", "AEAD_AES_256_GCM")]
    phone.rekey(8, browser.keys.key_in, browser.keys.key_out)
    phone.raw(rtp(1, 0, b"\x11" * 160))  # in the clear: not heard
    phone.raw(phone.sealed(b"\x22" * 160))
    data = await receive(phone)
    while data[0] < 128:
        data = await receive(phone)
    assert phone.inbound.unprotect(data)[12:13] == b"\x22"
    assert engine.protection.paths == 1
    session.close()
    assert engine.protection.paths == 0
    phone.close()


async def test_a_failed_handshake_is_told_once(engine: MediaEngine) -> None:
    names = IceNames("ours", "our-password-of-22-chars", "theirs", "their-password-of-22-ch")
    session = engine.open()
    why: list[str] = []
    session.on_insecure = why.append
    session.configure(settings(("", 0), DtlsKeys((("sha-256", bytes(32)),), False, names)))
    browser = BrowserSide(names, client=True)
    phone = SecurePhone("127.13.0.3", 1, *keys(1))
    phone.far = (session.local_ip, session.local_port)
    phone.raw(browser.check())
    await receive(phone)
    browser.handshake.start()
    while not why:
        for data in browser.handshake.datagrams():
            phone.raw(data)
        try:
            async with asyncio.timeout(0.05):
                browser.handshake.receive(await receive(phone))
        except TimeoutError:
            continue
    assert "sha-256" in why[0]
    assert engine.protection.failed_handshakes == 1
    phone.close()


def test_what_cannot_be_loaded_gives_488_and_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = builtins.__import__

    def broken(name: str, *args: Any, **more: Any) -> Any:
        if name == "pylibsrtp" or name.startswith("pbx.media.webrtc"):
            raise ImportError("libcrypto.so.9: cannot open shared object file")
        return original(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", broken)
    protection = Protection(None)  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        for policy in ("sdes", "dtls", "optional"):
            for _ in range(3):
                with pytest.raises(NotAcceptable) as caught:
                    make_offer("192.0.2.1", 4000, session_id=1, version=1, security=MediaSecurity(policy, protection))
                assert caught.value.status == 488
    assert [record.message for record in caplog.records if "libcrypto.so.9" in record.message]
    assert len(caplog.records) == 1


def test_a_server_without_encrypted_calls_loads_nothing_for_them() -> None:
    script = (
        "import sys, pbx.app.pbx, pbx.media.protection\n"
        "print([name for name in ('OpenSSL', 'pylibsrtp', 'av', 'aiortc', 'pbx.media.webrtc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"

"""SIGHUP on the running PBX: a new certificate for new connections, and nothing for those that are open."""

from __future__ import annotations

import os
import signal
import socket
import ssl

from pbx.cli.certificate import write_certificate
from tests.integration.conftest import House

OPTIONS = (
    "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK{0}\r\nMax-Forwards: 70\r\nFrom: <sip:a@a>;tag=f\r\n"
    "To: <sip:b@b>\r\nCall-ID: {0}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def connect(house: House, port: int, host: int) -> ssl.SSLSocket:
    """Verified by the certificate that is in the file now."""
    context = ssl.create_default_context(cafile=str(house.certificate))
    plug = socket.create_connection((house.host(1), port), 5, (house.host(host), 0))
    return context.wrap_socket(plug, server_hostname=house.host(1))


def answers(plug: ssl.SSLSocket, number: int) -> bool:
    plug.sendall(OPTIONS.format(f"reload{number}").encode())
    return plug.recv(4096).startswith(b"SIP/2.0 200")


def test_sighup_reads_the_certificate_again(house: House) -> None:
    with connect(house, 5061, 131) as old:
        assert answers(old, 1)
        before = old.getpeercert(binary_form=True)
        write_certificate(house.certificate.parent, [house.host(1)], 60, force=True)
        read = house.log().count("certificate read")
        os.kill(house.process.process.pid, signal.SIGHUP)
        house.until(lambda: house.log().count("certificate read") > read, "read again")
        for port in (5061, 8443):
            with connect(house, port, 132) as new:
                assert new.getpeercert(binary_form=True) != before
        assert answers(old, 2)


def test_sighup_with_files_that_cannot_be_used_changes_nothing(house: House) -> None:
    key = house.certificate.with_name("key.pem")
    good = key.read_bytes()
    try:
        key.write_text("garbage")
        os.kill(house.process.process.pid, signal.SIGHUP)
        house.until(
            lambda: any(alarm["name"] == "certificate_unusable" for alarm in house.process.control.get("/alarms")),
            "told",
        )
        with connect(house, 5061, 133) as plug:
            assert answers(plug, 3)
    finally:
        key.write_bytes(good)
    answer = house.process.control.request("POST", "/certificates/reload")
    assert answer["expires_s"] > 0
    assert not house.process.control.get("/alarms")

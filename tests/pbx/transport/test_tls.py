"""SIP over TLS: calls, names and authorities, client certificates, reload, slow handshakes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl

import pytest

from pbx.config import Sip, Tls
from pbx.sip.address import Destination, Security
from pbx.transport import acceptor
from pbx.transport.base import ListenError
from pbx.transport.driver import Driver
from pbx.transport.tls import CertificateError, Certificates
from tests.pbx.transport.test_driver import Node, until
from tests.pbx.transport.test_tcp import options
from tests.support.certificates import Authority
from tests.support.sip_pair import SDP


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


class TlsNode(Node):
    """A node that listens on TLS, certified for its own address unless `names` says for what."""

    def __init__(self, authority, names=(), tls=None, **config):
        super().__init__(**config)
        certificate, key = authority.certify(*(names or (self.host,)), file=self.host)
        settings = Tls(certificate=certificate, key=key, **{"ca": authority.ca, **(tls or {})})
        self.driver = Driver(Sip(listen=[f"tls:{self.host}:0"], **config), self.recorder, settings)
        self.ua = self.driver.user_agent

    async def __aenter__(self):
        await self.driver.start()
        self.port = self.driver.listening[0].port
        return self

    def to(self, transport="tls", security=None):
        return Destination("tls", self.host, self.port, None, security)

    def call(self, other, security=None):
        return self.ua.invite(
            uri=f"sip:600@{other.host}:{other.port};transport=tls",
            destination=other.to("tls", security),
            from_=f"<sip:101@{self.host}>",
            to=f"<sip:600@{other.host}>",
            contact_user="101",
            observer=self.recorder,
            body=SDP,
        )

    @property
    def stats(self):
        return self.driver.stats.tls


async def connect(node, authority, client=None, **more):
    """A client that verifies the node."""
    context = ssl.create_default_context(cafile=authority.ca)
    if client is not None:
        context.load_cert_chain(*client)
    for name, value in more.items():
        setattr(context, name, value)
    return await asyncio.open_connection(node.host, node.port, ssl=context)


async def answered(reader, writer, branch="z9hG4bKa"):
    """Whether an OPTIONS on this connection is answered."""
    writer.write(options(branch=branch).replace(b"SIP/2.0/TCP", b"SIP/2.0/TLS"))
    return (await asyncio.wait_for(reader.read(4096), 30)).startswith(b"SIP/2.0 200")


async def shut(writer):
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _lets_in(node, authority, client):
    """TLS 1.3 tells a client only after its handshake that it was refused."""
    try:
        reader, writer = await connect(node, authority, client)
    except OSError:
        return False
    try:
        return await answered(reader, writer)
    except OSError:
        return False
    finally:
        await shut(writer)


@pytest.mark.parametrize("who", ["caller", "callee"])
async def test_a_call_over_tls(authority, who):
    async with TlsNode(authority) as alice, TlsNode(authority) as bob:
        session = alice.call(bob)
        await until(lambda: "established" in bob.recorder.names() and session.state == "confirmed")
        invite = bob.recorder.sessions[0].source
        assert invite.transport == "tls"
        (session if who == "caller" else bob.recorder.sessions[0]).bye()
        await until(lambda: not alice.ua.sessions and not bob.ua.sessions)
        assert alice.driver.connections == bob.driver.connections == 1, "one connection carried it all"


@pytest.mark.parametrize(
    ("names", "security", "reached"),
    [
        ((), None, True),
        (("carrier.example",), None, False),
        (("carrier.example",), Security("carrier.example"), True),
        (("carrier.example",), Security("other.example"), False),
        (("carrier.example",), Security("other.example", verify=False), True),
    ],
    ids=["address", "another name", "right name", "wrong name", "unverified"],
)
async def test_the_name_in_the_certificate_counts(authority, names, security, reached):
    async with TlsNode(authority) as alice, TlsNode(authority, names) as bob:
        session = alice.call(bob, security)
        if reached:
            await until(lambda: session.state == "confirmed")
        else:
            await until(lambda: ("failure", 503) in alice.recorder.events)
            assert alice.stats.handshake_failures == 1
            assert not bob.recorder.sessions


async def test_an_unknown_authority_is_not_believed(authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    async with TlsNode(authority) as alice, TlsNode(other) as bob:
        alice.call(bob)
        await until(lambda: ("failure", 503) in alice.recorder.events)


async def test_connections_with_different_demands_are_not_mixed(authority):
    async with TlsNode(authority) as alice, TlsNode(authority, ("b.example",)) as bob:
        first = alice.call(bob, Security("b.example", verify=False))
        await until(lambda: first.state == "confirmed")
        alice.call(bob, Security("wrong.example"))
        await until(lambda: ("failure", 503) in alice.recorder.events)


async def test_client_certificates_when_required(authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    tls = {"client_certificates": "required", "client_ca": authority.ca}
    async with TlsNode(authority, tls=tls) as node:
        reader, writer = await connect(node, authority, authority.certify("carrier.example"))
        assert await answered(reader, writer)
        flow = node.recorder.requests[0].source.flow
        assert ("DNS", "carrier.example") in flow.certificate["subjectAltName"]
        await shut(writer)
        for client in (None, other.certify("carrier.example")):
            assert not await _lets_in(node, authority, client)
        await until(lambda: node.stats.handshake_failures == 2 and not node.driver.connections)


async def test_a_client_certificate_is_optional(authority):
    async with TlsNode(authority, tls={"client_certificates": "optional", "client_ca": authority.ca}) as node:
        reader, writer = await connect(node, authority)
        assert await answered(reader, writer)
        assert node.recorder.requests[0].source.flow.certificate is None
        await shut(writer)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_are_refused(authority):
    async with TlsNode(authority) as node:
        with pytest.raises(OSError):  # noqa: PT011
            await connect(node, authority, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
    async with TlsNode(authority, tls={"minimum_version": "1.3"}) as node:
        with pytest.raises(OSError):  # noqa: PT011
            await connect(node, authority, maximum_version=ssl.TLSVersion.TLSv1_2)


async def test_a_reload_gives_new_connections_the_new_certificate_and_leaves_the_old_ones(authority):
    async with TlsNode(authority) as node:
        reader, writer = await connect(node, authority)
        before = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
        authority.certify(node.host, file=node.host)
        assert node.driver.certificates.changed
        node.driver.certificates.load()
        assert not node.driver.certificates.changed
        reader2, writer2 = await connect(node, authority)
        assert writer2.get_extra_info("ssl_object").getpeercert()["serialNumber"] != before
        assert await answered(reader, writer)
        assert await answered(reader2, writer2, "z9hG4bKb")
        await shut(writer)
        await shut(writer2)


async def test_a_reload_takes_another_client_authority(authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    trusted = tmp_path / "clients.pem"
    shutil.copy(authority.ca, trusted)
    tls = {"client_certificates": "required", "client_ca": str(trusted)}
    async with TlsNode(authority, tls=tls) as node:
        shutil.copy(other.ca, trusted)
        node.driver.certificates.load()
        reader, writer = await connect(node, authority, other.certify("carrier.example"))
        assert await answered(reader, writer)
        await shut(writer)


@pytest.mark.parametrize("fault", ["missing", "garbage", "another key"])
async def test_files_that_cannot_be_used_change_nothing(authority, fault):
    async with TlsNode(authority) as node:
        certificates = node.driver.certificates
        path = f"{authority.folder}/{node.host}.key"
        if fault == "missing":
            (authority.folder / f"{node.host}.key").unlink()
        elif fault == "garbage":
            (authority.folder / f"{node.host}.key").write_text("no key")
        else:
            shutil.copy(authority.certify("x.example")[1], path)
        with pytest.raises(CertificateError) as error:
            certificates.load()
        assert node.host in str(error.value)
        reader, writer = await connect(node, authority)
        assert await answered(reader, writer)
        await shut(writer)


async def test_listening_without_a_certificate_says_what_to_do():
    with pytest.raises(ListenError, match=r"tls\.certificate"):
        await Driver(Sip(listen=["tls:127.0.0.1:0"])).start()


async def test_handshakes_that_never_end_are_counted_and_closed(authority, monkeypatch):
    monkeypatch.setattr(acceptor, "HANDSHAKE_S", 0.3)
    async with TlsNode(authority, max_connections_per_source=5) as node:
        silent = [await asyncio.open_connection(node.host, node.port) for _ in range(5)]
        await until(lambda: node.driver._connections._held == 5)
        reader, writer = await asyncio.open_connection(node.host, node.port)
        assert await asyncio.wait_for(reader.read(), 5) == b"", "the sixth is refused at once"
        assert node.stats.connections_refused == 1
        await shut(writer)
        for reader, writer in silent:
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 30)
            await shut(writer)
        assert node.stats.handshake_failures == 5
        reader, writer = await connect(node, authority)
        assert await answered(reader, writer)
        await shut(writer)


async def test_garbage_instead_of_a_handshake(authority):
    async with TlsNode(authority) as node:
        reader, writer = await asyncio.open_connection(node.host, node.port)
        writer.write(options())
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 30)
        await until(lambda: node.stats.handshake_failures == 1 and not node.driver._connections._held)
        await shut(writer)


def test_what_expires_when(authority):
    certificate, key = authority.certify("a.example", days=3)
    certificates = Certificates(Tls(certificate=certificate, key=key))
    certificates.load()
    assert "a.example" in certificates.subject
    assert certificates.expires_at > 0

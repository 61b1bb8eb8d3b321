"""The certificate in step with its files: alarms before its end, and when its files cannot be used."""

from __future__ import annotations

import time

import pytest

from pbx.app import certificates as room
from pbx.app.certificates import CertificateKeeper
from pbx.cli.certificate import write_certificate
from pbx.config import Tls
from pbx.events import Alarm, EventBus
from pbx.transport.tls import CertificateError, Certificates, read_certificate
from tests.pbx.transport.test_driver import until
from tests.support.certificates import Authority


class WallClock:
    """Wall time that a test may move."""

    def __init__(self):
        self.ahead_s = 0.0

    def unix(self):
        return time.time() + self.ahead_s

    def monotonic(self):
        return time.monotonic()


@pytest.fixture
def alarms():
    return []


@pytest.fixture
def keep(tmp_path, alarms):
    authority = Authority(tmp_path)
    bus = EventBus(on_error=lambda *_: None)
    bus.subscribe(Alarm, alarms.append)

    def make(days):
        certificate, key = authority.certify("pbx.example", days=days)
        keeper = CertificateKeeper(Certificates(Tls(certificate=certificate, key=key)), bus, WallClock(), 14)
        keeper.authority, keeper.key = authority, tmp_path / "pbx.example.key"
        return keeper

    return make


async def test_an_alarm_before_the_end_and_its_end_with_a_new_certificate(keep, alarms, monkeypatch):
    monkeypatch.setattr(room, "LOOK_S", 0.02)
    keeper = keep(20)
    keeper.reload()
    keeper.start()
    assert not alarms
    keeper._clock.ahead_s = 10 * 86_400
    await until(lambda: alarms)
    assert (alarms[-1].name, alarms[-1].active) == ("certificate_expiry", True)
    assert "10.0 days" in alarms[-1].text
    keeper.authority.certify("pbx.example", days=90)
    await until(lambda: not alarms[-1].active)
    assert keeper.reloads == 2, "the change of the file was noticed"
    keeper.stop()
    assert [alarm.active for alarm in alarms] == [True, False]


async def test_a_certificate_that_has_ended(keep, alarms):
    keep(-1).reload()
    assert "has ended" in alarms[-1].text


async def test_files_that_cannot_be_used_raise_an_alarm_once(keep, alarms, monkeypatch):
    monkeypatch.setattr(room, "LOOK_S", 0.02)
    keeper = keep(90)
    keeper.reload()
    keeper.start()
    good = keeper.key.read_text()
    keeper.key.write_text("garbage")
    await until(lambda: alarms)
    assert (alarms[0].name, alarms[0].active) == ("certificate_unusable", True)
    with pytest.raises(CertificateError):
        keeper.reload()
    keeper.key.write_text(good)
    await until(lambda: not alarms[-1].active)
    keeper.stop()
    assert [alarm.name for alarm in alarms] == ["certificate_unusable"] * 3


def test_a_certificate_for_the_first_days(tmp_path):
    certificate, key = write_certificate(tmp_path / "tls", ["pbx.example", "192.0.2.1", "2001:db8::1"], 30)
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError, match="--force"):
        write_certificate(tmp_path / "tls", ["pbx.example"], 30)
    certificates = Certificates(Tls(certificate=str(certificate), key=str(key), ca=str(certificate)))
    certificates.load()
    assert certificates.subject == "CN=pbx.example"
    assert 29 < (certificates.expires_at - time.time()) / 86_400 < 31
    write_certificate(tmp_path / "tls", ["other.example"], 30, force=True)
    assert certificates.changed
    assert read_certificate(certificate).subject.rfc4514_string() == "CN=other.example"

"""The command line: options anywhere, errors that name the fix, exit statuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pbx.cli import config_first
from pbx.cli.certificate import write_certificate
from pbx.cli.commands import app
from pbx.cli.doctor import examine
from pbx.cli.doctor_media import check_codecs, check_encryption
from pbx.config import Config, Extension
from pbx.config import Media as MediaConfig
from tests.support.dns_server import DnsServer

CONFIG = """\
[server]
data_dir = "{data}"
[sip]
listen = ["udp:127.18.250.1:5060"]
[http]
listen = ""
[[extension]]
number = "101"
secret = "a-long-secret-1"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "centrala.toml"
    path.write_text(CONFIG.format(data=tmp_path / "data"))
    path.chmod(0o600)
    return path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["serve"], ["serve"]),
        (["serve", "-c", "x"], ["--config", "x", "serve"]),
        (["report", "today", "--config=x", "--csv"], ["--config", "x", "report", "today", "--csv"]),
        (["--config"], ["--config"]),
    ],
)
def test_config_may_stand_anywhere(given: list[str], expected: list[str]) -> None:
    assert config_first(given) == expected


def test_check_config(config: Path) -> None:
    status, text = run("--config", str(config), "check-config")
    assert status == 0
    assert "is right: 1 extensions" in text
    config.write_text(config.read_text().replace("secret", "sceret"))
    status, text = run("--config", str(config), "check-config")
    assert status == 2
    assert "did you mean `secret`" in text


@pytest.mark.parametrize("command", [["agents", "list"], ["calls", "list"], ["status"], ["calls", "hangup", "x"]])
def test_without_a_running_pbx_the_remedy_is_named(config: Path, command: list[str]) -> None:
    status, text = run("--config", str(config), *command)
    assert status == 1
    assert "start it with `centrala serve`" in text


def test_reports_need_a_database_and_a_date(config: Path) -> None:
    status, text = run("--config", str(config), "report", "today")
    assert status == 1
    assert "there is no database" in text


def test_doctor_names_a_missing_voice(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Config.model_validate(
        {
            "server": {"data_dir": str(tmp_path)},
            "sip": {"listen": ["udp:127.18.250.2:5060"]},
            "http": {"listen": ""},
            "media": {"listen": "127.18.250.2"},
            "speech": {"voices": {"en": "klingon"}},
        }
    )
    assert examine(settings) == 1
    assert "klingon" in capsys.readouterr().out


def test_doctor_is_content_with_a_free_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listen = {"sip": {"listen": ["udp:127.18.250.3:5060"]}, "http": {"listen": ""}, "media": {"listen": "127.18.250.3"}}
    assert examine(Config.model_validate({"server": {"data_dir": str(tmp_path)}, **listen})) == 0
    assert "PCMA (G.711)" in capsys.readouterr().out


def doctor(tmp_path: Path, host: str, **more: Any) -> Config:
    settings = {"sip": {"listen": [f"udp:{host}:5060"]}, "http": {"listen": ""}, "media": {"listen": host}}
    return Config.model_validate({"server": {"data_dir": str(tmp_path)}, **settings, **more})


def test_doctor_looks_at_the_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate, key = write_certificate(tmp_path / "tls", ["pbx.example"], 90)
    tls = {"certificate": str(certificate), "key": str(key)}
    settings = doctor(tmp_path, "127.18.250.4", tls=tls)
    assert examine(settings) == 0
    out = capsys.readouterr().out
    assert "for pbx.example" in out
    assert "not for sip.domain 'centrala.local'" in out
    key.chmod(0o644)
    assert examine(settings) == 0
    assert "chmod 600" in capsys.readouterr().out
    key.write_text("garbage")
    assert examine(settings) == 1
    assert "centrala certificate" in capsys.readouterr().out


def test_doctor_looks_names_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with DnsServer() as server:
        server.zone("_sip._udp.carrier.example 60 SRV 0 0 5070 a.carrier.example", "a.carrier.example 60 A 192.0.2.7")
        trunks = [{"name": "a", "host": "carrier.example"}, {"name": "b", "host": "10.0.0.1"}]
        settings = doctor(tmp_path, "127.18.250.5", dns={"servers": [server.text]}, trunk=trunks)
        assert examine(settings) == 0
        assert "carrier.example is udp 192.0.2.7:5070" in capsys.readouterr().out
        server.zone("other.example 60 A 192.0.2.7")
        assert examine(settings) == 1
        assert "carrier.example" in capsys.readouterr().out


def test_a_certificate_is_made_and_told_how_to_use(config: Path, tmp_path: Path) -> None:
    arguments = ("--config", str(config), "certificate", "pbx.example", "10.0.0.1", "--folder", str(tmp_path / "made"))
    status, text = run(*arguments)
    assert status == 0
    assert "[tls]" in text
    assert (tmp_path / "made" / "key.pem").stat().st_mode & 0o777 == 0o600
    status, _ = run(*arguments)
    assert status == 1, "what is there is kept"
    assert run(*arguments, "--force")[0] == 0


def test_a_certificate_is_made_where_the_configuration_names_it_already(tmp_path: Path) -> None:
    path, folder = tmp_path / "centrala.toml", tmp_path / "data" / "tls"
    secure = CONFIG.format(data=tmp_path / "data").replace("udp:127.18.250.1:5060", "tls:127.18.250.1:5061")
    path.write_text(f'{secure}[tls]\ncertificate = "{folder}/certificate.pem"\nkey = "{folder}/key.pem"\n')
    path.chmod(0o600)
    status, text = run("--config", str(path), "check-config")
    assert (status, "`centrala certificate`" in text) == (2, True)
    assert run("--config", str(path), "certificate")[0] == 0
    assert run("--config", str(path), "check-config")[0] == 0


@pytest.mark.parametrize("name", ["Zarząd", "two words", "line\nbreak"])
def test_names_of_any_letters_can_be_asked_for(config: Path, name: str) -> None:
    status, text = run("--config", str(config), "room", "lock", name)
    assert (status, "no PBX is running here" in text) == (1, True)


@pytest.mark.parametrize("codec", ["PCMA", "PCMU", "G722", "opus", "L16"])
def test_doctor_hears_a_tone_through_each_codec(codec: str) -> None:
    (finding,) = check_codecs(Config(media=MediaConfig(codecs=[codec])))  # type: ignore[list-item]
    assert finding.level == "good", finding.text


def test_doctor_looks_at_encryption_only_where_it_is_asked_for() -> None:
    assert list(check_encryption(Config())) == []
    secured = Config(extension=[Extension(number="101", secret="x", media_encryption="dtls")])
    assert [finding.level for finding in check_encryption(secured)] == ["good", "good"]

"""A wrong file is refused with its line, key and remedy; a right one is loaded with the environment over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.config import Config
from pbx.configfile import ConfigError, load
from pbx.configfile.check_network import check_speech_and_store
from pbx.configfile.lines import key_lines

GOOD = """\
[server]
name = "test"

[[extension]]
number = "101"
secret = "a-long-secret-1"

[[extension]]
number = "102"
secret = "a-long-secret-2"

[[agent]]
extension = "101"

[[queue]]
name = "sales"
agents = ["101", "102"]

[[number]]
number = "600"
application = "queue:sales"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "centrala.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def refuse(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text), environment or {})
    return str(caught.value)


def test_good_file(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, GOOD), {})
    assert loaded.config.queue[0].agents == ["101", "102"]
    assert loaded.warnings == []


def test_environment_goes_over_the_file(tmp_path: Path) -> None:
    environment = {"CENTRALA_SERVER__NAME": "other", "CENTRALA_SIP__LISTEN": '["udp:127.0.0.1:0"]', "PATH": "/bin"}
    config = load(write(tmp_path, GOOD), environment).config
    assert config.server.name == "other"
    assert config.sip.listen == ["udp:127.0.0.1:0"]
    assert config.extension[1].number == "102"


def test_wrong_variable_is_named(tmp_path: Path) -> None:
    assert "CENTRALA_SIP__T1_MS: sip.t1_ms: 'soon'" in refuse(tmp_path, GOOD, {"CENTRALA_SIP__T1_MS": "soon"})
    assert "CENTRALA_SPI__T1_MS: no such section" in refuse(tmp_path, GOOD, {"CENTRALA_SPI__T1_MS": "5"})
    assert "did you mean `t1_ms`" in refuse(tmp_path, GOOD, {"CENTRALA_SIP__T1_SM": "5"})
    assert "JSON" in refuse(tmp_path, GOOD, {"CENTRALA_SIP__LISTEN": "[udp"})


def test_readable_by_others_is_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.chmod(0o644)
    (warning,) = load(path, {}).warnings
    assert "chmod 600" in str(warning)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('name = "test"', 'nmae = "test"', 2, "server.nmae: is not a known key; did you mean `name`?"),
        ('name = "test"', "name = 5", 2, "put it in quotes"),
        ('name = "test"', 'name = "test', 2, "is not TOML"),
        ('name = "test"', 'name = "test"\nlog_level = "loud"', 3, "write one of 'debug', 'info'"),
        ('name = "test"', 'name = "test"\ntimezone = "Europe/Warszawa"', 3, "is no time zone"),
        (
            "[server]",
            "[sip]\nlisten = [\n  'udp:127.0.0.1:5060',\n  'upd:127.0.0.1:5061']\n[server]",
            2,
            "no transport",
        ),
        (
            "[server]",
            "[media]\nport_min = 5000\nport_max = 5100\n[sip]\nlisten = ['udp:0.0.0.0:5060']\n[server]",
            5,
            "RTP",
        ),
        ("[server]", "[media]\nport_min = 30001\n[server]", 0, "must be above port_min"),
        ('number = "102"', 'number = "101"', 9, "already used by extension[0]"),
        ('extension = "101"', 'extension = "110"', 13, "agent[0].extension: '110' is no extension; did you mean '10"),
        ('agents = ["101", "102"]', 'agents = ["101", "7"]', 17, "queue[0].agents[1]: '7' is no extension"),
        ('agents = ["101", "102"]', 'agents = ["101", "101"]', 17, "2 times"),
        ("queue:sales", "queue:sale", 21, "did you mean 'sales'?"),
        ("queue:sales", "sales", 21, 'write "flow:NAME"'),
        ('number = "600"', 'number = "101"', 20, "could mean either"),
        ('number = "600"', 'number = "*43"', 0, "features.echo: '*43' is also number[0]"),
        ("[[agent]]", "[[trunk]]\nname = 't'\npeers = ['10.0.0.300']\n[[agent]]", 14, "write an address or a network"),
        ("[[agent]]", "[[trunk]]\nname = 't'\n[[agent]]", 12, "neither peers nor a host"),
        ("[[agent]]", "[[hours]]\nname = 'h'\nmon = ['9-17']\n[[agent]]", 14, "no span of a day"),
        ("[[agent]]", "[[flow]]\nname = 'f'\n[[agent]]", 12, "neither blocks nor python"),
        ('secret = "a-long-secret-1"', "", 4, "extension[0].secret: is missing"),
    ],
)
def test_refused_with_line_key_and_remedy(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    text = refuse(tmp_path, GOOD.replace(old, new, 1))
    assert words in text
    assert f"centrala.toml:{line}:" in text if line else "centrala.toml:" in text


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    assert "5551234" not in refuse(tmp_path, GOOD.replace('"a-long-secret-1"', "5551234"))
    gateway = '[[sms.gateway]]\nname = "a"\nkind = "smsapi"\n'
    engine = '[[speech.engine]]\nname = "a"\nkind = "http"\nurl = "http://a/"\n[speech.engine.headers]\n'
    for table in (f"{gateway}token", f"{gateway}callback_secret", f"{engine}authorization", "[http.secrets]\ncrm"):
        told = refuse(tmp_path, f"{GOOD}\n{table} = 5551234\n")
        assert "is not accepted" in told
        assert "5551234" not in told


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("queue:sales", "queue:none").replace('extension = "101"', 'extension = "7"')
    assert len(refuse(tmp_path, text).splitlines()) == 2


def test_lines_of_nested_tables_and_long_values() -> None:
    text = (
        'a = """\n[no]\nx = 1\n"""\n'  # 1
        "[[flow]]\n"  # 5
        'name = "one" # [[flow]]\n'
        "[flow.block.start]\n"  # 7
        'kind = "say"\n'
        "list = [\n  1, # ]\n  2,\n]\n"  # 9
        "[[flow]]\n"  # 13
        '[flow.block."a b"]\n'
        "kind.sub = 2\n"
    )
    lines = key_lines(text)
    assert lines[("flow", 0, "block", "start", "list")] == 9
    assert lines[("flow", 1, "block", "a b", "kind", "sub")] == 15
    assert ("no",) not in lines


def test_keys_in_open_sip_are_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "pbx.toml"
    extension = '[[extension]]\nnumber = "101"\nsecret = "a-long-secret-of-101"\nmedia_encryption = "sdes"\n'
    path.write_text(extension, encoding="utf-8")
    path.chmod(0o600)
    (warning,) = load(path, {}).warnings
    assert "extension[0].media_encryption" in str(warning)
    path.write_text(extension.replace("sdes", "dtls"), encoding="utf-8")
    assert load(path, {}).warnings == []
    path.write_text(extension.replace("sdes", "open"), encoding="utf-8")
    with pytest.raises(ConfigError, match="media_encryption"):
        load(path, {})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///x.db", ""),
        ("postgresql+psycopg://centrala:secret@db.example/centrala", ""),
        ("mysql://db/centrala", "'mysql' is no supported database"),
        ("postgresql://db/centrala", "'postgresql' is no supported database"),
    ],
)
def test_databases_that_the_documentation_names_are_taken(url: str, words: str) -> None:
    problems = list(check_speech_and_store(Config.model_validate({"store": {"url": url}})))
    assert [problem.text for problem in problems] == ([words] if words else [])

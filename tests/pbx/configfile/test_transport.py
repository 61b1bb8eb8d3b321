"""What the configuration says about transports, certificates and names, refused with key and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.check import cross_check
from pbx.configfile.check_network import split_host_port, split_listen


def problems(**tables: Any) -> list[str]:
    """All that is wrong, as text, with empty tables but these."""
    return [str(problem) for problem in cross_check(Config.model_validate(tables))]


@pytest.fixture
def pem(tmp_path: Any) -> str:
    path = tmp_path / "some.pem"
    path.write_text("")
    return str(path)


def test_nothing_of_it_is_needed() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"sip": {"listen": ["tls:0.0.0.0:5061"]}}, "tls.certificate: is empty, but sip.listen tls:0.0.0.0:5061"),
        ({"http": {"listen_tls": "0.0.0.0:8443"}}, "tls.certificate: is empty, but http.listen_tls"),
        ({"tls": {"certificate": "none.pem", "key": "none.pem"}}, "'none.pem' is no file"),
        ({"tls": {"client_certificates": "required"}}, "tls.client_ca: is empty"),
        ({"sip": {"listen": ["udp:::1:5060"]}}, "brackets: [::1]:5060"),
        ({"sip": {"listen": ["udp:[1.2.3.4]:5060"]}}, "sip.listen[0]"),
        ({"http": {"listen_tls": "localhost:8443"}}, "http.listen_tls"),
        (
            {"sip": {"min_se_s": 300}, "trunk": [{"name": "x", "host": "10.0.0.1", "session_expires_s": 200}]},
            "trunk[0].session_expires_s: 200 is below sip.min_se_s (300); raise it",
        ),
        ({"http": {"websocket_origins": ["phone.example"]}}, "is no origin"),
        ({"http": {"websocket_origins": ["https://phone.example/page"]}}, "is no origin"),
        ({"dns": {"servers": ["ns.example"]}}, "dns.servers[0]: 'ns.example' is no address"),
        ({"dns": {"servers": ["192.0.2.1:0"]}}, "is no address"),
        ({"dns": {"servers": ["[::1"]}}, "is no address"),
        ({"sip": {"service_route": ["sip:edge.example;lr"]}}, "is no loose route"),
        ({"sip": {"service_route": ["<sip:edge.example>"]}}, "is no loose route"),
        (
            {"trunk": [{"name": "t", "host": "10.0.0.1", "certificate_names": ["a.example"]}]},
            "clients are not asked for certificates",
        ),
    ],
)
def test_refused(tables: dict[str, Any], words: str) -> None:
    found = problems(**tables)
    assert any(words in text for text in found), found


def test_certificate_and_key_go_together(pem: str) -> None:
    assert any("tls.key: is empty" in text for text in problems(tls={"certificate": pem}))
    assert any("tls.certificate: is empty" in text for text in problems(tls={"key": pem}))


def test_a_certificate_name_means_one_trunk(pem: str) -> None:
    tls = {"client_certificates": "optional", "client_ca": pem}
    trunks = [{"name": name, "host": "10.0.0.1", "certificate_names": ["a.example"]} for name in ("one", "two")]
    assert any("also a name of trunk 'one'" in text for text in problems(tls=tls, trunk=trunks))
    assert problems(tls=tls, trunk=trunks[:1]) == []


@pytest.mark.parametrize(
    "tables",
    [
        {"sip": {"listen": ["udp:[::]:5060", "udp:0.0.0.0:5060", "tcp:[::1]:5060"]}},
        {"http": {"listen": "[::1]:8080", "websocket_origins": ["https://phone.example:8443", "*"]}},
        {"dns": {"servers": ["192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53"]}},
        {"sip": {"service_route": ["<sip:edge.example;lr>"]}},
        {"sip": {"advertise": "2001:db8::1"}},
    ],
)
def test_accepted(tables: dict[str, Any]) -> None:
    assert problems(**tables) == []


def test_addresses_are_split() -> None:
    assert split_host_port("[::1]:80") == ("::1", 80)
    assert split_listen("tls:[2001:db8::1]:5061") == ("tls", "2001:db8::1", 5061)

"""What may not stand in [http], [api] and [oidc]."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.check_api import check_api

RIGHT = {"issuer": "https://id.example/main", "client_id": "pbx", "roles": {"admins": "admin"}}


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"http": {"trusted_proxies": ["10.0.0.0/8", "proxy.example"]}}, ("http", "trusted_proxies", 1)),
        ({"http": {"trusted_proxies": ["0.0.0.0/0"]}}, ("http", "trusted_proxies", 0)),
        ({"api": {"public_url": "pbx.example"}}, ("api", "public_url")),
        ({"api": {"public_url": "https://pbx.example/panel"}}, ("api", "public_url")),
        ({"oidc": {**RIGHT, "issuer": "http://id.example"}}, ("oidc", "issuer")),
        ({"oidc": {**RIGHT, "client_id": ""}}, ("oidc", "client_id")),
        ({"oidc": {**RIGHT, "roles": {}}}, ("oidc", "roles")),
        ({"oidc": {"local_passwords": False}}, ("oidc", "local_passwords")),
    ],
)
def test_what_is_refused(config: dict[str, Any], path: tuple[str | int, ...]) -> None:
    assert [problem.key for problem in check_api(Config.model_validate(config))] == [path]


def test_what_is_right() -> None:
    for config in (
        {},
        {"http": {"trusted_proxies": ["10.0.0.5", "2001:db8::/32"]}, "api": {"public_url": "https://pbx.example"}},
        {"oidc": RIGHT},
        {"oidc": {**RIGHT, "issuer": "http://127.0.0.1:8081/main", "roles": {}, "default_role": "viewer"}},
    ):
        assert list(check_api(Config.model_validate(config))) == []

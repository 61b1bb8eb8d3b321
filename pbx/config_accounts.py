"""Configuration of accounts: how long sessions last, how passwords are kept, an identity provider."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Section

RoleName = Literal["admin", "supervisor", "agent", "viewer"]


class Accounts(Section):
    session_idle_s: float = Field(default=28_800.0, ge=1)  # without a request the session is over
    session_max_s: float = Field(default=604_800.0, ge=1)  # and after this in any case
    password_min: int = Field(default=12, ge=8, le=64)  # characters
    link_s: float = Field(default=86_400.0, ge=60, le=604_800)  # that a one-time link may be used within
    # argon2id, one lane. OWASP's choice for a server: 19 MiB, two passes.
    argon2_memory_kib: int = Field(default=19_456, ge=8, le=1_048_576)
    argon2_time: int = Field(default=2, ge=1, le=20)
    second_factor: list[RoleName] = []  # roles whose people need a code of an authenticator beside the password
    audit_keep_days: int = Field(default=365, ge=1)


class Oidc(Section):
    """People from an identity provider (OpenID Connect Core 1.0, authorization code with PKCE)."""

    issuer: str = ""  # "https://id.example/realms/main"; "": none
    client_id: str = ""
    client_secret: str = ""  # "": a public client
    scopes: list[str] = ["openid", "profile", "email"]
    name: str = ""  # of the provider, for the button that leads there
    role_claim: str = "groups"  # whose value, or one of whose values, is looked for in roles
    roles: dict[str, RoleName] = {}  # "pbx-admins" = "admin"
    default_role: RoleName | Literal[""] = ""  # for whom no value is found; "": he is refused
    extension_claim: str = ""  # whose value is his phone's number
    local_passwords: bool = True  # False: only the identity provider lets people in, and one-time links

"""Passwords of phones that are written as hashes: well-formed, and of our realm."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.configfile.problem import Problem
from pbx.sip.hashed_secret import hashes_in, is_hashed


def check_secrets(config: Config) -> Iterator[Problem]:
    """What nobody could log in with."""
    for index, extension in enumerate(config.extension):
        if not is_hashed(extension.secret):
            continue
        place, found = ("extension", index, "secret"), hashes_in(extension.secret)
        if found is None:
            yield Problem(place, "is no password in its hashed form", "write the password itself")
        elif found.realm != config.sip.domain:
            text = f"was hashed for the realm {found.realm!r}, and sip.domain is {config.sip.domain!r}"
            yield Problem(place, text, "write the password again, or set sip.domain back")

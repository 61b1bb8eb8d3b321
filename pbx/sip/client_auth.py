"""Answering a challenge (RFC 3261 22.2, 22.3): the header line to add, at most twice for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pbx.sip import digest

if TYPE_CHECKING:
    from pbx.sip.message import Response

MAX_CHALLENGES = 2  # a far end that changes its nonce for ever must not make us send for ever (AST-2020-002)


class ClientCredentials(NamedTuple):
    """What we are known by at a far end, such as a trunk."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"ClientCredentials({self.username!r}, ...)"  # the password must not reach a log


def authorization(
    response: Response, method: str, uri: str, credentials: ClientCredentials | None, sent: int
) -> str | None:
    """The Authorization or Proxy-Authorization line for a 401 or 407; None if it cannot or must not be answered.

    `sent`: how many challenges of this request were answered before.
    """
    if credentials is None or sent >= MAX_CHALLENGES:
        return None
    if response.status == 401:
        challenges, name = response.headers("WWW-Authenticate"), "Authorization"
    elif response.status == 407:
        challenges, name = response.headers("Proxy-Authenticate"), "Proxy-Authorization"
    else:
        return None
    try:
        value = digest.answer(challenges, method, uri, credentials.username, credentials.password, 1)
    except digest.DigestError:  # no challenge in a scheme and algorithm that we speak
        return None
    return f"{name}: {value}"

"""What tells server transactions apart (RFC 3261 section 17.2.3)."""

from __future__ import annotations

from pbx.sip.message import Request
from pbx.sip.parser import parse
from pbx.sip.transaction_layer import server_key


def key(branch: str, call_id: str, sent_by: str = "192.0.2.1") -> str:
    message = parse(
        f"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP {sent_by};branch={branch}\r\nFrom: <sip:c@d>;tag=1\r\n"
        f"To: <sip:a@b>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\n\r\n".encode()
    )
    assert isinstance(message, Request)
    return server_key(message, message.method)


def test_branch_and_sent_by_identify() -> None:
    assert key("z9hG4bK1", "a") == key("z9hG4bK1", "b")
    assert key("z9hG4bK1", "a") != key("z9hG4bK2", "a")
    assert key("z9hG4bK1", "a") != key("z9hG4bK1", "a", "192.0.2.2")


def test_branch_that_is_only_the_cookie_identifies_nothing() -> None:
    """RFC 4475 section 3.2.1: such requests are told apart as those of RFC 2543 are."""
    assert key("z9hG4bK", "a") != key("z9hG4bK", "b")
    assert key("z9hG4bK", "a") == key("z9hG4bK", "a")
    assert key("old", "a") != key("old", "b")

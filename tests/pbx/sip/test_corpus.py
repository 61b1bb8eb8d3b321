"""Every SIP message of the corpus through parser, sanity check, digest and SDP answer: the verdict is right for what
these layers decide, and nothing but SipParseError and SdpError is raised."""

from __future__ import annotations

import pytest

from pbx.clock import VirtualClock
from pbx.sdp.description import SdpError
from pbx.sdp.offer_answer import answer
from pbx.sip.digest import Credentials, DigestVerifier
from pbx.sip.message import Request, Response, SipParseError, response
from pbx.sip.parser import KeepAlive, StreamError, StreamParser, parse
from pbx.sip.sanity import check
from tests.support.corpus import Entry, entries

PASSED = "passed on"  # nothing here refuses it: transactions, dialogs and the call layer decide
IGNORED = "ignored"  # no answer is sent

# What these layers pass on although the final verdict is a refusal, and who refuses it.
DECIDED_ABOVE = {
    "own-state-bye_no_dialog.dat": "481: the dialog table",
    "own-state-info_no_dialog.dat": "481: the dialog table",
    "own-state-update_no_dialog.dat": "481: the dialog table",
    "v6-mult-ip-in-header.dat": "481: the dialog table",
    "own-state-cancel_with_require.dat": "481: the transaction table (Require does not count in CANCEL)",
    "own-auth-register_expires_1.dat": "423: the registrar's shortest interval",
    "own-auth-fromuser_equals_trunk.dat": "401, 403: the call layer identifies by credentials or address only",
    "own-headers-route_open_relay.dat": "a back-to-back user agent never follows a Route",
    "own-headers-replaces_unknown.dat": "481, after authentication: the call layer looks for the dialog",
    "own-state-notify_unsolicited_mwi.dat": "481: we subscribed to nothing",
    "own-state-publish_unauth.dat": "401, 403: the call layer identifies by credentials",
    "own-state-subscribe_unknown_event.dat": "489, after authentication: the presence feature knows the packages",
    "own-headers-via_loop_self.dat": "OPTIONS ends here; nothing is forwarded",
    "own-state-response_1xx_storm_seed.dat": "the transaction table knows no such request: dropped",
    "noreason.dat": "the transaction table knows no such request: dropped",
}
# Final statuses with which the layers above go on when a request is passed on.
PROCESSED = frozenset({180, 183, 200, 401, 403, 404, 407, 480, 481})

MESSAGES = entries("sip", "rfc4475", "rfc5118", "sdp-in-invite")
STREAMS = entries("tcpstream")

needs_corpus = pytest.mark.skipif(not MESSAGES, reason="the shared corpus is not here (CENTRALA_CORPUS)")


def verdict(data: bytes) -> int | str:
    """The status with which a datagram is refused, PASSED or IGNORED."""
    try:
        message = parse(data)
    except SipParseError as error:
        if error.request is None:
            return IGNORED
        return int(response(error.request, error.status, error.reason)[8:11])
    if message is None:
        return IGNORED
    touch(message)
    if isinstance(message, Response):
        return PASSED
    refusal = check(message)
    if refusal is not None:
        return refusal[0]
    if message.method == "INVITE" and message.body and message.content_type == "application/sdp":
        try:
            answer(message.body, "192.0.2.1", 4000, session_id=1, version=1)
        except SdpError as error:
            return error.status
    return PASSED


def touch(message: Request | Response) -> None:
    """Reads everything a layer above may read."""
    assert message.via.branch == message.branch
    assert message.from_.tag == message.from_tag
    assert message.to.tag == message.to_tag
    _ = (message.call_id, message.cseq, message.cseq_method, message.expires, message.contacts, message.content_type)
    for name in message.header_names():
        _ = (message.header(name), message.headers(name), message.values(name), message.raw_lines(name))


@needs_corpus
@pytest.mark.parametrize("entry", MESSAGES, ids=lambda entry: entry.name)
def test_message_gets_the_right_verdict(entry: Entry) -> None:
    got = verdict(entry.data)
    if isinstance(got, int):
        assert got in entry.ok_status, f"{got}: {entry.must}"
    elif got == IGNORED:
        assert entry.silent_ok, f"ignored: {entry.must}"
    elif entry.name not in DECIDED_ABOVE and not entry.fixup_acceptable:
        assert PROCESSED & entry.ok_status or entry.expect == "absorb", f"passed on: {entry.must}"
        assert entry.expect != "reject" or 200 in entry.ok_status, entry.must


@needs_corpus
def test_what_is_left_to_the_layers_above_is_still_passed_on() -> None:
    by_name = {entry.name: entry for entry in MESSAGES}
    for name in DECIDED_ABOVE:
        assert verdict(by_name[name].data) == PASSED, name


@needs_corpus
@pytest.mark.parametrize(
    "entry", [entry for entry in MESSAGES if entry.name.startswith("own-auth-digest")], ids=lambda entry: entry.name
)
def test_bad_credentials_are_never_accepted(entry: Entry) -> None:
    request = parse(entry.data)
    assert isinstance(request, Request)
    verifier = DigestVerifier("example.com", b"0123456789abcdef", VirtualClock())
    known = Credentials.from_password("100", "example.com", "secret")
    for value in request.headers("Authorization"):
        result = verifier.verify(request.method, request.uri, value, "192.0.2.10", lambda _: known)
        assert not result.ok
        assert not result.stale


@needs_corpus
def test_escaped_user_parts_are_unescaped_once_and_after_the_split() -> None:
    by_name = {entry.name: entry for entry in MESSAGES}
    message = parse(by_name["esc01.dat"].data)
    assert isinstance(message, Request)
    from pbx.sip.uri import Uri

    uri = Uri.parse(message.uri)
    assert (uri.user, uri.host) == ("sips:user@example.com", "example.net")
    assert message.to.uri.user == "user"
    contact = message.contacts[0].uri
    assert contact.user == "caller"
    assert contact.params == {"lr": "", "name": "value%41"}


@needs_corpus
def test_header_that_hides_in_folds_and_compact_forms_is_found() -> None:
    by_name = {entry.name: entry for entry in MESSAGES}
    message = parse(by_name["wsinv.dat"].data)
    assert isinstance(message, Request)
    assert (message.cseq, message.cseq_method, message.max_forwards) == (9, "INVITE", 68)
    assert (message.to_tag, message.from_tag, message.branch) == ("1918181833n", "98asjd8", "390skdjuw")
    assert len(message.values("Via")) == 3
    assert message.from_.display == 'J Rosenberg \\"'
    assert message.header("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.header("Subject") == ""
    assert message.contacts[0].params == {"newparam": "newvalue", "secondparam": "", "q": "0.33"}


def run_stream(data: bytes, step: int) -> tuple[list[str], int | None, int]:
    """What came out (methods or statuses), the status of a StreamError, and the bytes still pending."""
    parser = StreamParser()
    out: list[str] = []

    def note(fed: object) -> None:
        if isinstance(fed, SipParseError):
            out.append(str(fed.status))
        elif not isinstance(fed, KeepAlive):
            out.append(fed.method if isinstance(fed, Request) else "response")

    for at in range(0, len(data), step):
        try:
            for fed in parser.feed(data[at : at + step]):
                note(fed)
        except StreamError as error:
            for fed in error.messages:
                note(fed)
            return out, error.error.status, parser.pending
    return out, None, parser.pending


STREAM_VERDICTS = {
    "own-tcpstream-cl_4g_stream.bin": ([], 413),
    "own-tcpstream-cl_bigger_then_silence.bin": ([], None),  # the read deadline closes it
    "own-tcpstream-cl_smaller_then_garbage.bin": (["OPTIONS"], None),  # "defgh" may yet become a method
    "own-tcpstream-garbage_4k.bin": ([], 400),
    "own-tcpstream-header_only_flood_1mb.bin": ([], 513),
    "own-tcpstream-msrp_send.bin": ([], 400),
    "own-tcpstream-smuggled_invite_in_body.bin": (["OPTIONS"], None),
}


@needs_corpus
@pytest.mark.parametrize("step", [1, 7, 1460, 2_000_000])
@pytest.mark.parametrize("entry", STREAMS, ids=lambda entry: entry.name)
def test_stream_is_cut_or_closed(entry: Entry, step: int) -> None:
    if step == 1 and len(entry.data) > 100_000:
        pytest.skip("the limit is reached in the same way with larger steps")
    out, status, pending = run_stream(entry.data, step)
    assert (out, status) == STREAM_VERDICTS[entry.name]
    assert pending <= 65536


@needs_corpus
@pytest.mark.parametrize("step", [1, 100, 2_000])
def test_two_requests_in_one_segment_are_two_on_a_stream(step: int) -> None:
    by_name = {entry.name: entry for entry in MESSAGES}
    out, _, _ = run_stream(by_name["dblreq.dat"].data, step)
    assert out == ["REGISTER", "INVITE"]

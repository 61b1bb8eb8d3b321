"""STUN and the lite side of ICE: the vectors of RFC 5769, checks right and wrong, nomination, consent, garbage."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.stun import message as stun
from pbx.stun.ice_lite import CONSENT_S, MAX_SOURCES, IceLite
from tests.support.corpus import entries

# RFC 5769 section 2.1 and 2.2, password VOkJxbRl1RmTxUk/WvJxBt.
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b1"
    "51263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
RESPONSE_V4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599"
    "fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
RESPONSE_V6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5"
    "bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
HERE = ("192.0.2.7", 40000)


def check(
    agent: IceLite, *extra: tuple[int, bytes], user: str = "", password: str = "", controlling: bool = True
) -> bytes:
    """What a browser sends to that agent."""
    role = stun.ICE_CONTROLLING if controlling else stun.ICE_CONTROLLED
    attributes = [
        (stun.USERNAME, (user or f"{agent.ufrag}:{agent.remote_ufrag}").encode()),
        (stun.PRIORITY, (1853824767).to_bytes(4, "big")),
        (role, bytes(8)),
        *extra,
    ]
    return stun.request(os.urandom(12), attributes, password or agent.password)


@pytest.fixture
def agent() -> IceLite:
    return IceLite("ours", "a-password-of-22-chars", "theirs")


def code(answer: bytes | None) -> int:
    assert answer is not None
    reply = stun.parse(answer)
    assert reply is not None
    assert reply.kind == stun.BINDING_ERROR
    value = reply.attributes[stun.ERROR_CODE]
    return value[2] * 100 + value[3]


def test_vectors_of_rfc_5769() -> None:
    request = stun.parse(REQUEST)
    assert request is not None
    assert request.is_authentic(PASSWORD)
    assert not request.is_authentic(PASSWORD + "x")
    assert request.attributes[stun.USERNAME] == b"evtj:h6vY"
    for data, address in ((RESPONSE_V4, "192.0.2.1"), (RESPONSE_V6, "2001:db8:1234:5678:11:2233:4455:6677")):
        reply = stun.parse(data)
        assert reply is not None
        assert reply.is_authentic(PASSWORD)
        assert stun.mapped_address(reply) == (address, 32853)


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7"])
def test_a_check_is_answered_with_its_source(agent: IceLite, host: str) -> None:
    answer = agent.receive(check(agent), (host, 40000), 1.0)
    assert answer is not None
    reply = stun.parse(answer)
    assert reply is not None
    assert reply.is_authentic(agent.password)
    assert stun.mapped_address(reply) == (host, 40000)
    assert agent.is_valid((host, 40000))
    assert agent.selected is None


def test_only_use_candidate_nominates_and_the_latest_counts(agent: IceLite) -> None:
    agent.receive(check(agent), HERE, 1.0)
    assert agent.selected is None
    agent.receive(check(agent, (stun.USE_CANDIDATE, b"")), HERE, 1.0)
    assert agent.selected == HERE
    agent.receive(check(agent), ("192.0.2.8", 1), 2.0)
    assert agent.selected == HERE
    agent.receive(check(agent, (stun.USE_CANDIDATE, b"")), ("192.0.2.8", 1), 2.0)
    assert agent.selected == ("192.0.2.8", 1)


def test_checks_that_do_not_count(agent: IceLite) -> None:
    assert code(agent.receive(check(agent, password="wrong"), HERE, 1.0)) == 401
    assert code(agent.receive(check(agent, user="other:theirs"), HERE, 1.0)) == 401
    assert code(agent.receive(check(agent, user="ours:somebody"), HERE, 1.0)) == 401
    assert code(agent.receive(check(agent, controlling=False), HERE, 1.0)) == 487
    assert code(agent.receive(check(agent, (0x7FFF, b"????")), HERE, 1.0)) == 420
    bare = stun.request(os.urandom(12), [(stun.USERNAME, b"ours:theirs")], "")
    assert code(agent.receive(bare, HERE, 1.0)) == 400
    assert not agent.is_valid(HERE)
    assert agent.refused == 6


def test_a_changed_octet_is_noticed(agent: IceLite) -> None:
    data = check(agent)
    for at in range(0, len(data), 3):
        broken = bytearray(data)
        broken[at] ^= 0x01
        agent.receive(bytes(broken), HERE, 1.0)
    assert not agent.is_valid(HERE)


def test_consent_is_lost_without_checks(agent: IceLite) -> None:
    assert agent.consented(1000.0)
    agent.receive(check(agent, (stun.USE_CANDIDATE, b"")), HERE, 1.0)
    assert agent.consented(CONSENT_S)
    agent.receive(check(agent), HERE, 20.0)
    assert agent.consented(20.0 + CONSENT_S - 0.1)
    agent.receive(check(agent), ("192.0.2.9", 9), 40.0)  # another source does not speak for the selected one
    assert not agent.consented(20.0 + CONSENT_S)


def test_restart_takes_new_names_and_keeps_the_path(agent: IceLite) -> None:
    agent.receive(check(agent, (stun.USE_CANDIDATE, b"")), HERE, 1.0)
    old = check(agent)
    agent.restart("new", "another-password-of-22", "fresh")
    assert agent.selected == HERE
    assert code(agent.receive(old, HERE, 2.0)) == 401
    agent.receive(check(agent, (stun.USE_CANDIDATE, b"")), ("192.0.2.8", 8), 3.0)
    assert agent.selected == ("192.0.2.8", 8)


def test_sources_are_capped(agent: IceLite) -> None:
    agent.receive(check(agent, (stun.USE_CANDIDATE, b"")), HERE, 1.0)
    for port in range(1, 100):
        agent.receive(check(agent), ("192.0.2.8", port), 1.0 + port)
    assert sum(agent.is_valid(("192.0.2.8", port)) for port in range(1, 100)) == MAX_SOURCES - 1
    assert agent.is_valid(HERE)


def test_indications_and_answers_get_no_answer(agent: IceLite) -> None:
    for kind in (stun.BINDING_INDICATION, stun.BINDING_SUCCESS, stun.BINDING_ERROR):
        data = stun._finish(kind, os.urandom(12), b"", agent.password)
        assert agent.receive(data, HERE, 1.0) is None


def test_corpus_is_survived_and_nothing_of_it_is_believed(agent: IceLite) -> None:
    if not entries("stun"):
        pytest.skip("the corpus is not here")
    for entry in entries("stun", "dtls"):
        agent.receive(entry.data, HERE, 1.0)
    assert not agent.is_valid(HERE)


@given(st.binary(max_size=200), st.integers(0, 120), st.binary(max_size=8))
@settings(max_examples=500, deadline=None)
def test_nothing_is_raised(data: bytes, at: int, change: bytes) -> None:
    agent = IceLite("ours", "a-password-of-22-chars", "theirs")
    good = check(agent)
    for mutant in (data, good[:at] + change + good[at + len(change) :], good[:at], REQUEST[:8] + data):
        agent.receive(mutant, HERE, 1.0)

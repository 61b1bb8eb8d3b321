"""Digest: the published vectors, and that no replay, forgery or foreign use is accepted (security figures R6, R7)."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.clock import VirtualClock
from pbx.sip.digest import (
    MAX_NONCES,
    Credentials,
    DigestError,
    DigestResult,
    DigestVerifier,
    answer,
    digest_response,
    parse_pairs,
)

REALM = "pbx.example"
SOURCE = "192.0.2.1"
URI = "sip:pbx.example"
USERS = {
    "100": Credentials.from_password("100", REALM, "secret"),
    "101": Credentials.from_password("101", REALM, "other"),
}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def verifier(clock: VirtualClock) -> DigestVerifier:
    return DigestVerifier(REALM, b"0123456789abcdef", clock)


def check(
    verifier: DigestVerifier,
    header: str,
    method: str = "REGISTER",
    uri: str = URI,
    source: str = SOURCE,
    lookup: Callable[[str], Credentials | None] = USERS.get,
) -> DigestResult:
    return verifier.verify(method, uri, header, source, lookup)


def credentials(verifier: DigestVerifier, nc: int = 1, challenges: list[str] | None = None, **changes: str) -> str:
    given = {"method": "REGISTER", "uri": URI, "username": "100", "password": "secret", **changes}
    return answer(challenges or verifier.challenge(SOURCE), nc=nc, **given)


def test_vectors_of_rfc_7616() -> None:
    """RFC 7616 section 3.9.1: user Mufasa, both algorithms."""
    secret = Credentials.from_password("Mufasa", "http-auth@example.org", "Circle of Life")
    nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    md5 = digest_response("MD5", secret.ha1_md5, "GET", "/dir/index.html", nonce, "00000001", cnonce)
    sha = digest_response("SHA-256", secret.ha1_sha256, "GET", "/dir/index.html", nonce, "00000001", cnonce)
    assert md5 == "8ca523f5e9506fed4657c9700eebdbec"
    assert sha == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"


def test_vector_without_qop_of_rfc_2069() -> None:
    """RFC 2617 section 3.2.2.1 with the fields of RFC 2069: what an old trunk may ask for."""
    secret = Credentials.from_password("Mufasa", "testrealm@host.com", "CircleOfLife")
    got = digest_response("MD5", secret.ha1_md5, "GET", "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "", "")
    assert got == "1949323746fe6a43ef61f9606e7febea"


def test_challenges(verifier: DigestVerifier) -> None:
    values = verifier.challenge(SOURCE)
    assert [re.search("algorithm=([^,]+)", value)[1] for value in values] == ["MD5", "SHA-256"]  # type: ignore[index]
    assert all('qop="auth"' in value and "stale" not in value for value in values)
    assert all(value.endswith(",stale=true") for value in verifier.challenge(SOURCE, stale=True))
    only = DigestVerifier(REALM, b"0123456789abcdef", VirtualClock(), ["SHA-256"])
    assert len(only.challenge(SOURCE)) == 1


def test_nonces_are_unique(verifier: DigestVerifier) -> None:
    nonces = {parse_pairs(verifier.challenge(SOURCE)[0].partition(" ")[2])["nonce"] for _ in range(5_000)}
    assert len(nonces) == 5_000


@pytest.mark.parametrize("index", [0, 1])
def test_right_password(verifier: DigestVerifier, index: int) -> None:
    header = credentials(verifier, challenges=[verifier.challenge(SOURCE)[index]])
    assert check(verifier, header) == DigestResult(True, username="100")


def test_strongest_algorithm_is_answered(verifier: DigestVerifier) -> None:
    assert "algorithm=SHA-256" in credentials(verifier)


def test_wrong_password_and_unknown_user(verifier: DigestVerifier) -> None:
    assert check(verifier, credentials(verifier, password="wrong")).reason == "password"
    assert check(verifier, credentials(verifier, username="999")).reason == "user"
    assert check(verifier, credentials(verifier), lookup=lambda _: Credentials()).reason == "user"


def test_same_count_is_refused_and_the_next_one_accepted(verifier: DigestVerifier) -> None:
    challenges = verifier.challenge(SOURCE)
    first = credentials(verifier, 1, challenges)
    assert check(verifier, first).ok
    assert check(verifier, first).reason == "replay"
    assert check(verifier, credentials(verifier, 5, challenges)).ok
    assert check(verifier, credentials(verifier, 3, challenges)).ok
    assert check(verifier, credentials(verifier, 3, challenges)).reason == "replay"
    assert check(verifier, credentials(verifier, 200, challenges)).ok
    assert check(verifier, credentials(verifier, 137, challenges)).ok
    assert check(verifier, credentials(verifier, 136, challenges)).reason == "replay"


@pytest.mark.parametrize("changes", [{"method": "INVITE"}, {"uri": "sip:900@pbx.example"}, {"source": "192.0.2.2"}])
def test_captured_credentials_serve_nothing_else(verifier: DigestVerifier, changes: dict[str, str]) -> None:
    assert not check(verifier, credentials(verifier), **changes).ok  # type: ignore[arg-type]


def test_digest_uri_is_compared_as_a_uri(verifier: DigestVerifier) -> None:
    assert check(verifier, credentials(verifier, uri="sip:PBX.example;x=1")).ok
    assert check(verifier, credentials(verifier, uri="not a uri")).reason == "uri"


def test_nonce_belongs_to_one_user(verifier: DigestVerifier) -> None:
    challenges = verifier.challenge(SOURCE)
    assert check(verifier, credentials(verifier, 1, challenges)).ok
    assert (
        check(verifier, credentials(verifier, 2, challenges, username="101", password="other")).reason == "other user"
    )


def test_forged_nonces_are_refused_before_anybody_is_looked_up(verifier: DigestVerifier) -> None:
    def nobody(_: str) -> Credentials | None:
        raise AssertionError("looked up")

    stranger = DigestVerifier(REALM, b"fedcba9876543210", VirtualClock())
    for challenges in (
        stranger.challenge(SOURCE),
        verifier.challenge("192.0.2.9"),
        ['Digest realm="pbx.example",nonce="x",qop="auth"'],
    ):
        assert check(verifier, credentials(verifier, challenges=challenges), lookup=nobody).reason == "nonce"
    good = credentials(verifier)
    nonce = parse_pairs(good.partition(" ")[2])["nonce"]
    for at in range(len(nonce)):
        forged = nonce[:at] + ("0" if nonce[at] != "0" else "1") + nonce[at + 1 :]
        assert check(verifier, good.replace(nonce, forged), lookup=nobody).reason == "nonce"


def test_old_nonce_is_stale_only_for_who_knows_the_password(verifier: DigestVerifier, clock: VirtualClock) -> None:
    challenges = verifier.challenge(SOURCE)
    clock.advance(59)
    assert check(verifier, credentials(verifier, 1, challenges)).ok
    clock.advance(2)
    assert check(verifier, credentials(verifier, 2, challenges)) == DigestResult(False, True, "100", "expired")
    assert check(verifier, credentials(verifier, 2, challenges, password="wrong")).stale is False


def test_nonce_from_the_future_is_refused(verifier: DigestVerifier) -> None:
    later = VirtualClock()
    later.advance(3600)
    ahead = DigestVerifier(REALM, b"0123456789abcdef", later)
    assert check(verifier, credentials(ahead)).reason == "nonce"


@pytest.mark.parametrize(
    ("pattern", "replacement", "reason"),
    [
        (r",qop=auth", "", "qop"),
        (r"qop=auth", "qop=auth-int", "qop"),
        (r"nc=00000001", "nc=1", "nc"),
        (r"nc=00000001", "nc=00000000", "nc"),
        (r"nc=00000001", "nc=0000000g", "nc"),
        (r",cnonce=\"[^\"]*\"", "", "cnonce"),
        (r"algorithm=SHA-256", "algorithm=ROT13", "algorithm"),
        (r"algorithm=SHA-256", "algorithm=MD5", "response"),
        (r",algorithm=SHA-256", "", "response"),
        (r"realm=\"[^\"]*\"", 'realm="other"', "realm"),
        (r"username=\"100\"", 'username=""', "username"),
        (r"response=\"..", 'response="zz', "response"),
        (r"response=\"..", 'response="', "response"),
        (r"^Digest", "Basic", "scheme"),
        (r"^Digest.*", "Digest", "username"),
        (r"$", ',nonce="x"', "syntax"),
        (r"$", "," + "x=y," * 2_000, "syntax"),
        (r"username=\"100\"", 'username="100', "syntax"),
    ],
)
def test_broken_fields(verifier: DigestVerifier, pattern: str, replacement: str, reason: str) -> None:
    header = re.sub(pattern, replacement, credentials(verifier), count=1)
    assert check(verifier, header).reason == reason


def test_algorithm_that_is_switched_off_is_refused() -> None:
    both = DigestVerifier(REALM, b"0123456789abcdef", VirtualClock())
    strong = DigestVerifier(REALM, b"0123456789abcdef", VirtualClock(), ["SHA-256"])
    weak = credentials(both, challenges=[both.challenge(SOURCE)[0]])
    assert check(strong, weak).reason == "algorithm"


def test_memory_is_bounded_and_freed(
    verifier: DigestVerifier, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.sip.digest.MAX_NONCES", 50)
    assert MAX_NONCES == 65536
    for _ in range(50):
        assert check(verifier, credentials(verifier)).ok
    assert check(verifier, credentials(verifier)) == DigestResult(False, True, "100", "full")
    for _ in range(200):
        verifier.challenge(SOURCE)
        check(verifier, credentials(verifier, password="wrong"))
    assert len(verifier._used) == 50
    clock.advance(70)
    assert check(verifier, credentials(verifier)).ok
    for _ in range(20):
        check(verifier, credentials(verifier))
    assert len(verifier._used) < 25


def test_unknown_users_cost_the_time_of_known_ones(verifier: DigestVerifier) -> None:
    def duration(**changes: str) -> float:
        header = credentials(verifier, **changes)
        best = 1.0
        for _ in range(300):
            start = time.thread_time()
            check(verifier, header)
            best = min(best, time.thread_time() - start)
        return best

    assert abs(duration(password="wrong") - duration(username="999")) < 0.001


def test_client_side() -> None:
    with pytest.raises(DigestError):
        answer([], "INVITE", URI, "u", "p")
    with pytest.raises(DigestError):
        answer(
            ["Basic realm=x", 'Digest realm="r",nonce="n",qop="auth-int"', 'Digest realm="r"', 'Digest a="'],
            "INVITE",
            URI,
            "u",
            "p",
        )
    old = answer(['Digest realm="r",nonce="n",opaque="o\\"p"'], "INVITE", URI, 'u"x', "p")
    assert "qop" not in old
    assert parse_pairs(old.partition(" ")[2])["username"] == 'u"x'
    assert parse_pairs(old.partition(" ")[2])["opaque"] == 'o"p'
    assert "nc=0000000a" in answer(['Digest realm="r",nonce="n",qop="auth-int, auth"'], "INVITE", URI, "u", "p", nc=10)


def test_settings_are_checked() -> None:
    clock = VirtualClock()
    for realm, secret, algorithms in (
        ("r", b"short", ["MD5"]),
        ('r"', b"x" * 16, ["MD5"]),
        ("r", b"x" * 16, ["SHA-1"]),
        ("r", b"x" * 16, []),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            DigestVerifier(realm, secret, clock, algorithms)
    assert "secret" not in repr(USERS["100"])
    assert USERS["100"].ha1_md5 not in repr(USERS["100"])


@given(st.text(max_size=80), st.text('Digest ="\\,abnconceqopurireaml', max_size=80))
@settings(max_examples=300, deadline=None)
def test_verify_and_answer_raise_nothing_else(plain: str, nasty: str) -> None:
    verifier = DigestVerifier(REALM, b"0123456789abcdef", VirtualClock())
    good = credentials(verifier)
    for text in (plain, nasty, "Digest " + plain, "Digest " + nasty, good + "," + nasty, good.replace("100", plain, 1)):
        check(verifier, text, uri=plain)
        with contextlib.suppress(DigestError):
            answer([text], plain, nasty, plain, nasty)

"""Who may do what, against the running PBX: digest and replay (R6), guessing and enumeration (R7), toll fraud (R8)."""

from __future__ import annotations

import re
import statistics
import time

import pytest

from pbx.sip import digest
from pbx.sip.message import Response
from tests.integration.bare import Bare, sdp, unique
from tests.integration.conftest import SECRETS, House

MAX_GUESSES = 30
SAME_S = 0.001  # that answer times may differ by
STRANGE = re.compile(
    rb"z9hG4bK\w+|tag=\w+|nonce=\"\w+\"|[tc]\d+x\d+|rport=\d+|received=[\d.]+|127\.[\d.]+|sip:\w+@|:\d{4,5}|<sip:\d+"
)


def challenge_of(phone: Bare, method: str = "REGISTER", user: str = "") -> list[str]:
    uri = f"sip:{user + '@' if user else ''}{phone.pbx[0]}"
    answer = phone.final(phone.message(method, uri, to=phone.me))
    assert answer.status == 401
    return answer.headers("WWW-Authenticate")


def with_credentials(phone: Bare, value: str, method: str = "REGISTER", **more: object) -> Response:
    more.setdefault("to", phone.me)
    uri = str(more.pop("uri", f"sip:{phone.pbx[0]}"))
    return phone.final(phone.message(method, uri, headers=[f"Authorization: {value}"], **more))  # type: ignore[arg-type]


def test_credentials_are_good_once_and_for_one_purpose(house: House) -> None:
    with house.phone("101") as anna, house.phone("102") as bob:
        uri = f"sip:{anna.pbx[0]}"
        value = digest.answer(challenge_of(anna), "REGISTER", uri, "101", anna.secret)
        assert with_credentials(bob, value, to=anna.me, from_=f"{anna.me};tag=x").status == 401, "another source"
        assert with_credentials(anna, value).status == 200
        assert with_credentials(anna, value).status == 401, "the same nonce count"
        value = digest.answer(challenge_of(anna), "REGISTER", uri, "101", anna.secret)
        assert with_credentials(anna, value, to=bob.me).status == 403, "another address of record"
        value = digest.answer(challenge_of(anna), "REGISTER", uri, "101", anna.secret)
        refused = with_credentials(anna, value, "INVITE", uri=f"sip:601@{anna.pbx[0]}", body=sdp(anna.host, 30000))
        assert refused.status in (401, 403), "another method and another target"
        value = digest.answer(challenge_of(anna), "INVITE", uri, "101", anna.secret)
        assert with_credentials(anna, value).status in (401, 403), "made for another method"
        value = digest.answer(challenge_of(anna), "REGISTER", uri, "101", anna.secret)
        assert with_credentials(anna, value, from_=f"{bob.me};tag=x").status == 403, "From is another account"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (r'nonce="\w+"', 'nonce="' + "0" * 56 + '"'),
        (r"qop=auth,nc=\w+,", ""),
        (r"qop=auth,", ""),
        (r"nc=\w+", "nc=00000000"),
        (r"qop=auth,", "qop=auth-int,"),
        (r'realm="[^"]*"', 'realm="elsewhere"'),
        (r"algorithm=[\w-]+", "algorithm=MD5-sess"),
        (r'response="\w+"', 'response=""'),
    ],
)
def test_credentials_that_are_forged_or_incomplete(house: House, wrong: str, right: str) -> None:
    with house.phone("101") as anna:
        value = digest.answer(challenge_of(anna), "REGISTER", f"sip:{anna.pbx[0]}", "101", anna.secret)
        changed = re.sub(wrong, right, value)
        assert changed != value
        assert with_credentials(anna, changed).status in (401, 403)


def test_both_algorithms_and_a_new_nonce_each_time(house: House) -> None:
    with house.phone("101") as anna:
        nonces = set()
        for _ in range(50):
            values = challenge_of(anna)
            assert [value.count("MD5") + 2 * value.count("SHA-256") for value in values] == [1, 2]
            nonces |= set(re.findall(r'nonce="(\w+)"', values[0]))
        assert len(nonces) == 50


def normal(answer: Response) -> bytes:
    """The answer without what differs from message to message."""
    return STRANGE.sub(b"", answer.data)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE"])
def test_a_scan_finds_no_extension(house: House, method: str) -> None:
    """As svwar does it: 500 numbers, each asked for as address of record, as sender and as target."""
    answers: dict[bytes, int] = {}
    times: dict[bool, list[float]] = {True: [], False: []}
    with house.phone("101", host=70) as known:
        known.register()
    with house.phone(host=71) as scanner:
        for round_ in range(5):
            for number in range(101, 201):
                scanner.user = str(number)
                body = sdp(scanner.host, 30000) if method == "INVITE" else b""
                uri = f"sip:{number}@{scanner.pbx[0]}"
                request = scanner.message(method, uri, to=scanner.me, body=body, call_id=unique())
                began = time.perf_counter()
                answer = scanner.final(request)
                times[number <= 108].append(time.perf_counter() - began)
                answers[normal(answer)] = answers.get(normal(answer), 0) + round_
        assert len(answers) == 1, list(answers)[:3]
    difference = abs(statistics.median(times[True]) - statistics.median(times[False]))
    assert difference < SAME_S, f"{difference * 1000:.3f} ms"


def test_wrong_passwords_tell_nothing_either(house: House) -> None:
    """Known account and wrong password, unknown account: one answer, and the same work for it."""
    answers = set()
    times: dict[str, list[float]] = {"102": [], "999": []}
    for n in range(20):
        with house.phone(host=100 + n) as thief:  # an address of its own, so that no limit is reached
            for user in times:
                thief.user = user
                value = digest.answer(challenge_of(thief), "REGISTER", f"sip:{thief.pbx[0]}", user, "wrong")
                began = time.perf_counter()
                answer = with_credentials(thief, value)
                times[user].append(time.perf_counter() - began)
                answers.add(normal(answer))
                assert answer.status == 403
    assert len(answers) == 1, answers
    assert abs(statistics.median(times["102"]) - statistics.median(times["999"])) < SAME_S


def test_guesses_are_limited_and_the_owner_is_not_harmed(house: House) -> None:
    """After 30 wrong passwords nothing from there is judged, not even the right password; elsewhere it is."""
    uri = f"sip:{house.host(1)}"
    with house.phone("104", host=72) as thief:
        for n in range(MAX_GUESSES + 10):
            value = digest.answer(challenge_of(thief), "REGISTER", uri, "104", f"guess-{n}")
            assert with_credentials(thief, value).status == 403
        value = digest.answer(challenge_of(thief), "REGISTER", uri, "104", thief.secret)
        assert with_credentials(thief, value).status == 403, "the 41st guess was right, and was not judged"
    with house.phone("104") as owner:
        assert owner.register().status == 200
        talk = owner.call("601")
        assert talk.status == 200
        assert talk.bye() == 200
        assert owner.register(expires=0).status == 200
    _, metrics = house.process.get("/metrics")
    assert re.search(r"^centrala_sip_wrong_passwords_total [3-9]\d", metrics, re.MULTILINE), "guessing is counted"
    assert any(alarm["name"] == "password_guessing" for alarm in house.process.control.get("/alarms"))
    assert house.host(72) in house.log()
    assert thief.secret not in house.log()


def test_one_phone_may_not_guess_for_another(house: House) -> None:
    """A registered phone is heard though its address has used up its guesses - for its own account only."""
    uri = f"sip:{house.host(1)}"
    with house.phone("103", host=73) as insider:
        assert insider.register().status == 200
        for n in range(MAX_GUESSES + 1):
            value = digest.answer(challenge_of(insider), "REGISTER", uri, "104", f"guess-{n}")
            assert with_credentials(insider, value).status == 403
        value = digest.answer(challenge_of(insider), "REGISTER", uri, "104", SECRETS["104"])
        assert with_credentials(insider, value).status == 403
        assert insider.register(expires=0).status == 200


def test_nobody_unknown_reaches_a_trunk(house: House) -> None:
    """Whatever the sender writes and wherever on this machine it sits: the carrier hears nothing (loopback is a source
    like any other), and neither does the trusted peer reach more than its application.
    """
    with house.phone(host=251, port=5060) as carrier:
        for host in ("", house.host(74), house.host(1)):
            thief = Bare(host or "127.0.0.1", house.host(1))
            with thief:
                for sender in ("101", "carrier", house.host(250), "48221112233"):
                    for header in ("", f"P-Asserted-Identity: <sip:101@{thief.pbx[0]}>", "X-Forwarded-For: 127.0.0.1"):
                        thief.user = sender
                        answer = thief.final(
                            thief.message(
                                "INVITE",
                                f"sip:0048500100200@{thief.pbx[0]}",
                                call_id=unique(),
                                headers=[header] if header else [],
                                body=sdp(thief.host, 30000),
                            )
                        )
                        assert answer.status == 401
        with house.phone(host=250) as peer:
            talk = peer.call("0048500100200")  # spoofed or not: the trunk's application, never a route
            assert talk.status == 200
            assert talk.bye() == 200
        assert carrier.drain() == 0
        with house.phone("101") as anna:  # while an account that may does reach it
            uri, body = f"sip:0500100200@{anna.pbx[0]}", sdp(anna.host, 30000)
            values = anna.final(anna.message("INVITE", uri, call_id="paid", body=body)).headers("WWW-Authenticate")
            value = digest.answer(values, "INVITE", uri, "101", anna.secret)
            headers = [f"Authorization: {value}"]
            anna.send(
                anna.message("INVITE", uri, call_id="paid", cseq=2, headers=headers, body=body, branch="z9hG4bKp")
            )
            invite = carrier.expect("INVITE")
            assert invite.uri == f"sip:0500100200@{carrier.host}"
            carrier.reply(invite, 486)
            carrier.expect("ACK")

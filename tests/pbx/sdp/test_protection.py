"""Encrypted media in offer and answer: SDES, OSRTP, DTLS-SRTP with ICE-lite, what each policy takes and refuses."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sdp.crypto import SUITES, CryptoLine, usable_lines
from pbx.sdp.description import SdpError
from pbx.sdp.offer_answer import MediaSettings, NotAcceptable, answer, make_offer, read_answer
from pbx.sdp.security import DtlsKeys, MediaSecurity, Policy, SrtpKeys
from tests.support.corpus import entries

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
KEY = base64.b64encode(bytes(range(30))).decode()
CRYPTO = f"a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"
PRINT = "sha-256 " + ":".join(["AB"] * 32)
ICE = ("a=ice-ufrag:Abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx")
BROWSER = ("a=group:BUNDLE 0 1",)
TLS_AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 126"
TLS = (f"a=fingerprint:{PRINT}", "a=setup:actpass", *ICE, "a=mid:0", "a=rtcp-mux", "a=rtpmap:126 telephone-event/8000")


@dataclass
class Provider:
    """Cryptography that is there, or not."""

    broken: bool = False

    def load_srtp(self) -> None:
        if self.broken:
            raise OSError("libsrtp does not load")

    def fingerprint(self) -> str:
        self.load_srtp()
        return "sha-256 " + ":".join(["CD"] * 32)


def of(policy: Policy, **more: bool) -> MediaSecurity:
    return MediaSecurity(policy, Provider(more.pop("broken", False)), **more)


def reply(security: MediaSecurity | None, *lines: str, head: tuple[str, ...] = ()) -> tuple[list[str], MediaSettings]:
    offer = HEAD + "".join(f"{line}\r\n" for line in (*head, *lines))
    data, said = answer(offer.encode(), "198.51.100.1", 7000, session_id=5, version=1, security=security)
    return data.decode().split("\r\n"), said


def refused(security: MediaSecurity | None, *lines: str) -> NotAcceptable:
    with pytest.raises(NotAcceptable) as caught:
        reply(security, *lines)
    return caught.value


# -- SDES


def test_an_offered_key_is_taken_and_ours_goes_back_under_its_tag() -> None:
    security = of("sdes")
    lines, said = reply(security, "m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_192_CM inline:x", CRYPTO)
    assert isinstance(said.security, SrtpKeys)
    assert said.security.key_in == bytes(range(30))
    assert said.security.profile == 1
    (own,) = usable_lines([line[2:] for line in lines if line.startswith("a=crypto")])
    assert (own.tag, own.key) == (7, said.security.key_out)
    assert "m=audio 7000 RTP/SAVP 0" in lines


def test_a_re_invite_repeats_our_key() -> None:
    security = of("sdes")
    first = reply(security, "m=audio 4000 RTP/SAVP 0", CRYPTO)[1].security
    second = reply(security, "m=audio 4000 RTP/SAVP 0", CRYPTO, "a=sendonly")[1].security
    assert first == second


@pytest.mark.parametrize("suite", SUITES)
def test_each_suite_is_read_and_written(suite: str) -> None:
    line = CryptoLine(3, SUITES[suite], os.urandom(SUITES[suite].key_size))
    assert usable_lines([str(line)[2:].strip()]) == [line]
    assert "inline" not in repr(line)


@pytest.mark.parametrize(
    "value",
    [
        "1 AES_CM_128_HMAC_SHA1_80",
        "x AES_CM_128_HMAC_SHA1_80 inline:" + KEY,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + KEY[:-2],
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + KEY + "|2^20|1:4",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + KEY + "|1:4",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + KEY + ";inline:" + KEY,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + KEY + " UNENCRYPTED_SRTP",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + KEY + " KDR=1",
        "1 AES_CM_128_HMAC_SHA1_80 other:" + KEY,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + "ä" * 40,
        "1111111111 AES_CM_128_HMAC_SHA1_80 inline:" + KEY,
        "1 F8_128_HMAC_SHA1_80 inline:" + KEY,
    ],
)
def test_lines_that_cannot_be_used(value: str) -> None:
    assert usable_lines([f"crypto:{value}"]) == []


def test_a_lifetime_and_a_window_hint_change_nothing() -> None:
    (line,) = usable_lines([f"crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31 WSH=128"])
    assert line.key == bytes(range(30))


def test_our_offer_is_answered_with_a_key() -> None:
    caller, callee = of("sdes"), of("sdes")
    offer = make_offer("192.0.2.1", 4000, session_id=1, version=1, security=caller)
    assert b"m=audio 4000 RTP/SAVP 8 0 101\r\n" in offer
    answered, theirs = answer(offer, "198.51.100.1", 7000, session_id=5, version=1, security=callee)
    ours = read_answer(answered, security=caller)
    assert isinstance(ours.security, SrtpKeys)
    assert isinstance(theirs.security, SrtpKeys)
    assert (ours.security.key_in, ours.security.key_out) == (theirs.security.key_out, theirs.security.key_in)
    assert ours.security.suite == "AEAD_AES_256_GCM"


# -- policies


def test_what_each_policy_makes_of_what_is_offered() -> None:
    plain, sdes, osrtp = (
        ["m=audio 4000 RTP/AVP 0"],
        ["m=audio 4000 RTP/SAVP 0", CRYPTO],
        ["m=audio 4000 RTP/AVP 0", CRYPTO],
    )
    dtls = [TLS_AUDIO, *TLS]
    for lines in (plain, osrtp):
        assert reply(None, *lines)[1].security is None
        assert reply(of("none"), *lines)[1].security is None
    assert reply(of("optional"), *plain)[1].security is None
    for policy in ("optional", "sdes"):
        assert isinstance(reply(of(policy), *sdes)[1].security, SrtpKeys)
        assert isinstance(reply(of(policy), *osrtp)[1].security, SrtpKeys)
    for policy in ("optional", "dtls"):
        assert isinstance(reply(of(policy), *dtls)[1].security, DtlsKeys)
    for policy, lines in (
        ("none", sdes), ("none", dtls), ("sdes", plain), ("sdes", dtls), ("dtls", plain), ("dtls", sdes),
        ("optional", ["m=audio 4000 RTP/SAVP 0"]),
    ):  # fmt: skip
        assert refused(of(policy), *lines).warning == 302


def test_osrtp_that_is_taken_stays_rtp_avp() -> None:
    lines, _ = reply(of("optional"), "m=audio 4000 RTP/AVP 0", CRYPTO)
    assert "m=audio 7000 RTP/AVP 0" in lines
    assert any(line.startswith("a=crypto:7 ") for line in lines)


def test_osrtp_of_ours_may_be_declined_and_a_required_key_may_not() -> None:
    security = of("optional")
    offer = make_offer("192.0.2.1", 4000, session_id=1, version=1, security=security)
    assert b" RTP/AVP " in offer
    plain = (HEAD + "m=audio 5000 RTP/AVP 8\r\n").encode()
    assert read_answer(plain, security=security).security is None
    with pytest.raises(NotAcceptable):
        read_answer(plain, security=of("sdes"))
    with pytest.raises(NotAcceptable):
        read_answer(plain, security=of("dtls"))


def test_an_answer_with_a_tag_or_suite_that_was_not_offered_is_refused() -> None:
    wrong = (HEAD + f"m=audio 5000 RTP/SAVP 8\r\n{CRYPTO}\r\n").encode()
    with pytest.raises(NotAcceptable):
        read_answer(wrong, security=of("sdes"))


def test_the_first_medium_that_fits_the_policy_is_taken() -> None:
    lines, said = reply(of("sdes"), "m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/SAVP 0", CRYPTO)
    assert [line for line in lines if line.startswith("m=")] == ["m=audio 0 RTP/AVP 0", "m=audio 7000 RTP/SAVP 0"]
    assert said.remote_port == 4002


def test_without_libsrtp_the_call_is_refused() -> None:
    for lines in (["m=audio 4000 RTP/SAVP 0", CRYPTO], [TLS_AUDIO, *TLS]):
        assert refused(of("optional", broken=True), *lines).status == 488
    for policy in ("sdes", "dtls", "optional"):
        with pytest.raises(NotAcceptable):
            make_offer("192.0.2.1", 4000, session_id=1, version=1, security=of(policy, broken=True))


# -- DTLS-SRTP and ICE


def test_a_browser_is_answered() -> None:
    security = of("dtls")
    lines, said = reply(security, TLS_AUDIO, *TLS, "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", head=BROWSER)
    assert isinstance(said.security, DtlsKeys)
    assert said.security.fingerprints == (("sha-256", b"\xab" * 32),)
    assert not said.security.client
    assert said.security.ice is not None
    assert (said.security.ice.remote_ufrag, said.security.ice.ufrag) == ("Abcd", security.ufrag)
    assert (said.remote_ip, said.send, said.receive, said.rtcp_mux) == ("", True, True, True)
    media = [line for line in lines if line.startswith("m=")]
    assert media == ["m=audio 7000 UDP/TLS/RTP/SAVPF 0 126", "m=video 0 UDP/TLS/RTP/SAVPF 96"]
    for wanted in (
        "a=group:BUNDLE 0", "a=ice-lite", "a=mid:0", "a=setup:passive", "a=rtcp-mux", f"a=ice-ufrag:{security.ufrag}",
        "a=candidate:1 1 UDP 2130706431 198.51.100.1 7000 typ host", "a=fingerprint:" + security.provider.fingerprint(),
    ):  # fmt: skip
        assert wanted in lines
    assert len(security.password) >= 22


def test_who_begins_the_handshake() -> None:
    for said, client in (("actpass", False), ("active", False), ("passive", True)):
        tls = [line if "setup" not in line else f"a=setup:{said}" for line in TLS]
        agreed = reply(of("dtls"), TLS_AUDIO, *tls)[1].security
        assert isinstance(agreed, DtlsKeys)
        assert agreed.client is client
    holding = [line if "setup" not in line else "a=setup:holdconn" for line in TLS]
    assert refused(of("dtls"), TLS_AUDIO, *holding).status == 488


def test_our_own_offer_and_its_answer() -> None:
    security = of("dtls")
    offer = make_offer("192.0.2.1", 4000, session_id=1, version=1, security=security)
    for wanted in (
        b"a=setup:actpass\r\n",
        b"a=ice-lite\r\n",
        b"a=group:BUNDLE 0\r\n",
        b"a=rtcp-mux\r\n",
        b"a=mid:0\r\n",
    ):
        assert wanted in offer
    for said, client in (("active", False), ("passive", True)):
        lines = [f"a=fingerprint:{PRINT}", f"a=setup:{said}", *ICE, "a=rtcp-mux"]
        answered = HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF 8 101\r\n" + "".join(f"{line}\r\n" for line in lines)
        agreed = read_answer(answered.encode(), security=security).security
        assert isinstance(agreed, DtlsKeys)
        assert agreed.client is client


def test_names_stay_until_the_far_end_restarts_ice() -> None:
    security = of("dtls")
    names = []
    for ufrag in ("Abcd", "Abcd", "Efgh"):
        reply(security, TLS_AUDIO, *(line.replace("Abcd", ufrag) for line in TLS))
        names.append((security.ufrag, security.password))
    assert names[0] == names[1] != names[2]


def test_hold_of_a_browser_is_its_direction_alone() -> None:
    lines, said = reply(of("dtls"), TLS_AUDIO, "c=IN IP4 0.0.0.0", *TLS, "a=sendonly")
    assert (said.send, said.receive) == (False, True)
    assert "a=recvonly" in lines


def test_fingerprint_and_names_may_stand_above_the_media() -> None:
    above = [line for line in TLS if "fingerprint" in line or "ice" in line or "setup" in line]
    below = [line for line in TLS if line not in above]
    agreed = reply(of("dtls"), TLS_AUDIO, *below, head=tuple(above))[1].security
    assert isinstance(agreed, DtlsKeys)
    assert agreed.ice is not None


def test_dtls_without_ice_goes_to_the_address_of_the_description() -> None:
    lines = [line for line in TLS if "ice" not in line]
    out, said = reply(of("dtls"), "m=audio 4000 UDP/TLS/RTP/SAVP 0", *lines)
    assert isinstance(said.security, DtlsKeys)
    assert said.security.ice is None
    assert (said.remote_ip, said.remote_port) == ("192.0.2.1", 4000)
    assert not any("ice" in line or "candidate" in line for line in out)


@pytest.mark.parametrize(
    "line", ["a=fingerprint:sha-256 AB:CD", "a=fingerprint:md5 " + ":".join(["AB"] * 16), "a=fingerprint:sha-256 xx"]
)
def test_a_fingerprint_that_cannot_be_compared_is_none(line: str) -> None:
    rest = [other for other in TLS if "fingerprint" not in other]
    assert refused(of("dtls"), TLS_AUDIO, line, *rest).status == 488


@pytest.mark.parametrize("line", ["a=ice-ufrag:a", "a=ice-ufrag:" + "x" * 300, "a=ice-ufrag:a b c d"])
def test_names_that_are_none_are_refused(line: str) -> None:
    rest = [other for other in TLS if "ufrag" not in other]
    assert refused(of("dtls"), TLS_AUDIO, line, *rest).status == 488


def test_a_browser_with_optional_encryption_is_offered_dtls() -> None:
    security = of("optional", browser=True)
    assert b"UDP/TLS/RTP/SAVPF" in make_offer("192.0.2.1", 4000, session_id=1, version=1, security=security)


@given(
    st.lists(st.sampled_from([*TLS, CRYPTO, "a=setup:", "a=mid:", "a=ice-pwd:", "a=fingerprint:", "c=IN IP6 ::1"])),
    st.sampled_from(["optional", "sdes", "dtls"]),
    st.text(max_size=20),
    st.integers(0, 400),
)
@settings(max_examples=300, deadline=None)
def test_nothing_else_is_raised(lines: list[str], policy: Policy, noise: str, at: int) -> None:
    text = HEAD + TLS_AUDIO + "\r\n" + "".join(f"{line}\r\n" for line in lines)
    for description in (text, text[:at] + noise + text[at:], text.replace("TLS", "x")):
        for read in (
            lambda data: answer(data, "192.0.2.9", 9, session_id=1, version=1, security=of(policy)),
            lambda data: read_answer(data, security=of(policy)),
        ):
            try:
                read(description.encode())
            except SdpError as error:
                assert error.status in (400, 413, 488)  # noqa: PT017


@pytest.mark.parametrize("policy", ["none", "optional", "sdes", "dtls"])
def test_descriptions_of_the_corpus_under_every_policy(policy: Policy) -> None:
    if not entries("sdp-in-invite"):
        pytest.skip("the corpus is not here")
    for entry in entries("sdp-in-invite"):
        body = entry.data.partition(b"\r\n\r\n")[2]
        for read in (
            lambda data: answer(data, "192.0.2.9", 9, session_id=1, version=1, security=of(policy)),
            lambda data: answer(data, "2001:db8::9", 9, session_id=1, version=1, security=of(policy)),
            lambda data: read_answer(data, security=of(policy)),
        ):
            try:
                read(body)
            except SdpError as error:
                assert error.status in (400, 413, 488), entry.name  # noqa: PT017

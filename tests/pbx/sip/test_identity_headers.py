"""P-Asserted-Identity, Privacy, Diversion, History-Info, Alert-Info, Reason: read as they come, written as they are."""

from __future__ import annotations

import random

import pytest

from pbx.sip import identity_headers as identity
from pbx.sip.identity_headers import Diversion, HistoryEntry, Identity
from pbx.sip.message import Request
from pbx.sip.parser import parse
from pbx.sip.reason import Reason, completed_elsewhere, read_reasons, reason_line
from pbx.sip.ring_headers import Ring, read_ring, ring_lines


def make(*lines: str) -> Request:
    text = (
        "INVITE sip:b@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKa\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\n"
        "Call-ID: 1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n" + "".join(f"{line}\r\n" for line in lines) + "\r\n"
    )
    message = parse(text.encode())
    assert isinstance(message, Request)
    return message


class TestIdentity:
    def test_the_asserted_identity(self):
        message = make('P-Asserted-Identity: "Cullen Jennings" <sip:fluffy@cisco.com>')
        assert identity.asserted(message) == Identity("fluffy", "Cullen Jennings", "cisco.com")
        assert identity.asserted(make()) is None

    def test_a_tel_uri_says_the_number(self):
        message = make('P-Asserted-Identity: "Jan" <sip:x9@carrier>, tel:+14085264000')
        assert identity.asserted(message) == Identity("+14085264000", "Jan", "")
        message = make("P-Asserted-Identity: <sip:+48221112233;phone-context=pl@carrier;user=phone>")
        assert identity.asserted(message).number == "+48221112233"

    @pytest.mark.parametrize("line", ["", "<>", "<sip:>", '"open <sip:a@b>', "<mailto:a@b>", "<sip:a@b", "%%%", ","])
    def test_what_cannot_be_read_is_left_out(self, line):
        message = make(f"P-Asserted-Identity: {line}", f"Diversion: {line}", f"Remote-Party-ID: {line}")
        assert identity.asserted(message) is None
        assert identity.history(message) == []
        assert identity.trusted_caller(message) is None or identity.remote_party(message) is not None

    def test_remote_party_id(self):
        message = make('Remote-Party-ID: "X" <sip:123@h>;party=called, "J D" <sip:555@h>;party=calling;privacy=full')
        assert identity.remote_party(message) == (Identity("555", "J D", "h"), True)
        assert identity.trusted_caller(message) == (Identity("555", "J D", "h"), True)
        assert identity.remote_party(make("Remote-Party-ID: <sip:5@h>")) == (Identity("5", "", "h"), False)

    @pytest.mark.parametrize(
        ("lines", "values", "hidden"),
        [
            ([], set(), False),
            (["Privacy: id"], {"id"}, True),
            (["Privacy: none"], {"none"}, False),
            (["Privacy: Header;USER; id;critical"], {"header", "user", "id", "critical"}, True),
            (["Privacy: session"], {"session"}, False),
            (["Privacy: id, none"], {"id", "none"}, False),
            (["Privacy: ;;"], set(), False),
        ],
    )
    def test_privacy(self, lines, values, hidden):
        assert identity.privacy(make(*lines)) == values
        assert identity.wants_privacy(make(*lines)) == hidden

    def test_the_asserted_one_counts_more_than_the_remote_party(self):
        message = make("Remote-Party-ID: <sip:1@h>", "P-Asserted-Identity: <sip:2@h>", "Privacy: id")
        assert identity.trusted_caller(message) == (Identity("2", "", "h"), True)

    def test_anonymous(self):
        assert identity.is_anonymous(Identity("anonymous", "", "anonymous.invalid"))
        assert identity.is_anonymous(Identity("Anonymous", "", "carrier"))
        assert not identity.is_anonymous(Identity("+48", "", "carrier"))

    @pytest.mark.parametrize("name", ["", "Żaneta", 'a "b" \\ c', "x\r\nEvil: 1", "<sip:evil@x>"])
    @pytest.mark.parametrize("number", ["+48221112233", "*31#", "a b", "x@y>;tag=1", "\r\nEvil: 1"])
    def test_what_is_written_is_read_again_and_injects_nothing(self, name, number):
        for line, read in (
            (identity.asserted_line(number, "h.example", name), identity.asserted),
            (identity.preferred_line(number, "h.example", name), identity.preferred),
            (identity.remote_party_line(number, "h.example", name), lambda m: identity.remote_party(m)[0]),
        ):
            assert "\r" not in line
            assert "\n" not in line
            found = read(make(line))
            assert found is not None
            assert found.host == "h.example"
            if "\r" not in number:
                assert found.number == number.partition(";")[0]
            if "\r" not in name:
                assert found.name == name

    def test_an_ipv6_host_and_a_tel_uri(self):
        assert identity.asserted_line("1", "2001:db8::1") == "P-Asserted-Identity: <sip:1@[2001:db8::1]>"
        assert identity.asserted_line("+481", "") == "P-Asserted-Identity: <tel:+481>"
        assert identity.privacy_line("id", "critical") == "Privacy: id;critical"


class TestWay:
    def test_diversions_the_latest_first(self):
        message = make(
            "Diversion: <sip:102@h>;reason=no-answer;counter=2;privacy=full, <tel:+481>;reason=User-Busy",
            "Diversion: <sip:x@h>;counter=99999",
        )
        assert identity.diversions(message) == [
            Diversion(Identity("102", "", "h"), "no-answer", 2, "full"),
            Diversion(Identity("+481", "", ""), "user-busy", 1, "off"),
            Diversion(Identity("x", "", "h"), "unknown", 1, "off"),
        ]

    def test_a_diversion_as_it_was_written(self):
        diversion = Diversion(Identity("101", "Anna", "centrala.local"), "user-busy", 1)
        line = identity.diversion_line(diversion)
        assert line == 'Diversion: "Anna" <sip:101@centrala.local>;reason=user-busy;counter=1'
        assert identity.diversions(make(line)) == [diversion]

    def test_history(self):
        message = make(
            "History-Info: <sip:bob@example.com?Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%22>;index=1,"
            " <sip:carol@example.com>;index=1.1;rc=1"
        )
        entries = identity.history(message)
        assert entries == [
            HistoryEntry("sip:bob@example.com", "1", 486),
            HistoryEntry("sip:carol@example.com", "1.1", 0, "rc=1"),
        ]
        assert identity.history(make(identity.history_line(entries))) == entries

    def test_a_call_that_goes_on_leaves_its_cause(self):
        entries = identity.retargeted([], "sip:101@h", 0)
        entries = identity.retargeted(entries, "sip:102@h", 486)
        entries = identity.retargeted(entries, "sip:103@h", 408)
        assert [(e.index, e.cause, e.change) for e in entries] == [
            ("1", 486, ""),
            ("1.1", 408, "rc=1"),
            ("1.1.1", 0, "rc=1.1"),
        ]

    def test_diversions_as_history(self):
        found = [Diversion(Identity("102", "", "h"), "no-answer"), Diversion(Identity("101", "", "h"), "user-busy")]
        assert identity.history_of_diversions(found, "sip:103@h") == [
            HistoryEntry("sip:101@h", "1", 486),
            HistoryEntry("sip:102@h", "1.1", 408, "rc=1"),
            HistoryEntry("sip:103@h", "1.1.1", 0, "rc=1.1"),
        ]
        assert identity.history_of_diversions([], "sip:103@h") == [HistoryEntry("sip:103@h", "1")]

    def test_a_peer_cannot_make_us_keep_more(self):
        line = ", ".join("<sip:a@b>;index=1" for _ in range(500))
        message = make(f"Diversion: {line}", f"History-Info: {line}")
        assert len(identity.diversions(message)) == len(identity.history(message)) == identity.MAX_ENTRIES

    def test_whatever_comes_raises_nothing(self):
        chance = random.Random(3)
        alphabet = 'abc<>"\\;=,:@ %?[]\t+*#.0123'
        for _ in range(3000):
            text = "".join(chance.choice(alphabet) for _ in range(chance.randint(0, 60)))
            names = ("Diversion", "History-Info", "P-Asserted-Identity", "Privacy", "Reason", "Alert-Info")
            message = make(*(f"{name}: {text}" for name in names), f"Remote-Party-ID: {text}", f"Call-Info: {text}")
            identity.diversions(message), identity.history(message), identity.trusted_caller(message)
            identity.privacy(message), read_reasons(message), read_ring(message)


class TestRing:
    @pytest.mark.parametrize(
        ("line", "ring"),
        [
            ("Alert-Info: <http://www.notused.com>;info=alert-autoanswer;delay=0", Ring(0)),
            ("Alert-Info: info=alert-autoanswer", Ring(0)),
            ("Call-Info: <sip:pbx>;answer-after=3", Ring(3)),
            ("Call-Info: <uri>; answer-after = 0", Ring(0)),
            ("Call-Info: <sip:x>;answer-after=999999", Ring(60)),
            ("Alert-Info: <http://x>;info=External", Ring(None, "external")),
            ("Alert-Info: <urn:alert:source:external>", Ring(None, "external")),
            ("Alert-Info: Bellcore-dr2", Ring(None, "bellcore-dr2")),
            ("Alert-Info: <http://x/y z>;info=<bad>", Ring()),
        ],
    )
    def test_what_is_asked(self, line, ring):
        assert read_ring(make(line)) == ring

    def test_what_is_written(self):
        lines = ring_lines(Ring(0, "internal"), "centrala.local")
        assert read_ring(make(*lines)) == Ring(0, "internal")
        assert ring_lines(Ring(), "h") == []
        with pytest.raises(ValueError, match="a word"):
            ring_lines(Ring(None, "x\r\nEvil: 1"), "h")


class TestReason:
    def test_several_protocols(self):
        message = make(
            'Reason: SIP ;cause=200 ;text="Call completed elsewhere", Q.850;cause=16', "Reason: sip;cause=486"
        )
        assert read_reasons(message) == [Reason("SIP", 200, "Call completed elsewhere"), Reason("Q.850", 16)]
        assert completed_elsewhere(message)
        assert not completed_elsewhere(make("Reason: Q.850;cause=200"))

    @pytest.mark.parametrize(
        "line", ["", "SIP", "SIP;cause=x", "SIP;cause=2000", ";cause=200", "S P;cause=200", "SIP;=1"]
    )
    def test_nothing_usable(self, line):
        assert read_reasons(make(f"Reason: {line}")) == []

    def test_what_is_written_is_read_again(self):
        reasons = [Reason("SIP", 487, 'say "no"'), Reason("Q.850", 17)]
        assert read_reasons(make(reason_line(*reasons))) == reasons
        assert "\n" not in reason_line(Reason("SIP", 1, "a\r\nb"))

"""The scanner: slices, limits, faults, and that its .pyi says what it has."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core import sipscan
from core.sipscan import LIMITS, Scan, announced_length
from tests.core.sip_messages import HEADERS, build


def fault(data: bytes, stream: bool = False) -> tuple[int, str]:
    problem = Scan(data, stream).problem
    assert problem is not None, data
    return problem


def test_identity_of_a_request() -> None:
    scan = Scan(build())
    assert scan.problem is None
    assert (scan.method, scan.uri) == ("INVITE", "sip:600@example.com")
    assert (scan.call_id, scan.cseq, scan.cseq_method) == ("id-1@192.0.2.1", 17, "INVITE")
    assert (scan.from_tag, scan.to_tag, scan.branch) == ("f1", "", "z9hG4bKabc")
    assert (scan.max_forwards, scan.body) == (70, b"body")


def test_identity_of_a_response() -> None:
    scan = Scan(build(b"SIP/2.0 486 Busy Here\r\n", To=b"<sip:600@example.com>;x=1 ; tag = t9"))
    assert scan.problem is None
    assert (scan.status, scan.reason, scan.to_tag) == (486, "Busy Here", "t9")
    assert Scan(build(b"SIP/2.0 200 \r\n")).reason == ""


def test_header_names_have_no_case_and_compact_forms_count() -> None:
    scan = Scan(build(extra=b"sUbJeCt: one\r\ns: two\r\nX-Own: 3\r\n", Call_ID=None, **{"i": b"compact"}))
    assert scan.problem is None
    assert scan.call_id == "compact"
    assert scan.headers("Subject") == ["one", "two"]
    assert scan.headers("subject") == ["one", "two"]
    assert scan.header("x-own") == "3"
    assert scan.header("X-Other") is None
    assert scan.headers("X-Other") == []
    assert scan.header_names()[-3:] == ["sUbJeCt", "s", "X-Own"]


def test_folded_values_become_one_line_and_are_echoed_as_they_came() -> None:
    scan = Scan(build(To=b"\r\n\t<sip:600@example.com>\r\n ;tag=t1", extra=b"X-A: a\r\n \r\n\t b\r\n"))
    assert scan.problem is None
    assert scan.to_tag == "t1"
    assert scan.header("To") == "<sip:600@example.com> ;tag=t1"
    assert scan.header("X-A") == "a  b"
    assert b"To: \r\n\t<sip:600@example.com>\r\n ;tag=t1\r\n" in scan.echo()


def test_text_that_is_not_utf_8_is_replaced() -> None:
    assert Scan(build(extra=b"X-A: caf\xe9\r\n")).header("X-A") == "caf\ufffd"
    assert Scan(build(extra="X-A: żółw\r\n".encode())).header("X-A") == "żółw"


def test_body_of_a_datagram() -> None:
    assert Scan(build(Content_Length=None)).body == b"body"
    assert Scan(build(Content_Length=b"3")).body == b"bod"
    assert Scan(build(Content_Length=b"000")).body == b""
    assert fault(build(Content_Length=b"5")) == (400, "Body Cut Off")


@pytest.mark.parametrize("value", [b"", b"-1", b"+1", b"0x4", b"4 4", b"four", b"4,4", b"\xb2"])
def test_bad_content_length(value: bytes) -> None:
    scan = Scan(build(Content_Length=value), True)
    assert scan.problem == (400, "Bad Content-Length")
    assert scan.framing_lost
    assert announced_length(build(Content_Length=value, body=b"")) == -1


def test_content_length_on_a_stream() -> None:
    assert fault(build(Content_Length=None), True) == (400, "Missing Content-Length")
    assert Scan(build(Content_Length=None), True).framing_lost
    assert announced_length(build(body=b"")) == 4
    assert announced_length(build(body=b"", Content_Length=b"65537")) == -1
    assert announced_length(build(body=b"", Content_Length=b"9" * 40)) == -1
    twice = build(body=b"", extra=b"l: 4\r\n")
    assert announced_length(twice) == -1
    assert fault(twice) == (400, "Body Cut Off") or fault(twice) == (400, "Repeated Header")


@pytest.mark.parametrize(
    ("start", "status", "reason"),
    [
        (b"INVITE  sip:a@b SIP/2.0\r\n", 400, "Bad Start Line"),
        (b"INVITE sip:a@b  SIP/2.0\r\n", 400, "Bad Start Line"),
        (b"INVITE sip:a@b SIP/2.0 \r\n", 400, "Bad Start Line"),
        (b"INVITE sip:a@b;x y SIP/2.0\r\n", 400, "Bad Start Line"),
        (b"INVITE sip:a@b\r\n", 400, "Bad Start Line"),
        (b"INVITE\r\n", 400, "Bad Start Line"),
        (b"GET / HTTP/1.1\r\n", 400, "Bad Start Line"),
        (b" sip:a@b SIP/2.0\r\n", 400, "Bad Method"),
        (b"INV(ITE sip:a@b SIP/2.0\r\n", 400, "Bad Start Line"),
        (b"A" * 65 + b" sip:a@b SIP/2.0\r\n", 400, "Bad Method"),
        (b"INVITE sip:a@b SIP/3.0\r\n", 505, "Version Not Supported"),
        (b"INVITE sip:a@b SIP/2.01\r\n", 505, "Version Not Supported"),
        (b"INVITE sip:" + b"a" * 2048 + b"@b SIP/2.0\r\n", 414, "Request-URI Too Long"),
        (b"INVITE sip:a@b?Route=c SIP/2.0\r\n", 400, "Headers In Request-URI"),
        (b"SIP/2.0 99 x\r\n", 400, "Bad Status Line"),
        (b"SIP/2.0 700 x\r\n", 400, "Bad Status Line"),
        (b"SIP/2.0 2000 x\r\n", 400, "Bad Status Line"),
        (b"SIP/2.0 200\r\n", 400, "Bad Status Line"),
        (b"SIP/2.1 200 OK\r\n", 400, "Bad Status Line"),
    ],
)
def test_bad_start_line(start: bytes, status: int, reason: str) -> None:
    assert fault(build(start)) == (status, reason)


@pytest.mark.parametrize(
    "uri",
    [
        *(b"sip:", b"sip", b":a@b", b"sip:@b", b"sip:a@", b"sip:a@b:", b"sip:a@b:0", b"sip:a@b:65536", b"sip:a@b:x"),
        *(b"sip:a@b:999999999999999999999", b"sip:a@b@c", b"sip:a%4@b", b"sip:a%@b", b"sip:a%zz@b", b"sip:a@b%"),
        *(b"sip:a@[::1", b"sip:a@::1", b"sip:a@[]", b"sip:a@[g::1]", b"sip:a@" + b"h" * 256, b"<sip:a@b>"),
        *(b'sip:"a"@b', b"sip:a\x80@b", b"sip:a{@b", b"sip:2001:db8::10", b"sip:a@b/c"),
    ],
)
def test_bad_request_uri(uri: bytes) -> None:
    assert fault(build(b"INVITE " + uri + b" SIP/2.0\r\n"))[0] == 400


@pytest.mark.parametrize(
    "uri",
    [
        *(
            b"sip:b",
            b"SIP:a@b",
            b"sips:a@b:5061;transport=tcp",
            b"sip:a:pw@[2001:db8::1]:5060;lr",
            b"sip:a@h" + b"o" * 254,
        ),
        *(
            b"tel:+48123;phone-context=x",
            b"urn:service:sos",
            b"sip:%61%62@b",
            b"sip:*72#@b",
            b"sip:a;b?c@d",
            b"sip:a@1.2.3.4",
        ),
    ],
)
def test_good_request_uri(uri: bytes) -> None:
    assert Scan(build(b"INVITE " + uri + b" SIP/2.0\r\n")).problem is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Via", "Missing Via"),
        ("From", "Missing From"),
        ("To", "Missing To"),
        ("Call-ID", "Missing Call-ID"),
        ("CSeq", "Missing CSeq"),
    ],
)
def test_missing_header(name: str, reason: str) -> None:
    assert fault(build(**{name: None})) == (400, reason)


@pytest.mark.parametrize(
    "line", [b"f: <sip:x@y>;tag=2", b"t: <sip:x@y>", b"i: 2", b"CSeq: 17 INVITE", b"Max-Forwards: 7"]
)
def test_repeated_header(line: bytes) -> None:
    assert fault(build(extra=line + b"\r\n")) == (400, "Repeated Header")


@pytest.mark.parametrize(
    "value",
    [
        *(
            b"",
            b"SIP/2.0/UDP",
            b"SIP/2.0/UDP ",
            b"SIP/2.0 UDP h",
            b"SIP/1.0/UDP h",
            b"HTTP/2.0/UDP h",
            b"SIP/2.0/UDP h:0",
        ),
        *(
            b"SIP/2.0/UDP h:70000",
            b"SIP/2.0/UDP h:x",
            b"SIP/2.0/UDP h;",
            b"SIP/2.0/UDP h;;branch=a",
            b"SIP/2.0/UDP [::1",
        ),
        *(b'SIP/2.0/UDP h;a="b', b"SIP/2.0/UDP h x", b"SIP/2.0/UDP ;branch=a"),
    ],
)
def test_bad_via(value: bytes) -> None:
    assert fault(build(Via=value)) == (400, "Bad Via")


@pytest.mark.parametrize(
    "value",
    [
        *(
            b"",
            b'"x <sip:a@b>',
            b'"x\\" <sip:a@b>',
            b"<sip:a@b",
            b"<sip:a@b>;tag=",
            b"<sip:a@b>;tag=a;tag=b",
            b"<sip:a@b>x",
        ),
        *(
            b"<>",
            b"sip:a@b;tag=a b",
            b'"x" sip:a@b',
            b'x"y"<sip:a@b>',
            b"<sip:a@b>;tag=\xc3\xb3",
            b"<sip:a@b>,<sip:c@d>",
        ),
        *(b"<sip:a@b>;tag=" + b"t" * 257, b"<sip:a@b>;;tag=a", b"<sip:" + b"a" * 2050 + b"@b>"),
    ],
)
@pytest.mark.parametrize("name", ["From", "To"])
def test_bad_address(name: str, value: bytes) -> None:
    assert fault(build(**{name: value})) == (400, f"Bad {name}")


@pytest.mark.parametrize(
    "value", [b"", b"x", b"1", b"INVITE", b"1INVITE", b"-1 INVITE", b"2147483648 INVITE", b"1 INV ITE", b"0x1 INVITE"]
)
def test_bad_cseq(value: bytes) -> None:
    assert fault(build(CSeq=value)) == (400, "Bad CSeq")


def test_cseq_names_the_method_of_the_request() -> None:
    assert fault(build(CSeq=b"1 BYE")) == (400, "CSeq Method Mismatch")
    assert fault(build(CSeq=b"1 invite")) == (400, "CSeq Method Mismatch")
    assert Scan(build(CSeq=b"2147483647   INVITE")).cseq == 2147483647


@pytest.mark.parametrize("value", [b"", b"a b", b"caf\xc3\xa9", b"x" * 1025])
def test_bad_call_id(value: bytes) -> None:
    assert fault(build(Call_ID=value)) == (400, "Bad Call-ID")


@pytest.mark.parametrize("value", [b"", b"abc", b"-1", b"256", b"9" * 30])
def test_bad_max_forwards(value: bytes) -> None:
    assert fault(build(Max_Forwards=value)) == (400, "Bad Max-Forwards")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"NoColon\r\n", "Bad Header Line"),
        (b": x\r\n", "Bad Header Line"),
        (b"X(A): x\r\n", "Bad Header Line"),
        (b"X" * 129 + b": x\r\n", "Bad Header Line"),
        (b"X-A: a\x00b\r\n", "Control Character In Header"),
        (b"X-A: a\x7fb\r\n", "Control Character In Header"),
        (b"X-A: a\rb\r\n", "Control Character In Header"),
        (b"X-A: a\nX-B: b\r\n", "Bad Line End"),
        (b"X-A: a\n\r\n", "Bad Line End"),
    ],
)
def test_bad_header_line(line: bytes, reason: str) -> None:
    assert fault(build(extra=line)) == (400, reason)


def test_tab_is_white_space() -> None:
    assert Scan(build(extra=b"X-A:\ta\tb\t\r\n")).header("X-A") == "a\tb"


def test_headers_must_end() -> None:
    whole = build(body=b"", Content_Length=None)
    for size in range(len(whole)):
        assert Scan(whole[:size]).problem is not None
    assert fault(whole[:-2]) == (400, "Headers Do Not End")


def test_limits() -> None:
    room = LIMITS["headers"] - len(HEADERS)
    assert Scan(build(extra=b"X: y\r\n" * room)).problem is None
    assert fault(build(extra=b"X: y\r\n" * (room + 1))) == (400, "Too Many Headers")
    via = b"SIP/2.0/UDP h;branch=z9hG4bK1"
    assert Scan(build(Via=b",".join([via] * 64))).problem is None
    assert fault(build(Via=b",".join([via] * 65))) == (400, "Too Many Via Values")
    assert fault(build(extra=b"m: " + b",".join([b"<sip:a@b>"] * 65) + b"\r\n")) == (400, "Too Many Contacts")
    assert fault(build(Via=b"SIP/2.0/UDP h;branch=" + b"b" * 257)) == (400, "Branch Too Long")
    assert fault(build(extra=b"X: " + b"y" * LIMITS["head"] + b"\r\n")) == (513, "Message Head Too Large")
    assert Scan(build(body=b"b" * 40_000, Content_Length=None)).problem is None
    assert fault(build(body=b"b" * 65_536, Content_Length=None)) == (513, "Message Too Large")
    assert fault(build(Content_Length=b"65537")) == (413, "Request Entity Too Large")


def test_echo_copies_byte_for_byte_and_adds_the_tag_once() -> None:
    data = build(extra=b"v: SIP/2.0/TCP proxy;branch=z9hG4bK2\r\nSubject: x\r\n")
    lines = data.split(b"\r\n")
    expected = [line for line in lines if line.split(b":")[0] in (b"Via", b"v", b"From", b"To", b"Call-ID", b"CSeq")]
    expected[expected.index(b"To: <sip:600@example.com>")] += b";tag=ours"
    assert Scan(data).echo(b"ours") == b"\r\n".join(expected) + b"\r\n"
    assert b"ours" not in Scan(build(To=b"<sip:600@example.com>;tag=t")).echo(b"ours")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"SIP/2.0/UDP 192.0.2.9:5080;branch=b", b"SIP/2.0/UDP 192.0.2.9:5080;branch=b"),
        (b"SIP/2.0/UDP host;branch=b", b"SIP/2.0/UDP host;branch=b;received=192.0.2.9"),
        (b"SIP/2.0/UDP host;rport;branch=b", b"SIP/2.0/UDP host;branch=b;rport=4242;received=192.0.2.9"),
        (
            b"SIP/2.0/UDP host;received=1.2.3.4;rport=53;branch=b,SIP/2.0/UDP next;received=9.9.9.9",
            b"SIP/2.0/UDP host;branch=b;rport=4242;received=192.0.2.9,SIP/2.0/UDP next;received=9.9.9.9",
        ),
        (b"SIP/2.0/UDP [192.0.2.9]", b"SIP/2.0/UDP [192.0.2.9]"),
    ],
)
def test_top_via_says_where_the_request_came_from(value: bytes, expected: bytes) -> None:
    scan = Scan(build(Via=value))
    scan.set_source("192.0.2.9", 4242)
    assert scan.echo().split(b"\r\n")[0] == b"Via: " + expected


def test_pyi_names_what_is_there() -> None:
    tree = ast.parse((Path(sipscan.__file__).parent / "sipscan.pyi").read_text(encoding="utf-8"))
    declared: set[str] = set()
    members: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            declared.add(node.name)
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    members.add(item.name)
                elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    members.add(item.target.id)
        elif isinstance(node, ast.FunctionDef):
            declared.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            declared.add(node.target.id)
    assert declared == {name for name in vars(sipscan) if not name.startswith("_")}
    assert members - {"__init__"} == {name for name in vars(Scan) if not name.startswith("_")}

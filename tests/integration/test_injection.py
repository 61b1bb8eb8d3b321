"""What a caller writes must not execute or inject anywhere (R11), and what is secret must not appear (R22)."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import http.client
import io
import re
import stat
import subprocess
import sys
from urllib.parse import unquote

import pytest

from pbx.sip import digest
from pbx.sip.message import Request, Response
from tests.integration.bare import DOMAIN, Bare, Broken, sdp, unique
from tests.integration.conftest import CONTROLS, SECRETS, House
from tests.integration.process import ROOT

NAMES = {
    "crlf": "Eve\r\nX-Evil: 1\r\nY: ",
    "folded": "Eve\r\n X-Evil: 1",
    "nul": "Eve\x00 X-Evil: 1",
    "escape": "Eve\x1b[2J\x1b]0;owned\x07",
    "quote": 'Eve" <sip:evil@evil.example>;x="',
    "escaped quote": 'Eve\\" <sip:evil@evil.example>',
    "html": "<script>alert(1)</script>",
    "formula": "=HYPERLINK(1)",
    "bidi": "Eve\u202e\u2066live",
    "shell": "$(touch /tmp/owned); `id` | rm",
    "sql": "'); DROP TABLE cdr; --",
    "format": "%s%n{0}{__class__}",
}


@pytest.mark.parametrize("where", ["display", "user"])
def test_a_callers_name_reaches_nobody_unclean(house: House, where: str) -> None:
    """The called phone's INVITE has no header that the PBX did not write, and no character that does something."""
    with house.phone("108", host=85) as bob, house.phone("101", host=86) as anna:
        assert bob.register().status == 200
        reached = []
        for kind, evil in NAMES.items():
            display, user = (evil, "101") if where == "display" else ("Anna", evil)
            if begins(anna, f'"{display}" <sip:{user}@{DOMAIN}>;tag={unique()}'):
                invite = bob.expect("INVITE")
                check_invite(invite)
                bob.reply(invite, 486)
                bob.expect("ACK")
                reached.append(kind)
        if where == "display":
            assert set(reached) >= {"escaped quote", "html", "formula", "bidi", "shell", "sql", "format"}
        assert bob.register(expires=0).status == 200


def begins(anna: Bare, from_: str) -> bool:
    """Calls 108 with that From and credentials; False when the PBX refuses the INVITE."""
    uri, call_id, body = f"sip:108@{anna.pbx[0]}", unique(), sdp(anna.host, 30000)
    anna.send(anna.message("INVITE", uri, call_id=call_id, from_=from_, body=body))
    challenge = answer_to(anna, call_id, 1)
    if not isinstance(challenge, Response) or challenge.status != 401:
        return False
    value = digest.answer(challenge.headers("WWW-Authenticate"), "INVITE", uri, anna.user, anna.secret)
    headers = [f"Authorization: {value}"]
    anna.send(anna.message("INVITE", uri, call_id=call_id, cseq=2, from_=from_, body=body, headers=headers))
    first = answer_to(anna, call_id, 2)
    return isinstance(first, Response) and first.status < 200


def answer_to(anna: Bare, call_id: str, cseq: int) -> Response | Broken:
    """The next answer to that INVITE; what comes late of earlier ones is passed over."""
    while True:
        answer = anna.receive(8)
        assert answer is not None, call_id
        if f"Call-ID: {call_id}\r\n".encode() in answer.data and f"CSeq: {cseq} ".encode() in answer.data:
            assert isinstance(answer, Response | Broken)
            return answer


def check_invite(invite: Request) -> None:
    text = invite.data.decode()
    assert "X-Evil" not in {name.title() for name in invite.header_names()}
    assert invite.from_.uri.user == "101"
    assert invite.from_.uri.host == DOMAIN
    assert not CONTROLS.search(text.replace("\r\n", "\n")), text
    assert text.count("evil.example") <= invite.from_.display.count("evil.example")


def test_callers_are_clean_in_reports_lists_and_log(house: House) -> None:
    with house.phone(host=250) as peer:
        for evil in NAMES.values():
            for user in (evil, "=1+1", "@SUM(1)", "+cmd|' /C calc'!A0"):
                escaped = "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in user if ord(c) < 128)
                from_ = f'"{evil}" <sip:{escaped}@x.example>;tag={unique()}'
                peer.send(peer.message("INVITE", f"sip:{escaped}@{peer.pbx[0]}", from_=from_, body=sdp(peer.host, 9)))
        assert peer.options().status == 200
    shown = repr(house.process.control.get("/calls"))
    assert "\\x1b" not in shown
    assert "\\r" not in shown
    house.idle()
    report = [sys.executable, "-m", "pbx", "--config", str(house.process.config), "report", "calls", "--csv"]
    done = subprocess.run(report, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert len(rows) > len(NAMES)
    for cell in (cell for row in rows for cell in row):
        assert not CONTROLS.search(cell), cell
        assert not cell.startswith(("=", "@", "\t", "\r")), cell
        assert not re.match(r"[+-](?![\d.]+$)", cell), cell
    assert not CONTROLS.search(house.log())
    assert "X-Evil" not in unquote(house.log())


def test_secrets_are_in_no_log_and_on_no_readable_file(house: House) -> None:
    with house.phone("101") as anna:
        assert anna.register().status == 200
        assert anna.call("601").bye() == 200
    text = house.log()
    _, metrics = house.process.get("/metrics")
    for user, secret in SECRETS.items():
        hashes = [hashlib.new(name, f"{user}:{DOMAIN}:{secret}".encode()).hexdigest() for name in ("md5", "sha256")]
        for word in (secret, *hashes):
            assert word not in text
            assert word not in metrics
    assert "response=" not in text
    for path in house.process.data.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert not mode & 0o077, f"{path}: {mode:o}"
    assert stat.S_IMODE(house.process.data.stat().st_mode) == 0o700


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/<script>", "/../../etc/passwd"])
def test_every_http_answer_is_no_page(house: House, path: str) -> None:
    with contextlib.closing(http.client.HTTPConnection(house.host(1), 8080, timeout=5)) as client:
        client.request("GET", path)
        answer = client.getresponse()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert b"<script>" not in answer.read()

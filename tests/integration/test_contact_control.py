"""Contacts over the control socket and on the command line of a real process: refusals, exports, the end of an item."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from pbx.api.client import ControlError
from tests.integration.process import CONFIG, ROOT, Process

CUSTOMER = "+48600100200"


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    config = CONFIG + '[numbering]\ncountry = "PL"\nregions = false\n[contacts]\nmissed_deadline_s = 600\n'
    process = Process(tmp_path_factory.mktemp("contacts"), f"127.26.{os.getpid() % 250 + 1}.1", config)
    process.wait_up()
    yield process
    text = process.text()
    process.kill()
    assert "Traceback" not in text


def refusal(pbx: Process, method: str, path: str, body: Any = None) -> str:
    with pytest.raises(ControlError) as caught:
        pbx.control.request(method, path, body)
    return str(caught.value)


def run(pbx: Process, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pbx", "--config", str(pbx.config), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        ({"number": "=cmd()"}, "give digits"),
        ({"number": CUSTOMER, "queue": "nobody"}, "queues: sales"),
        ({"number": CUSTOMER, "kind": "caller"}, "missed"),
        ({"number": CUSTOMER, "owner": "Bob"}, "agent:NAME"),
        ({"number": CUSTOMER, "deadline_s": -1}, "seconds above 0"),
        ({"number": CUSTOMER, "deadline_s": True}, "seconds above 0"),
        ({"number": CUSTOMER, "name": "x" * 300}, "200 characters"),
        ({"number": ["1"]}, "number must be a text"),
    ],
)
def test_bad_requests_open_nothing(pbx: Process, body: dict[str, Any], remedy: str) -> None:
    before = pbx.control.get("/contacts/summary")
    assert remedy in refusal(pbx, "POST", "/contacts", body)
    assert pbx.control.get("/contacts/summary")["open"] == before["open"]


def test_an_item_s_life(pbx: Process) -> None:
    opened = pbx.control.request("POST", "/contacts", {"number": "600100201", "queue": "sales", "key": "k1"})
    assert (opened["number"], opened["owner"], opened["created_now"]) == ("+48600100201", "queue:sales", True)
    assert opened["promise"] - opened["created"] == pytest.approx(600, abs=1)
    again = pbx.control.request("POST", "/contacts", {"number": "600100201", "queue": "sales", "key": "k1"})
    assert (again["id"], again["created_now"]) == (opened["id"], False)
    path = f"/contacts/{opened['id']}"
    assert "who does it" in refusal(pbx, "POST", f"{path}/claim", {})
    pbx.control.request("POST", f"{path}/claim", {"by": "agent:101"})
    assert "claimed by agent:101" in refusal(pbx, "POST", f"{path}/claim", {"by": "agent:102"})
    assert "is no end" in refusal(pbx, "POST", f"{path}/close", {"end": "merged", "by": "x"})
    pbx.control.request("POST", f"{path}/close", {"end": "refused", "by": "agent:101", "reason": "bought elsewhere"})
    assert "closed: refused" in refusal(pbx, "POST", f"{path}/close", {"end": "reached", "by": "agent:101"})
    shown = pbx.control.get(path)
    assert [step["event"] for step in shown["journey"]] == ["contact.opened", "contact.claimed", "contact.closed"]
    assert (shown["end"], shown["reason"], shown["ended_by"]) == ("refused", "bought elsewhere", "agent:101")
    assert "no contact" in refusal(pbx, "GET", f"/contacts/{'0' * 32}")


def test_a_number_with_two_items_is_ambiguous(pbx: Process) -> None:
    for queue in ("sales", ""):
        pbx.control.request("POST", "/contacts", {"number": "+48600100202", "queue": queue})
    assert "say which" in refusal(pbx, "POST", "/contacts/600100202/claim", {"by": "agent:101"})


def test_lists_refuse_nonsense(pbx: Process) -> None:
    assert "is no state" in refusal(pbx, "GET", "/contacts?state=lost")
    assert "give a number" in refusal(pbx, "GET", "/contacts?since=yesterday")
    assert pbx.control.get("/contacts?state=all&number=%27%20OR%201%3D1%20--") == []


def test_an_export_executes_nothing(pbx: Process) -> None:
    """What a customer or an agent wrote is text to a spreadsheet."""
    name = '=HYPERLINK("http://evil","x")'
    pbx.control.request("POST", "/contacts", {"number": "+48600100203", "name": name, "reason": "@SUM(A1)\x1b[2J"})
    done = run(pbx, "contacts", "list", "--csv", "--number", "+48600100203")
    assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["number"] == "+48600100203"
    assert row["reason"].startswith("'@SUM(A1)")
    assert not row["name"].startswith("=")
    assert "\x1b" not in done.stdout


def test_commands(pbx: Process) -> None:
    assert "opened" in run(pbx, "contacts", "add", "+48600100204", "--queue", "sales").stdout
    assert "waits since" in run(pbx, "contacts", "show", "+48600100204").stdout
    wrong = run(pbx, "contacts", "close", "+48600100204", "happy")
    assert (wrong.returncode, "is no end" in wrong.stderr) == (1, True)
    assert "oldest" in run(pbx, "contacts", "summary").stdout
    assert "nobody was missed" not in run(pbx, "report", "missed").stdout
    header = run(pbx, "report", "missed", "--csv").stdout.splitlines()[0]
    assert header.startswith("queue,contacts,not_customers,customers")
    status, text = pbx.get("/metrics")
    assert status == 200
    assert 'centrala_contacts_open{kind="missed",queue="sales"}' in text

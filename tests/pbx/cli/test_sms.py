"""`centrala sms`: what it asks of the PBX, and what people read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pbx.cli.commands import app

ROW = {
    "id": "m1",
    "number": "+48600100200",
    "state": "delivered",
    "parts": 2,
    "coding": "ucs2",
    "gateway": "carrier",
    "template": "sorry",
    "source": "queue:sales",
    "error": "",
    "created": 1_790_000_000.0,
    "cost": 0.16,
    "new": True,
    "text": "Oddzwonimy",
}
ANSWERS: dict[tuple[str, str], Any] = {
    ("POST", "/sms"): ROW,
    ("GET", "/sms?number=600&limit=30"): [ROW],
    ("GET", "/sms/m1"): {**ROW, "sent": [{"id": "g1", "state": "delivered"}]},
    ("POST", "/sms/m1"): {**ROW, "state": "queued"},
    ("GET", "/sms/inbox?number=&limit=30"): [
        {"received": 1_790_000_000.0, "number": "+48600100200", "to": "5000", "what": "stop", "text": "STOP"}
    ],
    ("GET", "/sms/optout?limit=1000"): [{"number": "+48600100200", "since": 1_790_000_000.0, "by": "sms:carrier"}],
    ("POST", "/sms/optout"): {"number": "+48600100200"},
    ("DELETE", "/sms/optout"): {"number": "+48600100200"},
    ("GET", "/sms/templates"): [
        {"name": "sorry", "language": "pl", "coding": "ucs2", "parts": 1, "text": "Zadzwonimy"}
    ],
    ("GET", "/sms/figures"): {
        "gateways": [
            {
                "name": "carrier",
                "kind": "smpp",
                "up": True,
                "under_way": 0,
                "throttled": 3,
                "spent": [1.5, 20.0],
                "currency": "PLN",
            }
        ],
        "states": {"queued": 4},
        "opted_out": 1,
    },
}


@pytest.mark.parametrize(
    ("command", "asked", "prints"),
    [
        (
            ["send", "600100200", "--template", "sorry", "--set", "queue=sales", "--key", "k", "--now"],
            {
                "to": "600100200",
                "source": "cli",
                "urgent": True,
                "template": "sorry",
                "key": "k",
                "variables": {"queue": "sales"},
            },
            "is taken: 2 parts in ucs2",
        ),
        (["test", "Oddzwonimy"], {"to": "", "preview": True, "text": "Oddzwonimy"}, "2 parts in ucs2, costs 0.16"),
        (["list", "--number", "600", "--ids"], None, "carrier"),
        (["show", "m1"], None, "g1"),
        (["settle", "m1", "resend"], {"action": "resend"}, "is queued"),
        (["inbox"], None, "STOP"),
        (["optout"], None, "sms:carrier"),
        (["optout", "add", "600100200"], {"number": "600100200"}, "gets no messages"),
        (["optout", "remove", "600100200"], {"number": "600100200"}, "may get messages"),
        (["templates"], None, "Zadzwonimy"),
        (["gateways"], None, "1.5 PLN"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_commands(
    monkeypatch: pytest.MonkeyPatch, command: list[str], asked: dict[str, Any] | None, prints: str
) -> None:
    bodies: list[Any] = []

    def ask(_path: Path, method: str, path: str, body: Any = None) -> Any:
        bodies.append(body)
        return ANSWERS[method, path]

    monkeypatch.setattr("pbx.cli.sms.ask", ask)
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, ["sms", *command])
    assert done.exit_code == 0, done.output
    assert prints in done.output
    assert bodies == [asked]

"""The `money` step: a visitor of a site, and receivers of GA4 and of a CRM that are down until they are let be there.

`{visit: {page: URL, number: "+48...", consent: true}}` is a page view, and the number that the page is given;
`{receivers: up}` lets both answer; `{told: {ga: [name, ...], crm: [event, ...]}}` waits for these, each once, and that
the outbox has nothing left; `has` are parts of GA's parameters, by name.
"""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING, Any

from tests.support.analytics_services import Ga4, Served

if TYPE_CHECKING:
    from harness.pbx import Pbx

RECEIVER = 8  # last octet of the receivers' address
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
GA_PORT, CRM_PORT = 8086, 8087


class MoneyFailed(Exception):
    """The text says what was expected and what came."""


class Money:
    """Of one behaviour."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        settings = pbx.config["ga4"][0]
        self._ga = Ga4(settings["measurement_id"], settings["api_secret"])
        self._told: list[tuple[str, dict[str, Any]]] = []  # (delivery's id, body)
        host = pbx.network.address(RECEIVER)
        self._served = [Served(host, GA_PORT, self._ga.answer), Served(host, CRM_PORT, self._crm)]
        for one in self._served:
            one.down = True

    def _crm(self, _url: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        self._told.append((headers["X-Centrala-Id"], json.loads(body)))
        return 200, {}

    def act(self, wanted: dict[str, Any], timeout_s: float) -> None:
        """Does one step. Raises MoneyFailed."""
        if "visit" in wanted:
            self._visit(wanted["visit"])
        elif "receivers" in wanted:
            if not all(one.refused for one in self._served):
                self._wait(lambda: all(one.refused for one in self._served), "nobody was asked while down", timeout_s)
            for one in self._served:
                one.down = False
        elif "told" in wanted:
            self._await(wanted["told"], timeout_s)

    def close(self) -> None:
        for one in self._served:
            one.close()

    def _visit(self, wanted: dict[str, Any]) -> None:
        site = self._pbx.config["site_web"][0]
        allowed = bool(wanted.get("consent", True))
        body = {
            "site": site["key"],
            "page": wanted["page"],
            "lines": ["main"],
            "ga_client": "11.22",
            "ga_session": "33",
        }
        body["consent"] = {"tracking": allowed, "analytics": allowed, "ads": allowed}
        connection = http.client.HTTPConnection(self._pbx.address, 8080, timeout=10)
        try:
            headers = {"Content-Type": "application/json", "Origin": site["origins"][0], "User-Agent": BROWSER}
            connection.request("POST", "/t/visit", json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200 or wanted["number"] not in text:
            raise MoneyFailed(f"the page was told {answer.status} {text[:500]}")

    def _await(self, wanted: dict[str, Any], timeout_s: float) -> None:
        ga, crm = sorted(wanted.get("ga", [])), sorted(wanted.get("crm", []))
        self._wait(lambda: len(self._ga.events) >= len(ga) and len(self._told) >= len(crm), "less was told", timeout_s)
        self._wait(lambda: not self._pending(), "the outbox is not empty", timeout_s)
        if self._ga.faults:
            raise MoneyFailed(f"GA would drop this: {self._ga.faults}")
        found = sorted(event["name"] for event in self._ga.events), sorted(body["event"] for _, body in self._told)
        if found != (ga, crm):
            raise MoneyFailed(f"told {found}, expected {(ga, crm)}")
        for name, value in wanted.get("has", {}).items():
            if not any(event["params"].get(name) == value for event in self._ga.events):
                raise MoneyFailed(f"no event has {name}={value!r}: {self._ga.events}")
        calls = {event["params"]["call_id"] for event in self._ga.events}
        if not calls & {body["call_id"] for _, body in self._told}:
            raise MoneyFailed(f"GA and CRM have no id in common: {calls}")

    def _pending(self) -> int:
        return len(self._pbx.control.request("GET", "/outbox?state=pending"))

    def _wait(self, done: Any, text: str, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > deadline:
                raise MoneyFailed(f"{text}: GA {self._ga.events} {self._ga.faults}, CRM {self._told}")
            time.sleep(0.02)

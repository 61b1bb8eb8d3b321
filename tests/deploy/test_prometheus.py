"""A real Prometheus scrapes our registry over HTTP, evaluates our rules and answers every query of the dashboard."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from pbx.events import EventBus
from pbx.metrics.metrics import Metrics
from tests.deploy.names import PROMETHEUS, panel_queries, rules
from tests.pbx.metrics.support import busy, publish
from tests.support.journeys import answered

HOST = "127.17.0.1"

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus (Debian's package prometheus) is not installed"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Server:
    """Prometheus in a temporary folder with the rules of deploy/, scraping `target` twice a second."""

    def __init__(self, folder: Path, target: str) -> None:
        config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
        config["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
        shutil.copytree(PROMETHEUS / "rules", folder / "rules")
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._port = free_port()
        self._log = (folder / "log").open("w")
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address={HOST}:{self._port}",
            ],
            stdout=self._log,
            stderr=self._log,
        )

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def get(self, path: str, **query: str) -> Any:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=10)
        try:
            connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status == 503:  # in words, until it has read its storage
            raise ConnectionError(text.decode())
        body = json.loads(text)
        assert response.status == 200, body
        assert body["status"] == "success", body
        return body["data"]

    def value(self, expression: str) -> float | None:
        result = self.get("query", query=expression)["result"]
        return float(result[0]["value"][1]) if result else None

    def wait_for(self, expression: str, wanted: float, timeout_s: float = 30.0) -> None:
        deadline = time.monotonic() + timeout_s
        found: object = None
        while time.monotonic() < deadline:
            try:
                found = self.value(expression)
            except OSError as error:
                found = error
            if found == wanted:
                return
            time.sleep(0.2)
        pytest.fail(f"{expression} is {found}, not {wanted}, after {timeout_s} s")


@pytest.fixture
def exposed() -> Iterator[tuple[str, EventBus, Metrics]]:
    """Our registry behind a small HTTP server."""
    bus, metrics = busy()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text, content_type = metrics.scrape()
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"{HOST}:{server.server_port}", bus, metrics
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def prometheus(tmp_path: Path, exposed: tuple[str, EventBus, Metrics]) -> Iterator[Server]:
    server = Server(tmp_path, exposed[0])
    yield server
    server.stop()


def test_scrape_rules_and_dashboard(prometheus: Server, exposed: tuple[str, EventBus, Metrics]) -> None:
    target, bus, _ = exposed
    prometheus.wait_for('up{job="centrala"}', 1)
    prometheus.wait_for("centrala_calls_active", 1)
    assert prometheus.value('centrala_queue_calls_total{queue="sales",outcome="abandoned"}') == 2
    assert prometheus.value('centrala_trunk_calls_total{outcome="busy"}') == 1
    assert prometheus.value("centrala_queue_longest_wait_seconds") == 42.5
    assert prometheus.value('centrala_agents{state="available"}') == 2
    (found,) = prometheus.get("targets")["activeTargets"]
    assert (found["health"], found["lastError"], found["scrapeUrl"]) == ("up", "", f"http://{target}/metrics")

    for number in range(100, 110):
        publish(bus, answered(number))
    prometheus.wait_for("sum(centrala_calls_ended_total)", 19)
    prometheus.wait_for("count(queue:centrala_service_level_sl4:ratio_rate15m)", 1)
    prometheus.wait_for("instance:centrala_answer_rate:ratio_rate15m", 1)

    for title, expression in panel_queries():
        assert "$" not in expression, title
        prometheus.get("query", query=expression)
    health = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert len(health) == len(rules())
    assert {rule["health"] for rule in health} == {"ok"}, [r["lastError"] for r in health if r["health"] != "ok"]

"""The dashboard, the rules and the unit: well-formed, consistent with each other and with the registry."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.deploy.names import DEPLOY, PROMETHEUS, dashboard, names, panel_queries, rules
from tests.pbx.metrics.support import busy

promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool (Debian's package prometheus) is not installed"
)


def run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@promtool
def test_prometheus_takes_the_configuration() -> None:
    run(["promtool", "check", "config", "prometheus.yml"], PROMETHEUS)
    out = run(["promtool", "check", "rules", *map(str, sorted((PROMETHEUS / "rules").glob("*.yml")))], PROMETHEUS)
    assert "duplicate" not in out


@promtool
def test_rules_do_what_they_say() -> None:
    run(["promtool", "test", "rules", "rules.test.yml"], PROMETHEUS / "tests")


def series() -> set[str]:
    _, metrics = busy()
    return {sample.name for family in metrics.registry.collect() for sample in family.samples}


def test_every_metric_that_is_asked_for_exists() -> None:
    known = series() | {rule["record"] for rule in rules() if "record" in rule}
    asked = {name for _, expression in panel_queries() for name in names(expression)}
    asked |= {name for rule in rules() for name in names(rule["expr"])}
    asked |= {name for variable in dashboard()["templating"]["list"] for name in names(str(variable["query"]))}
    assert asked - known == set()
    assert len(asked) > 50


def test_every_metric_is_shown() -> None:
    """What is worth measuring is worth a place on the dashboard."""
    _, metrics = busy()
    shown = {name for _, expression in panel_queries() for name in names(expression)}
    shown |= {name for rule in rules() if "record" in rule for name in names(rule["expr"])}
    for family in metrics.registry.collect():
        if family.name.startswith("centrala_"):
            assert {sample.name for sample in family.samples} & shown, family.name


def test_every_recorded_series_is_used() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    used = {name for _, expression in panel_queries() for name in names(expression)}
    used |= {name for rule in rules() for name in names(rule["expr"])}
    assert recorded - used == set()


def test_every_alert_says_what_to_do() -> None:
    for rule in rules():
        if "alert" in rule:
            assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
            assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]


def test_the_dashboard_is_well_formed() -> None:
    board = dashboard()
    assert board["uid"] == "centrala"
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} overlaps another panel"
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"] is not None
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0, panel["title"]
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert variables == {"datasource", "instance", "queue", "trunk"}


def test_provisioning_files() -> None:
    for path in (DEPLOY / "grafana" / "provisioning").rglob("*.yml"):
        assert yaml.safe_load(path.read_text())["apiVersion"] == 1


def test_the_unit_is_one_of_systemd() -> None:
    path = DEPLOY / "systemd" / "centrala.service"
    text = path.read_text()
    for line in ("Restart=on-failure", "KillSignal=SIGTERM", "UMask=0077", "NoNewPrivileges=yes"):
        assert line in text
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if "centrala" in line and "is not executable" not in line]
    assert complaints == []

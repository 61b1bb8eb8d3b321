"""Which metrics the files under deploy/ ask for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
DASHBOARD = DEPLOY / "grafana" / "centrala.json"

_NAME = re.compile(r"(?<![a-z_:])((?:[a-z]+:)?(?:centrala|process)_[a-z0-9_]+(?::[a-z0-9_]+)?)")
_VARIABLES = {
    "$__rate_interval": "1m",
    "$__range": "1h",
    "$instance": ".*",
    "$queue": ".*",
    "$trunk": ".*",
}


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def panel_queries() -> list[tuple[str, str]]:
    """(title, expression) of every query of the dashboard, the variables filled in."""
    found = [(panel["title"], target["expr"]) for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    found += [("annotation", note["expr"]) for note in dashboard()["annotations"]["list"] if "expr" in note]
    for variable, text in _VARIABLES.items():
        found = [(title, expression.replace(variable, text)) for title, expression in found]
    return found


def rules() -> list[dict[str, Any]]:
    """Every recording and alerting rule."""
    return [
        rule
        for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


def names(expression: str) -> set[str]:
    """The metrics and recorded series that an expression reads."""
    return set(_NAME.findall(expression))

"""A small hotline and scripts for it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from pbx.config import Config
from pbx.config import Flow as FlowEntry
from pbx.flow.loader import load_flows
from pbx.flow.model import Flow
from pbx.flow.rehearsal.report import Result
from pbx.flow.rehearsal.run import config_of, run_script
from pbx.flow.rehearsal.script import Script, read_script

CONFIG = {
    "queue": [{"name": "sales", "max_wait_s": 30}],
    "hours": [{"name": "office", "mon": ["09:00-17:00"], "timezone": "Europe/Warsaw"}],
    "extension": [{"number": "102", "secret": "secret-102"}],
    "http": {"hosts": ["stt.example"]},
    "speech": {"recognizer": {"url": "https://stt.example/v1"}},
}
BLOCKS: dict[str, dict[str, Any]] = {
    "when": {"kind": "hours", "hours": "office", "open": "hello", "closed": "night"},
    "hello": {"kind": "say", "text": {"pl": "Dzień dobry", "en": "Good morning"}, "next": "ask"},
    "ask": {
        "kind": "menu",
        "text": {"pl": "Naciśnij jeden", "en": "Press one"},
        "keys": {"1": "sales", "2": "phone", "3": "echo"},
        "retries": 1,
    },
    "sales": {"kind": "queue", "queue": "sales", "keys": {"5": "bye"}, "timeout": "late"},
    "phone": {"kind": "dial", "target": "102", "busy": "late", "no_answer": "late", "timeout_s": 10},
    "echo": {"kind": "echo"},
    "late": {"kind": "hangup", "text": {"pl": "Przepraszamy", "en": "Sorry"}},
    "night": {"kind": "hangup", "text": {"pl": "Nieczynne", "en": "Closed"}, "cause": "busy"},
    "bye": {"kind": "hangup"},
}


def hotline(**blocks: dict[str, Any]) -> tuple[Flow, Config]:
    entry = FlowEntry(name="hotline", start="when", language="en", block={**BLOCKS, **blocks})
    config = Config.model_validate({**CONFIG, "server": {"timezone": "Europe/Warsaw"}, "flow": [entry]})
    return load_flows(config)["hotline"], config


def run(script: str | dict[str, Any], **blocks: dict[str, Any]) -> list[Result]:
    """The results of a script (YAML, or what it says) on the hotline."""
    data = yaml.safe_load(dedent(script)) if isinstance(script, str) else script
    flow, config = hotline(**blocks)
    return run_script(flow, Script.model_validate(data), config_of(Script.model_validate(data), Path(), lambda: config))


def written(folder: Path, text: str) -> Script:
    path = folder / "script.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return read_script(path)

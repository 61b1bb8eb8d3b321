"""Runs a whole script: reads flow, configuration and callers, and judges each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import ValidationError

from pbx.config import Config
from pbx.configfile.explain import explain
from pbx.configfile.load import load
from pbx.configfile.problem import ConfigError
from pbx.flow.model import Flow
from pbx.flow.rehearsal.rehearse import rehearse
from pbx.flow.rehearsal.report import Result
from pbx.flow.rehearsal.script import Script
from pbx.flow.rehearsal.verdict import problems_of


def run_script(flow: Flow, script: Script, config: Config, flows: Mapping[str, Flow] | None = None) -> list[Result]:
    """Every caller of `script` through `flow`, in the script's order. Blocks; call it outside of an event loop."""
    results = []
    for caller in script.callers:
        began = time.perf_counter()
        outcome = rehearse(flow, caller, config, flows or {})
        results.append(Result(outcome, problems_of(outcome), time.perf_counter() - began))
    return results


def config_of(script: Script, folder: Path, otherwise: Callable[[], Config]) -> Config:
    """The configuration that the script names or holds; `otherwise` when it does neither. ConfigError when wrong."""
    if script.config is None:
        return otherwise()
    if isinstance(script.config, str):
        return load(folder / script.config).config
    try:
        return Config.model_validate(script.config)
    except ValidationError as error:
        raise ConfigError(list(explain(error))) from None

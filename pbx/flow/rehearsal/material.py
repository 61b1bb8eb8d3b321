"""The flow that is to be rehearsed: a JSON document, or one of the configuration; and those that it may go into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pbx.config import Config
from pbx.config import Flow as FlowEntry
from pbx.configfile.explain import explain
from pbx.configfile.problem import ConfigError
from pbx.flow.errors import FlowError
from pbx.flow.loader import load_flows
from pbx.flow.model import Flow

MAX_BYTES = 4_000_000


def find_flow(name: str, config: Config) -> tuple[Flow, Mapping[str, Flow]]:
    """(the flow, all flows by name) for a document's path or a name. FlowError, ConfigError with every fault."""
    path = Path(name)
    if path.suffix == ".json" or path.exists():
        entry = _read(path)
        others = [flow for flow in config.flow if flow.name != entry.name]
        flows = load_flows(config.model_copy(update={"flow": [*others, entry]}))
        return flows[entry.name], flows
    flows = load_flows(config)
    if name not in flows:
        close = get_close_matches(name, flows, 1)
        known = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(sorted(flows)) or 'none'}"
        raise FlowError(f"no flow is called {name!r}, and it is no file", known)
    return flows[name], flows


def _read(path: Path) -> FlowEntry:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FlowError(f"{path}: {error.strerror or error}", "name a JSON document") from None
    if len(data) > MAX_BYTES:
        raise FlowError(f"{path} has {len(data)} bytes, more than {MAX_BYTES}", "divide it into sub-flows")
    try:
        document: Any = json.loads(data)
        fields = {key: value for key, value in document.items() if key not in ("schema", "blocks")}
        return FlowEntry.model_validate({**fields, "block": document.get("blocks", {})})
    except (ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, ValidationError):
            raise ConfigError(list(explain(error))) from None
        raise FlowError(f"{path} is no JSON document of a flow: {error}", "export one to see how they look") from None

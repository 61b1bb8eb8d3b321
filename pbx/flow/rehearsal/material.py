"""The flow that is to be rehearsed: a JSON document, or one of the configuration; and those that it may go into."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from pbx.config import Config
from pbx.configfile.problem import ConfigError
from pbx.flow.document import parse, read
from pbx.flow.errors import FlowError
from pbx.flow.loader import build, load_flows
from pbx.flow.model import Flow
from pbx.flow.references import House
from pbx.flow.validation import validate


def find_flow(name: str, config: Config) -> tuple[Flow, Mapping[str, Flow]]:
    """(the flow, all flows by name) for a document's path or a name. FlowError, ConfigError with every fault."""
    path = Path(name)
    if path.suffix == ".json" or path.exists():
        return of_document(_text(path), config)
    flows = load_flows(config)
    if name not in flows:
        close = get_close_matches(name, flows, 1)
        known = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(sorted(flows)) or 'none'}"
        raise FlowError(f"no flow is called {name!r}, and it is no file", known)
    return flows[name], flows


def of_document(text: bytes | str, config: Config) -> tuple[Flow, Mapping[str, Flow]]:
    """(the flow, all flows by name) of a JSON document; it stands for the one of its name. ConfigError with every
    fault."""
    values, problems = parse(text)
    document, found = read(values) if not problems else (None, problems)
    if document is None:
        raise ConfigError(found)
    flow, problems = build(document)
    others = config.model_copy(update={"flow": [entry for entry in config.flow if entry.name != flow.name]})
    flows = load_flows(others, published={flow.name: flow})
    problems += [] if problems else validate(flow, House(others, None, flows))
    if problems:
        raise ConfigError(problems)
    return flow, flows


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FlowError(f"{path}: {error.strerror or error}", "name a JSON document") from None

"""pydantic's findings in the words of whoever wrote the file: the value, what was expected, what to write instead."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pbx.config import Config
from pbx.configfile.problem import Path, Problem

# Keys whose values, and those of tables below them, no message may show.
SECRET_KEYS = frozenset(
    {
        "secret",
        "password",
        "pin",
        "moderator_pin",
        "pins",
        "token",
        "callback_secret",
        "secrets",
        "headers",
        "api_secret",
        "server_token",
        "client_secret",
        "refresh_token",
    }
)


def explain(error: ValidationError) -> list[Problem]:
    """One problem for each finding; the lines are filled in by the caller."""
    return [_explain(dict(item)) for item in error.errors(include_url=False)]


def _explain(item: dict[str, Any]) -> Problem:
    path: Path = tuple(part for part in item["loc"] if part != "[key]")
    kind = item["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return Problem(path, "is missing", f"add `{path[-1]} = ...` to this table")
    expected = item["msg"][0].lower() + item["msg"][1:]
    hidden = isinstance(item["input"], dict) or any(part in SECRET_KEYS for part in path)
    given = "the value" if hidden else repr(item["input"])
    if len(given) > 60:
        given = given[:57] + "..."
    return Problem(path, f"{given} is not accepted: {expected}", _remedy(kind, item.get("ctx", {})))


def _remedy(kind: str, context: dict[str, Any]) -> str:
    if kind == "literal_error":
        return f"write one of {context['expected']}"
    if kind == "string_pattern_mismatch":
        return f"write what fits {context['pattern']}"
    if kind == "string_type":
        return 'put it in quotes: "..."'
    if kind.startswith(("int_", "float_")):
        return "write a number without quotes"
    if kind.startswith("bool_"):
        return "write true or false"
    if kind == "list_type":
        return 'write a list: ["...", "..."]'
    if kind in ("model_type", "dict_type"):
        return "write it as a [table]"
    return "correct the value"


def _unknown_key(path: Path) -> Problem:
    names = _known_names(path[:-1])
    close = get_close_matches(str(path[-1]), names, n=1)
    if close:
        return Problem(path, "is not a known key", f"did you mean `{close[0]}`?")
    return Problem(path, "is not a known key", f"known keys here: {', '.join(sorted(names))}")


def _known_names(path: Path) -> list[str]:
    """The keys that the table at `path` may have."""
    model: type[BaseModel] | None = Config
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        field = model.model_fields.get(part)
        model = _section(field.annotation) if field is not None else None
    return list(model.model_fields) if model is not None else []


def _section(annotation: object) -> type[BaseModel] | None:
    """The model inside an annotation such as `Queue` or `list[Queue]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _section(inner)
        if found is not None:
            return found
    return None

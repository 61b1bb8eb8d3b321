"""field=value of the command line, as the section's model wants it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from pbx.configfile.problem import ConfigError
from pbx.settings.sections import Area, SpeedDials
from pbx.settings.yaml_text import area_of


def field_values(section: str, pairs: list[str], present: dict[str, Any]) -> dict[str, Any]:
    """Values by field; of tables (`callback.mode`) with what `present` has beside. ValueError says what is wrong."""
    try:
        area = area_of(section)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"{pair!r} is no field=value")
        field, _, inner = name.partition(".")
        if inner:
            table = dict(found.get(field, present.get(field, {})))
            table[inner] = _value(_inner(area, field, inner), text)
            found[field] = table
        else:
            found[field] = _value(_annotation(area.model, field), text)
    return found


def _annotation(model: type[BaseModel], field: str) -> Any:
    if model is SpeedDials:
        return str
    known = model.model_fields.get(field)
    if known is None:
        raise ValueError(f"there is no field {field!r}; fields: {', '.join(model.model_fields)}")
    return known.annotation


def _inner(area: Area, field: str, inner: str) -> Any:
    outer = _annotation(area.model, field)
    if isinstance(outer, type) and issubclass(outer, BaseModel):
        return _annotation(outer, inner)
    return Any


def _value(annotation: Any, text: str) -> Any:
    """A text where a text is wanted; else JSON, or words between commas for a list."""
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    candidates: list[Any] = [text]
    with contextlib.suppress(json.JSONDecodeError):
        candidates.append(json.loads(text))
    candidates.append([part.strip() for part in text.split(",") if part.strip()])
    for candidate in candidates:
        with contextlib.suppress(ValidationError):
            adapter.validate_python(candidate)
            return candidate
    return candidates[-2]  # refused by who takes it, with the reason

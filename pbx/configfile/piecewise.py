"""A large configuration is read entry by entry: one call for ten thousand of them would hold the interpreter's lock,
and with it the event loop of the process that reads the file again, for as long as it takes.
"""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pbx.config import Config

MANY = 200  # entries of a list, from which on it is read one by one


def config_of(values: dict[str, Any]) -> Config:
    """What `Config.model_validate(values)` gives. Raises pydantic's ValidationError, with the same places."""
    return Config.model_validate({name: _piecewise(name, value) for name, value in values.items()})


def _piecewise(name: str, value: Any) -> Any:
    field = Config.model_fields.get(name)
    model = next(iter(get_args(field.annotation)), None) if field is not None else None
    entries = isinstance(value, list) and len(value) > MANY
    if not entries or not (isinstance(model, type) and issubclass(model, BaseModel)):
        return value
    return [_entry(model, entry) for entry in value]


def _entry(model: type[BaseModel], entry: Any) -> Any:
    try:
        return model.model_validate(entry)
    except ValidationError:  # told with its place in the list, when the whole is read
        return entry

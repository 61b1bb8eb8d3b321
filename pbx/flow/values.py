"""Values of expressions: JSON, with a size that no operation can stretch."""

from __future__ import annotations

from typing import Any

from pbx.flow.errors import ExpressionError

Value = str | int | float | bool | None | list[Any] | dict[str, Any]

MAX_TEXT = 4096  # characters
MAX_NUMBER = 10**15  # beyond it floats and integers part ways


def kind_of(value: object) -> str:
    """The type in words for people."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "a table"


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number(value: Value, position: int) -> int | float:
    """`value`, which must be a number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        remedy = "turn it into one with number(...)" if isinstance(value, str) else "use a number here"
        raise ExpressionError(f"{kind_of(value)} where a number is needed", position, remedy)
    if not abs(value) <= MAX_NUMBER:  # neither NaN
        raise ExpressionError("a number beyond 10^15", position, "use smaller ones")
    return value


def text(value: Value, position: int) -> str:
    """`value`, which must be a text; null is the empty one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        remedy = "turn it into one with text(...)"
        raise ExpressionError(f"{kind_of(value)} where a text is needed", position, remedy)
    return value


def bounded(value: Value, position: int) -> Value:
    """`value` when its size is within bounds."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise ExpressionError(f"a text of more than {MAX_TEXT} characters comes out", position, "use shorter ones")
    if isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER:
        raise ExpressionError("a number beyond 10^15 comes out", position, "use smaller ones")
    return value


def equal(left: Value, right: Value) -> bool:
    """JSON's equality: true is not 1."""
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return left == right


def as_text(value: Value) -> str:
    """A value as people write it: whole numbers without a point, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, dict)):
        raise TypeError(kind_of(value))
    return str(value)

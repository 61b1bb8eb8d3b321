"""The functions of expressions: pure, and each bounded by the size of what it is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pbx.flow.errors import ExpressionError
from pbx.flow.values import Value, as_text, kind_of, number, text

MAX_PARTS = 200  # of a text that is split
EPOCH = date(1970, 1, 1).toordinal()

Body = Callable[[list[Value], int], Value]


@dataclass(frozen=True, slots=True)
class Function:
    """`run(values, position)`; `form` shows how it is written."""

    run: Body
    least: int
    most: int
    form: str


def _len(values: list[Value], position: int) -> Value:
    (value,) = values
    if value is None:
        return 0
    if isinstance(value, (str, list, dict)):
        return len(value)
    raise ExpressionError(f"{kind_of(value)} has no length", position, "give it a text or a list")


def _text(values: list[Value], position: int) -> Value:
    try:
        return as_text(values[0])
    except TypeError as error:
        raise ExpressionError(f"{error} is no text", position, "choose a member with [...]") from None


def _number(values: list[Value], position: int) -> Value:
    value = values[0]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    if value is None:
        return None
    written = text(value, position).strip().replace(",", ".")
    if not written or len(written) > 20 or not set(written) <= set("+-.0123456789"):
        return None
    try:
        return float(written) if "." in written else int(written)
    except ValueError:
        return None


def _digits(values: list[Value], position: int) -> Value:
    return "".join(character for character in text(values[0], position) if character in "0123456789")


def _starts(values: list[Value], position: int) -> Value:
    first, *rest = (text(value, position).casefold() for value in values)
    return first.startswith(tuple(rest))


def _ends(values: list[Value], position: int) -> Value:
    first, *rest = (text(value, position).casefold() for value in values)
    return first.endswith(tuple(rest))


def _contains(values: list[Value], position: int) -> Value:
    first, *rest = (text(value, position).casefold() for value in values)
    return any(part in first for part in rest)


def _date(values: list[Value], position: int) -> Value:
    written = text(values[0], position)
    try:
        return date.fromisoformat(written).toordinal() - EPOCH
    except ValueError:
        said = f"{written[:20]!r} is no date"
        raise ExpressionError(said, position, 'write year, month and day: "2026-12-24"') from None


def _minutes(values: list[Value], position: int) -> Value:
    written = text(values[0], position)
    hour, colon, minute = written.partition(":")
    fits = (
        colon and len(hour) in (1, 2) and len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()
    )
    if not fits or int(hour) > 24 or int(minute) > 59:
        raise ExpressionError(f"{written[:20]!r} is no time of day", position, 'write hours and minutes: "17:30"')
    return int(hour) * 60 + int(minute)


def _replace(values: list[Value], position: int) -> Value:
    whole, old, new = (text(value, position) for value in values)
    if not old:
        return whole
    if len(whole) + whole.count(old) * (len(new) - len(old)) > 4096:
        raise ExpressionError("the text becomes too long", position, "replace by something shorter")
    return whole.replace(old, new)


def _slice(values: list[Value], position: int) -> Value:
    whole = text(values[0], position)
    bounds = [number(value, position) for value in values[1:]]
    if any(bound != int(bound) for bound in bounds):
        raise ExpressionError("a part of a character", position, "use whole numbers")
    return whole[slice(*(int(bound) for bound in bounds))] if len(bounds) == 2 else whole[int(bounds[0]) :]


def _split(values: list[Value], position: int) -> Value:
    whole, separator = text(values[0], position), text(values[1], position)
    if not separator:
        raise ExpressionError("a text split at nothing", position, 'name what is between the parts: ","')
    return [part.strip() for part in whole.split(separator, MAX_PARTS)]


def _round(values: list[Value], position: int) -> Value:
    value = number(values[0], position)
    places = number(values[1], position) if len(values) == 2 else 0
    if places not in range(10):
        raise ExpressionError("places of a rounded number", position, "use 0 to 9")
    rounded = math.floor(value * 10 ** int(places) + 0.5) / 10 ** int(places)
    return int(rounded) if not places else rounded


def _first_known(values: list[Value], _position: int) -> Value:
    return next((value for value in values if value is not None and value != ""), None)


def _folded(change: Callable[[str], str]) -> Body:
    return lambda values, position: change(text(values[0], position))


def _numeric(change: Callable[..., int | float]) -> Body:
    return lambda values, position: change(*(number(value, position) for value in values))


FUNCTIONS: dict[str, Function] = {
    "len": Function(_len, 1, 1, "len(text or list)"),
    "lower": Function(_folded(str.lower), 1, 1, "lower(text)"),
    "upper": Function(_folded(str.upper), 1, 1, "upper(text)"),
    "trim": Function(_folded(str.strip), 1, 1, "trim(text)"),
    "starts": Function(_starts, 2, 20, "starts(text, beginning, ...)"),
    "ends": Function(_ends, 2, 20, "ends(text, end, ...)"),
    "contains": Function(_contains, 2, 20, "contains(text, part, ...)"),
    "digits": Function(_digits, 1, 1, "digits(text)"),
    "number": Function(_number, 1, 1, "number(text)"),
    "text": Function(_text, 1, 1, "text(value)"),
    "date": Function(_date, 1, 1, 'date("2026-12-24")'),
    "minutes": Function(_minutes, 1, 1, 'minutes("17:30")'),
    "replace": Function(_replace, 3, 3, "replace(text, old, new)"),
    "slice": Function(_slice, 2, 3, "slice(text, from, to)"),
    "split": Function(_split, 2, 2, 'split(text, ",")'),
    "round": Function(_round, 1, 2, "round(number, places)"),
    "floor": Function(_numeric(math.floor), 1, 1, "floor(number)"),
    "ceil": Function(_numeric(math.ceil), 1, 1, "ceil(number)"),
    "abs": Function(_numeric(abs), 1, 1, "abs(number)"),
    "min": Function(_numeric(min), 2, 20, "min(number, number, ...)"),
    "max": Function(_numeric(max), 2, 20, "max(number, number, ...)"),
    "first": Function(_first_known, 1, 20, "first(value, value, ...)"),
    "if": Function(lambda values, _: values[1] if values[0] else values[2], 3, 3, "if(condition, value, other)"),
    "list": Function(lambda values, _: list(values), 0, 20, "[value, ...]"),
}

"""Texts of messages with {names}: as people write them, numbers in digits; and links whose opening is counted.

The braces are those of spoken texts; filters that make words of figures have no place here, and a literal brace is
written twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

MAX_VALUE = 200  # characters of one value
_FIELD = re.compile(r"\{\{|\}\}|\{link:([^{}\s]+)\}|\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)\}|[{}]")


class TextError(ValueError):
    """A text that cannot be written; says what and what to do."""


def names(text: str) -> list[str]:
    """The names that `text` needs, each once. Raises TextError for a text that is none."""
    found: list[str] = []
    for field in _FIELD.finditer(text):
        if field[0] in ("{", "}"):
            raise TextError(f"a lone {field[0]} at character {field.start() + 1}; write it twice, or {{name}}")
        if field[2]:
            found.append(field[2])
    return list(dict.fromkeys(found))


def links(text: str) -> list[str]:
    """The addresses of `text`'s links."""
    return [field[1] for field in _FIELD.finditer(text) if field[1]]


def fill(text: str, values: Mapping[str, object], link: Callable[[str], str]) -> str:
    """`text` with its values; `link` makes what stands for an address. Raises TextError for a name without a value."""

    def one(field: re.Match[str]) -> str:
        if field[0] in ("{{", "}}"):
            return field[0][0]
        if field[1]:
            return link(field[1])
        name = field[2]
        if not name:
            raise TextError(f"a lone {field[0]} at character {field.start() + 1}; write it twice, or {{name}}")
        if name not in values or values[name] is None:
            known = ", ".join(sorted(values)) or "none"
            raise TextError(f"nothing is known of {{{name}}}; names with a value: {known}")
        return written(values[name])

    return _FIELD.sub(one, text).strip()


def written(value: object) -> str:
    """A value as it is written: no digits that nobody needs, nothing that breaks a line or hides."""
    if isinstance(value, bool):
        return "1" if value else "0"
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return "".join(mark if mark.isprintable() else " " for mark in text)[:MAX_VALUE].strip()

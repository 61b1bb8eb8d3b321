"""Where each key of a TOML file stands: tomllib gives values without places, and an error without a line costs time.

Only text that tomllib has accepted is read here, so this is a scan and not a second parser. Keys inside an inline
table or a multi-line array have the line of the key that holds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pbx.configfile.problem import Path

_KEY_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|[\[\]{}#]')


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every table header and key of `text`, by path; tables of arrays have their index in it."""
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in _statements(text):
        if line.startswith("["):
            table = _open_table(line, counts)
            lines.setdefault(table, number)
        else:
            lines.setdefault(table + _keys(line), number)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest key around it; 0 when nothing of it is in the file."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 0


def _open_table(line: str, counts: dict[Path, int]) -> Path:
    """The full path of a `[table]` or `[[array of tables]]` header; `counts` holds how many tables each array has."""
    array = line.startswith("[[")
    names = _keys(line.lstrip("["))
    path: Path = ()
    for position, name in enumerate(names):
        path += (name,)
        last = position == len(names) - 1
        if array and last:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path += (counts[path] - 1,)
    return path


def _keys(text: str) -> tuple[str, ...]:
    """The parts of a dotted key at the start of `text`."""
    parts: list[str] = []
    at = 0
    while match := _KEY_PART.match(text, at):
        parts.append(next(group for group in match.groups() if group is not None))
        at = match.end()
        if at >= len(text) or text[at] != ".":
            break
        at += 1
    return tuple(parts)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """(line number, stripped first line) of each header and key; the inside of long strings and arrays is left out."""
    quote = ""
    depth = 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        first = not quote and depth == 0 and line != "" and not line.startswith("#")
        if first and line.startswith("["):
            yield number, line
            continue
        if first:
            yield number, line
        quote, depth = _scan(raw, quote, depth)


def _scan(line: str, quote: str, depth: int) -> tuple[str, int]:
    """Follows long strings and brackets through one line; returns the state at its end."""
    at = 0
    while at < len(line):
        if quote:
            end = line.find(quote, at)
            if end < 0:
                return quote, depth
            at, quote = end + 3, ""
            continue
        token = _TOKEN.search(line, at)
        if token is None or token.group() == "#":
            break
        at = token.end()
        mark = token.group()
        if mark in ('"""', "'''"):
            quote = mark
        elif mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
    return quote, depth

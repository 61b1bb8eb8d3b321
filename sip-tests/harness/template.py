"""Fills a SIPp scenario in: keys, the parts that scenarios share, and what they tell the harness about RTP.

| in the scenario | becomes |
|---|---|
| `{{key}}`, `{{key:default}}` | the value of the step's key; a line that holds only an empty one goes |
| `{{>part}}`, `{{>part key="value"}}` | `parts/part.xml` of the behaviour, else of the library, with that key |
| `{{learn_rtp}}`, `{{start_rtp}}`, `{{start_rtp_2}}`, `{{rtp_reference}}` | the macros below |
"""

from __future__ import annotations

import re
from pathlib import Path

from harness.model import LIBRARY

PARTS = LIBRARY / "parts"
DEPTH = 8
_PART = re.compile(r"""\{\{>(\w+)((?:\s+\w+="[^"]*")*)\s*\}\}""")
_ARGUMENT = re.compile(r"""(\w+)="([^"]*)\"""")
_KEY = re.compile(r"\{\{(\w+)(?::([^}]*))?\}\}")
_KEY_LINE = re.compile(r"^[ \t]*\{\{(\w+)(?::([^}]*))?\}\}[ \t]*\n", re.MULTILINE)

# Into an <action>: remembers where the far end of the SDP wants its RTP / says that RTP may start.
MACROS = {
    "learn_rtp": (
        '<ereg regexp="c=IN IP[46] *([0-9A-Fa-f.:]+)" search_in="msg" check_it="true" assign_to="rtp_all_a,rtp_ip"/>'
        '<ereg regexp="m=audio *([0-9]+)" search_in="msg" check_it="true" assign_to="rtp_all_b,rtp_port"/>'
    ),
    "start_rtp": '<log message="rtp [$rtp_ip] [$rtp_port]"/>',
    "start_rtp_2": '<log message="rtp [$rtp_ip] [$rtp_port] 2"/>',  # from now on at the endpoint's second port
    "rtp_reference": '<Reference variables="rtp_all_a,rtp_all_b,rtp_ip,rtp_port"/>',
}


class BadScenario(Exception):
    """A scenario with a key that nobody gave, or with a part that does not exist."""


def fill(text: str, keys: dict[str, str], own_parts: Path, depth: int = DEPTH) -> str:
    """The scenario as SIPp gets it; parts are looked for in `own_parts` first. Raises BadScenario."""
    if not depth:
        raise BadScenario("parts of parts of parts...: one includes itself")

    def part(match: re.Match[str]) -> str:
        path = next(
            (place / f"{match[1]}.xml" for place in (own_parts, PARTS) if (place / f"{match[1]}.xml").is_file()), None
        )
        if path is None:
            raise BadScenario(f"there is no part {match[1]}.xml in {PARTS}")
        own = {name: fill(value, keys, own_parts, depth - 1) for name, value in _ARGUMENT.findall(match[2])}
        return fill(path.read_text(encoding="utf-8").rstrip("\n"), {**keys, **own}, own_parts, depth - 1)

    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        if name in MACROS:
            return MACROS[name]
        if name in keys:
            return keys[name]
        if default is not None:
            return str(default)
        raise BadScenario(f"the scenario wants the key {name!r}: give it under `keys:`")

    def line(match: re.Match[str]) -> str:
        found = value(match)
        return found + "\n" if found else ""

    return _KEY.sub(value, _KEY_LINE.sub(line, _PART.sub(part, text)))

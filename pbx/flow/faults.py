"""What pydantic finds wrong, as problems that people can act upon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pydantic import ValidationError

from pbx.configfile.problem import Path, Problem

TEXT_REMEDY = 'write a text, or { pl = "...", ru = "...", en = "..." }'
MAX_FAULTS = 50  # that are told of one block
MAX_SHOWN = 60  # characters of a wrong value


def problems_of(
    error: ValidationError, where: Path, head: str, keys: Sequence[str], *, deep: bool = False
) -> Iterator[Problem]:
    """Each fault once, by its key; `deep` for what lies inside a key as well. `head` begins each text."""
    seen: set[Path] = set()
    for fault in error.errors(include_url=False):
        parts: Path = tuple(str(part)[:64] for part in fault["loc"] if part != "[key]") or ("",)
        at = parts if deep else parts[:1]
        if at in seen or len(seen) >= MAX_FAULTS:  # each member of a union complains about the same value
            continue
        seen.add(at)
        key = str(at[0])
        path = (*where, *(part for part in at if part))
        if fault["type"] == "extra_forbidden":
            close = get_close_matches(key, keys, 1)
            remedy = f"did you mean {close[0]!r}?" if close else f"its keys are: {', '.join(keys)}"
            yield Problem(path, f"{head}: unknown key {key!r}", remedy)
        elif fault["type"] == "missing":
            yield Problem(path, f"{head}: {key} is missing", f"add {key} = ...")
        elif not key:
            yield Problem(path, f"{head}: {_message(fault['msg'])}", "correct the block")
        else:
            text = f"{head}: {'.'.join(map(str, at))} cannot be {_shown(fault['input'])}: {_message(fault['msg'])}"
            yield Problem(path, text, TEXT_REMEDY if key.endswith("text") else "correct the value")


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")


def _shown(value: object) -> str:
    """A wrong value in short: it may be anything, of any depth."""
    try:
        shown = repr(value[:MAX_SHOWN] if isinstance(value, str) else value)
    except (RecursionError, ValueError):  # too deep, or a number of too many digits
        return "this"
    return shown if len(shown) <= MAX_SHOWN + 2 else shown[:MAX_SHOWN] + "..."

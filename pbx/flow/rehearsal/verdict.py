"""Whether a rehearsal came out as its script expects; what did not, in words that show both sides."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.flow.rehearsal.actor import Heard
from pbx.flow.rehearsal.rehearse import Outcome
from pbx.flow.rehearsal.script import Sent

ANY = "..."


def problems_of(outcome: Outcome) -> list[str]:
    """Everything that is not as it should be; empty for a caller for whom all went well."""
    expect, found = outcome.script.expect, list(outcome.faults)
    if outcome.ended.get("cause") == "error" and expect.cause != "error":
        found.append("the flow failed: see the log above")
    if expect.path is not None and not follows(expect.path, outcome.path):
        found.append(_path_problem(expect.path, outcome.path))
    found += _hearing(expect.hears, expect.not_hears, outcome.heard)
    for name, wanted in expect.variables.items():
        got = outcome.variables.get(name, "(not set)")
        if got != wanted:
            found.append(f"variable {name}: expected {wanted!r}, got {got!r}")
    if expect.sms is not None:
        found += _messages(expect.sms, outcome.sms)
    if expect.requests is not None and not _begin(outcome.requests, expect.requests):
        found.append(f"requests: expected {expect.requests}, got {outcome.requests}")
    ended = {"ended_by": outcome.ended.get("ended_by"), "cause": outcome.ended.get("cause")}
    facts = {**ended, "status": outcome.status, "language": outcome.language}
    for key, got in facts.items():
        wanted = getattr(expect, key)
        if wanted is not None and wanted != got:
            found.append(f"{key}: expected {wanted}, got {got}")
    limits = expect.duration_s
    if limits is not None:
        low, high = limits.min or 0.0, float("inf") if limits.max is None else limits.max
        if not low <= outcome.duration_s <= high:
            found.append(f"duration_s: expected {low:g} to {high:g}, got {outcome.duration_s:g}")
    return found


def follows(wanted: Sequence[str], path: Sequence[tuple[str, str]]) -> bool:
    """Whether `path` is what `wanted` says: "block" or "block=exit" each, "..." for any number of steps."""
    fits = {0}  # positions of `path` up to which `wanted` may have been matched
    for word in wanted:
        if word == ANY:
            fits = set(range(min(fits, default=len(path) + 1), len(path) + 1))
        else:
            fits = {at + 1 for at in fits if at < len(path) and _is(word, path[at])}
    return len(path) in fits


def _is(word: str, step: tuple[str, str]) -> bool:
    block, given, way = word.partition("=")
    return block == step[0] and (not given or way == step[1])


def _path_problem(wanted: Sequence[str], path: Sequence[tuple[str, str]]) -> str:
    """Both paths, and the first step that differs, as far as that can be told."""
    lines = [f"path: expected  {' > '.join(wanted)}", f"      got       {' > '.join('='.join(step) for step in path)}"]
    if ANY not in wanted:
        for number, (word, step) in enumerate(zip(wanted, path, strict=False), 1):
            if not _is(word, step):
                return "\n".join([*lines, f"      step {number} is {'='.join(step)}, not {word}"])
        more = len(path) - len(wanted)
        lines.append(f"      {abs(more)} step{'s' if abs(more) > 1 else ''} {'more' if more > 0 else 'fewer'}")
    return "\n".join(lines)


def _hearing(wanted: Sequence[str], unwanted: Sequence[str], heard: Sequence[Heard]) -> list[str]:
    found, after = [], 0
    for words in wanted:
        at = next((i for i in range(after, len(heard)) if words.casefold() in heard[i].words.casefold()), None)
        if at is None:
            before = " after the ones before" if after else ""
            found.append(f"hears: {words!r} was not said{before}; heard:\n{_listed(heard)}")
            break
        after = at + 1
    for words in unwanted:
        said = next((prompt for prompt in heard if words.casefold() in prompt.words.casefold()), None)
        if said is not None:
            found.append(f"not_hears: {words!r} was said after {said.at_s:.1f} s: {said.words!r}")
    return found


def _listed(heard: Sequence[Heard]) -> str:
    lines = [f"        {prompt.at_s:6.1f} s  {prompt.language}  {prompt.words}" for prompt in heard]
    return "\n".join(lines) or "        nothing"


def _messages(wanted: Sequence[Sent], sent: Sequence[dict[str, object]]) -> list[str]:
    shown = [f"to {one.get('to')}: {one.get('text') or one.get('template')}" for one in sent]
    if len(wanted) != len(sent):
        return [f"sms: expected {len(wanted)}, got {len(sent)}: {shown}"]
    return [
        f"sms {number}: expected {one.model_dump(exclude_defaults=True)}, got {text!r}"
        for number, (one, got, text) in enumerate(zip(wanted, sent, shown, strict=True), 1)
        if (one.to and one.to != got.get("to"))
        or (one.template and one.template != got.get("template"))
        or one.has.casefold() not in str(got.get("text", "")).casefold()
    ]


def _begin(got: Sequence[str], wanted: Sequence[str]) -> bool:
    return len(got) == len(wanted) and all(one.startswith(start) for one, start in zip(got, wanted, strict=True))

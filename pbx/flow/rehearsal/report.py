"""What `centrala flow test` prints, and the same as JUnit XML for build servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from pbx.flow.rehearsal.rehearse import Outcome


@dataclass(frozen=True, slots=True)
class Result:
    """One caller: what became of him, what was wrong, and how long it took to find out (seconds of the machine)."""

    outcome: Outcome
    problems: list[str]
    took_s: float

    @property
    def passed(self) -> bool:
        return not self.problems


def as_text(results: Sequence[Result], *, verbose: bool = False) -> str:
    """Failures with all that was said and done, one line for each caller with `verbose`, and the sum."""
    lines: list[str] = []
    for result in results:
        name = result.outcome.script.name
        if result.passed:
            if verbose:
                way = " > ".join("=".join(step) for step in result.outcome.path)
                lines.append(f"passed  {name}: {way} ({result.outcome.duration_s:g} s)")
            continue
        lines.append(f"FAILED  {name}")
        for problem in result.problems:
            lines += [f"  {line}" for line in problem.splitlines()]
        if not any("heard" in problem for problem in result.problems):
            lines += ["  heard:", *(f"    {p.at_s:6.1f} s  {p.language}  {p.words}" for p in result.outcome.heard)]
    failed = sum(not result.passed for result in results)
    took_ms = sum(result.took_s for result in results) * 1000
    lines.append(f"{len(results) - failed} of {len(results)} callers passed, in {took_ms:.0f} ms")
    return "\n".join(lines)


def as_junit(flow: str, results: Sequence[Result]) -> str:
    """A JUnit test suite: a test case for each caller."""
    failed = sum(not result.passed for result in results)
    suite = ElementTree.Element("testsuite", name=flow, tests=str(len(results)), failures=str(failed))
    for result in results:
        case = ElementTree.SubElement(
            suite, "testcase", classname=flow, name=result.outcome.script.name, time=f"{result.took_s:.4f}"
        )
        if result.problems:
            failure = ElementTree.SubElement(case, "failure", message=result.problems[0].splitlines()[0])
            failure.text = "\n".join(result.problems)
    return ElementTree.tostring(suite, encoding="unicode")

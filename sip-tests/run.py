"""Runs the black-box behaviours: `sip-tests/run.py [-k part of the name] [-j jobs] [-v]`.

Every job has its own PBX processes, one per configuration, on loopback addresses of their own; behaviours that share a
configuration follow each other on one PBX. With several jobs, up to three that failed run once more, alone. Traces of
every run are under build/sip-tests/. The last line is "N passed, N failed"; the exit status is 0 when nothing failed.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent)]

from harness import browser, sounds  # noqa: E402
from harness.leaks import Leaks  # noqa: E402
from harness.model import BadTest, Behaviour, load_all  # noqa: E402
from harness.pbx import SOUNDS, Pbx, PbxFailed  # noqa: E402
from harness.runner import Run  # noqa: E402
from harness.template import BadScenario  # noqa: E402

from pbx.api.client import ControlError  # noqa: E402
from tests.support.zygote import Zygote  # noqa: E402

OUT = ROOT.parent / "build" / "sip-tests"
MOST_UNSTEADY = 3
Group = tuple[str, tuple[tuple[str, str], ...]]


class Suite:
    """The behaviours in groups of one configuration, worked off by threads; results in the order they come."""

    def __init__(self, behaviours: list[Behaviour], verbose: bool) -> None:
        groups: defaultdict[Group, list[Behaviour]] = defaultdict(list)
        for behaviour in behaviours:
            groups[behaviour.config, tuple(sorted(behaviour.environment.items()))].append(behaviour)
        self._queue = split(list(groups.values()))
        self._lock = threading.Lock()
        self._verbose = verbose
        self._zygote = Zygote()
        self._afterwards: list[threading.Thread] = []
        self.results: list[tuple[str, float, list[str]]] = []

    def run(self, jobs: int) -> None:
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for thread in self._afterwards:
            thread.join()
        self._zygote.close()

    def _work(self, number: int) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    return
                group = self._queue.pop(0)
            self._run_group(group, f"{number}-{group[0].name.replace('/', '-')}")

    def _run_group(self, group: list[Behaviour], label: str) -> None:
        pbx = Pbx(group[0].config, group[0].environment, OUT / "pbx" / label, group[0].zone, zygote=self._zygote)
        try:
            pbx.start()
        except (PbxFailed, OSError) as error:
            for behaviour in group:
                self._report(behaviour.name, 0.0, [str(error)])
            pbx.network.release()
            return
        leaks = Leaks(pbx)
        for behaviour in group:
            begin = time.monotonic()
            folder = OUT / behaviour.name
            notes: list[str] = []
            try:
                run = Run(behaviour, pbx, folder)
                problems = run.execute()
                notes = run.notes
            except Exception as error:  # a fault of the harness or test fails this behaviour, not the run
                problems = [f"{type(error).__name__}: {error}"]
            if not pbx.alive():
                problems.append(f"the PBX died:\n{pbx.log_end()}")
            self._report(behaviour.name, time.monotonic() - begin, problems, notes)
        # What must be gone after 64*T1 only is waited for beside the next group.
        thread = threading.Thread(target=self._end_group, args=(group, label, pbx, leaks))
        self._afterwards.append(thread)
        thread.start()

    def _end_group(self, group: list[Behaviour], label: str, pbx: Pbx, leaks: Leaks) -> None:
        begin = time.monotonic()
        try:
            problems = leaks.check_lingering() if pbx.alive() else []
        except ControlError as error:
            problems = [str(error)]
        problems += pbx.stop()
        if problems:
            names = ", ".join(behaviour.name for behaviour in group)
            self._report(f"afterwards/{label}", time.monotonic() - begin, [*problems, f"after {names}"])

    def _report(self, name: str, seconds: float, problems: list[str], notes: Sequence[str] = ()) -> None:
        with self._lock:
            self.results.append((name, seconds, problems))
            said = f"  ({', '.join(notes)})" if notes else ""
            print(f"{'FAIL' if problems else 'ok  '} {name:<50} {seconds:5.1f} s{said}", flush=True)
            for problem in problems:
                print("     " + problem.replace("\n", "\n     "), flush=True)


def split(groups: list[list[Behaviour]], most: int = 8) -> list[list[Behaviour]]:
    """Cuts long groups so that jobs share them, the longest first."""
    pieces = [group[start : start + most] for group in groups for start in range(0, len(group), most)]
    return sorted(pieces, key=len, reverse=True)


def write_junit(results: list[tuple[str, float, list[str]]], path: Path) -> None:
    """The results as a JUnit file, which every CI system can show."""
    failed = sum(bool(problems) for _, _, problems in results)
    lines = [f'<testsuite name="sip-tests" tests="{len(results)}" failures="{failed}">']
    for name, seconds, problems in sorted(results):
        area, _, behaviour = name.partition("/")
        failure = f"<failure message={quoteattr(chr(10).join(problems))}/>" if problems else ""
        head = f"<testcase classname={quoteattr(area)} name={quoteattr(behaviour)} time={quoteattr(f'{seconds:.2f}')}>"
        lines.append(f"  {head}{failure}</testcase>")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, "</testsuite>\n"]), encoding="utf-8")


def once_alone(suite: Suite, behaviours: list[Behaviour]) -> None:
    """Runs a few that failed beside others once more, with nothing beside them: their second result counts, and is
    named. Sound is judged by the millisecond, and a crowded machine stutters; what is broken fails alone too."""
    failed = {name for name, _, problems in suite.results if problems}
    again = [one for one in behaviours if one.name in failed]
    if not 0 < len(failed) <= MOST_UNSTEADY or len(again) < len(failed):
        return
    print(f"once more, alone: {', '.join(sorted(failed))}", flush=True)
    alone = Suite(again, False)
    alone.run(1)
    for name, _, problems in alone.results:
        if not problems:
            print(f"UNSTEADY {name}: failed beside others, passed alone", file=sys.stderr)
    suite.results = [result for result in suite.results if result[0] not in failed] + alone.results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", default="", metavar="PART", help="only behaviours whose name contains this")
    parser.add_argument("-j", type=int, default=2, metavar="N", help="PBX processes at a time (default 2)")
    parser.add_argument("-v", action="store_true", help="say what each behaviour is about")
    parser.add_argument("--list", action="store_true", help="only list the behaviours")
    arguments = parser.parse_args()
    try:
        behaviours = load_all(arguments.k)
    except (BadTest, BadScenario) as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.list or arguments.v:
        for behaviour in behaviours:
            print(f"{behaviour.name:<50} {behaviour.about}")
    if arguments.list:
        return 0
    if not behaviours:
        print(f"no behaviour's name contains {arguments.k!r}; --list shows all", file=sys.stderr)
        return 2
    lacking = (
        browser.missing() if any(step.browser or step.shopping for one in behaviours for step in one.steps) else ""
    )
    if lacking:
        behaviours = [one for one in behaviours if not any(step.browser or step.shopping for step in one.steps)]
        print(f"NOT RUN: the behaviours with a browser. {lacking}", file=sys.stderr)
    sounds.prepare(SOUNDS)
    suite = Suite(behaviours, arguments.v)
    suite.run(max(1, arguments.j))
    if arguments.j > 1:
        once_alone(suite, behaviours)
    write_junit(suite.results, OUT / "junit.xml")
    failed = sum(bool(problems) for _, _, problems in suite.results)
    print(f"{len(suite.results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

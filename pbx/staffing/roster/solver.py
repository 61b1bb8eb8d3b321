"""Solves rosters in a child process: it takes the processors that it is given, and is killed when it must stop.

`python -m pbx.staffing.roster.solver` reads a JSON object from standard input and writes one a line to standard
output: {"penalty", "bound", "s"} as it gets better, at the end {"plan": ...}.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from pbx.staffing.roster.document import Document, RosterError
from pbx.staffing.roster.need import Need
from pbx.staffing.roster.plan import Duty, Plan
from pbx.staffing.roster.start import first_plan

if TYPE_CHECKING:
    from pbx.staffing.roster.model import Model

COMPLETED_S = 20.0  # for the prices of a plan whose shifts are given
GRACE_S = 30.0  # for the model to be built and the last answer
Progress = Callable[[int, int, float], None]  # penalty, bound, seconds


def solve(
    document: Document,
    need: Need,
    *,
    limit_s: float,
    processes: int = 2,
    seed: int = 1,
    progress: Progress = lambda *_: None,
) -> Plan:
    """The best plan that was found within `limit_s` seconds. Raises RosterError."""
    order = {
        "document": document.model_dump(mode="json"),
        "first": need.first.isoformat(),
        "agents": need.agents,
        "limit_s": limit_s,
        "processes": processes,
        "seed": seed,
    }
    plan, trouble = _asked(order, limit_s + GRACE_S, progress)
    if plan is None:
        last = trouble.splitlines()[-1] if trouble else f"it was stopped after {limit_s + GRACE_S:.0f} s"
        raise RosterError(f"the solver ended without a plan: {last}")
    return plan


def _asked(order: dict[str, Any], patience_s: float, progress: Progress) -> tuple[Plan | None, str]:
    """The child's plan, and what it complained of."""
    command = [sys.executable, "-m", "pbx.staffing.roster.solver"]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        timer = threading.Timer(patience_s, child.kill)
        timer.start()
        try:
            child.stdin.write(json.dumps(order))
            child.stdin.close()
            plan = None
            for line in child.stdout:
                told = json.loads(line)
                if "plan" in told:
                    plan = Plan.of(told["plan"])
                else:
                    progress(told["penalty"], told["bound"], told["s"])
            return plan, child.stderr.read().strip()
        finally:
            timer.cancel()
            child.kill()


def main() -> int:
    order = json.load(sys.stdin)
    try:
        import ortools.sat.python.cp_model  # noqa: F401
    except ImportError:
        print("OR-tools is missing; install it: pip install 'centrala[rosters]'", file=sys.stderr)
        return 1
    try:
        plan = solve_here(
            Document.model_validate(order["document"]),
            Need(date.fromisoformat(order["first"]), tuple(tuple(day) for day in order["agents"])),
            limit_s=order["limit_s"],
            processes=order["processes"],
            seed=order["seed"],
            progress=lambda penalty, bound, s: _tell({"penalty": penalty, "bound": bound, "s": s}),
        )
    except RosterError as error:
        print(error, file=sys.stderr)
        return 1
    _tell({"plan": plan.data()})
    return 0


def _tell(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


def solve_here(
    document: Document,
    need: Need,
    *,
    limit_s: float,
    processes: int,
    seed: int = 1,
    progress: Progress = lambda *_: None,
) -> Plan:
    """As `solve`, in this process: it holds the GIL while the model is built. Raises RosterError."""
    from ortools.sat.python import cp_model

    from pbx.staffing.roster.model import Model

    model = Model(document, need)
    begun = time.monotonic()
    first = _begin(model, first_plan(document, need), processes)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(limit_s - (time.monotonic() - begun), 1.0)
    solver.parameters.num_workers = processes
    solver.parameters.random_seed = seed

    class Told(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            progress(int(self.objective_value), int(self.best_objective_bound), self.wall_time)

    if first is not None:
        progress(first.penalty, first.bound, first.took_s)
    status = solver.solve(model.cp, Told())
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        if first is not None:
            return replace(first, took_s=time.monotonic() - begun)
        raise RosterError(f"no plan was found in {limit_s:g} s ({solver.status_name(status)}): give it more time")
    return Plan(
        model.duties(solver.value),
        model.penalty(solver.value),
        int(solver.best_objective_bound),
        status == cp_model.OPTIMAL,
        time.monotonic() - begun,
    )


def _begin(model: Model, duties: Sequence[Duty], processes: int) -> Plan | None:
    """The plan that was made shift by shift, and a hint of every variable of it: the solver takes it as it is only when
    the hint is whole. None when it breaks a rule, which the solver then has to find out for itself.
    """
    from ortools.sat.python import cp_model

    model.hint(duties)
    fixed = cp_model.CpSolver()
    fixed.parameters.fix_variables_to_their_hinted_value = True
    fixed.parameters.num_workers = processes
    fixed.parameters.max_time_in_seconds = COMPLETED_S
    status = fixed.solve(model.cp)
    model.cp.clear_hints()  # type: ignore[no-untyped-call]
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    for number in range(len(model.cp.proto.variables)):
        variable = model.cp.get_int_var_from_proto_index(number)
        model.cp.add_hint(variable, fixed.value(variable))
    return Plan(model.duties(fixed.value), model.penalty(fixed.value), 0, False, fixed.wall_time)


if __name__ == "__main__":
    sys.exit(main())

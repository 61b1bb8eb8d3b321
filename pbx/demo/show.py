"""`centrala demo`: starts the PBX as its users do, lets twenty SIPp callers through, shows and judges what happens."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from pbx.api.client import ControlClient, ControlError
from pbx.call.trunks.tables import check_tables
from pbx.callback.checks import check_callbacks
from pbx.configfile import ConfigError, load
from pbx.demo.company import AGENTS, QUEUE, DemoError, found_company
from pbx.demo.phones import Callers, Phone, end_with_parent, register_agents, start_agents
from pbx.demo.result import Figures, show_next_steps, show_table
from pbx.demo.verdict import judge
from pbx.demo.view import Snapshot, View
from pbx.features.checks import check_features
from pbx.flow.loader import check_flows
from pbx.reporting.figures import QueueFigures
from pbx.reporting.reporter import Reporter
from pbx.sms.checks import check_sms

START_S = 60.0  # the first start renders its prompts
CALLS_S = 120.0
SETTLE_S = 10.0  # until wrap-up and the last records are over
STOP_S = 15.0
LOOK_EVERY_S = 0.25
# Seconds after the start at which callers dial: bursts, so that a queue forms.
ARRIVALS = (0.0, 0.2, 0.4, 0.6, 3.0, 3.1, 3.2, 3.3, 6.0, 6.5, 7.0, 10.0, 10.2, 10.4, 13.0, 13.5, 14.0, 18.0, 18.5, 19.0)
LISTEN_MS = (3000, 3600, 4200, 2600)  # how long callers hear the greeting before they press the key

console = Console()


def run_demo(folder: Path, *, once: bool, listen: str = "127.0.0.1") -> int:
    """Returns the exit status: 0 when every call went as it should."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        with ExitStack() as stack:
            return Demo(folder.resolve(), listen, stack).run(once)
    except (DemoError, ControlError, ConfigError) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


class Demo:
    """One run; everything that it starts is ended by `stack`."""

    def __init__(self, folder: Path, listen: str, stack: ExitStack) -> None:
        self._stack = stack
        self._company = found_company(folder, listen)
        self._control = ControlClient(self._company.data_dir / "control.sock")
        self._view = View(console)
        self._pbx: subprocess.Popen[bytes] | None = None

    def run(self, once: bool) -> int:
        self._start_pbx()
        agents = self._start_agents()
        since, before = time.time(), self._status()
        callers = self._let_callers_in()
        problems, figures = self._judge(callers, since, before)
        show_table(console, figures)
        for problem in problems:
            console.print(problem, style="red", markup=False, soft_wrap=True)
        status = 1 if problems else 0
        if not problems:
            console.print(f"All {len(callers)} calls went as they should, audio both ways.", style="green")
        if once:
            return self._end(agents) or status
        show_next_steps(console, self._company)
        self._serve_on()
        return status

    # -- starting -------------------------------------------------------------------------------------------------

    def _start_pbx(self) -> None:
        company = self._company
        shutil.rmtree(company.data_dir / "recordings", ignore_errors=True)
        for leftover in company.data_dir.glob("centrala.db*"):
            leftover.unlink()
        # Names the fault, should the demo's own configuration ever be wrong.
        load(company.config_path, {}, (check_flows, check_tables, check_features, check_callbacks, check_sms))
        command = [sys.executable, "-m", "pbx", "--config", str(company.config_path), "serve"]
        log = company.folder / "pbx.log"
        console.print(
            f"Starting the PBX on {company.reach}:{company.sip_port} (log: {log})", markup=False, soft_wrap=True
        )
        with log.open("wb") as output:
            self._pbx = subprocess.Popen(  # noqa: S603 - a fixed command, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self._stack.callback(self._stop_pbx)
        deadline = time.monotonic() + START_S
        while True:
            self._check_pbx()
            try:
                self._status()
                return
            except ControlError:
                if time.monotonic() > deadline:
                    raise DemoError(f"the PBX was not up after {START_S:g} s; see {log}") from None
            time.sleep(0.05)

    def _check_pbx(self) -> None:
        if self._pbx is not None and self._pbx.poll() is not None:
            log = self._company.folder / "pbx.log"
            end = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise DemoError(f"the PBX ended with status {self._pbx.returncode}:\n{end}")

    def _start_agents(self) -> list[Phone]:
        register_agents(self._company)
        agents = start_agents(self._company)
        for phone in agents:
            self._stack.callback(phone.kill)
        deadline = time.monotonic() + SETTLE_S
        while any(agent["state"] != "available" for agent in self._control.get("/agents")):
            if time.monotonic() > deadline:
                states = {agent["extension"]: agent["state"] for agent in self._control.get("/agents")}
                raise DemoError(f"the agents are not available: {states}")
            time.sleep(0.05)
        console.print(f"{len(agents)} SIPp agents are registered and available: {', '.join(AGENTS)}", highlight=False)
        return agents

    # -- the calls ------------------------------------------------------------------------------------------------

    def _let_callers_in(self) -> list[Phone]:
        callers = Callers(self._company)
        total = len(ARRIVALS)
        console.print(f"{total} SIPp callers dial the hotline; they press 1 by {callers.method}", markup=False)
        phones: list[Phone] = []
        begin, look_at = time.monotonic(), 0.0
        with self._view.running():
            while True:
                elapsed = time.monotonic() - begin
                while len(phones) < total and elapsed >= ARRIVALS[len(phones)]:
                    index = len(phones)
                    phones.append(callers.start(index, LISTEN_MS[index % len(LISTEN_MS)]))
                    self._stack.callback(phones[-1].kill)
                self._check_pbx()
                done = sum(phone.status is not None for phone in phones)
                if elapsed >= look_at or done == total:
                    self._view.update(self._snapshot(done, total))
                    look_at = elapsed + LOOK_EVERY_S
                if done == total or elapsed > CALLS_S:
                    break
                time.sleep(0.05)
        for phone in phones:
            phone.kill()  # only those that overran
        return phones

    def _snapshot(self, done: int, total: int) -> Snapshot:
        live = self._control.get("/live")
        queue = next(queue for queue in live["queues"] if queue["name"] == QUEUE)
        calls, waiting, talking = live["calls"], queue["waiting"], queue["talking"]
        return Snapshot(
            waiting=waiting,
            longest_wait_s=queue["longest_wait_s"],
            talking=talking,
            in_flow=max(0, calls - waiting - talking),
            done=done,
            total=total,
            agents=live["agents"],
        )

    def _judge(self, callers: list[Phone], since: float, before: dict[str, Any]) -> tuple[list[str], Figures]:
        """Waits until the last record is written, then looks at everything."""
        status = self._status()
        with Reporter.open(load(self._company.config_path, {}).config) as reporter:
            deadline = time.monotonic() + SETTLE_S
            while True:
                problems = judge(self._company, callers, reporter, since)
                if not problems or time.monotonic() > deadline:
                    break
                time.sleep(0.3)
            report = reporter.summary(since)
        queue = next((queue for queue in report.queues if queue.queue == QUEUE), QueueFigures(QUEUE))
        return problems, Figures(queue, len(callers), before, status)

    # -- the end --------------------------------------------------------------------------------------------------

    def _serve_on(self) -> None:
        """Until Ctrl-C or SIGTERM, which is how one leaves; a PBX that ends by itself is a fault."""
        try:
            while True:
                self._check_pbx()
                time.sleep(0.5)
        except KeyboardInterrupt:
            console.print("stopped")

    def _end(self, agents: list[Phone]) -> int:
        """Lets the agents' phones and the PBX end by themselves; returns 0 when all of them did so cleanly."""
        status = 0
        for phone in agents:
            phone.finish()
        for phone in agents:
            if phone.wait(STOP_S) != 0:
                console.print(phone.explain(), style="red", markup=False, soft_wrap=True)
                status = 1
        if self._stop_pbx() != 0:
            console.print(f"the PBX did not stop cleanly; see {self._company.folder / 'pbx.log'}", style="red")
            status = 1
        return status

    def _stop_pbx(self) -> int:
        """SIGTERM, and SIGKILL when that does not help; returns the exit status. Idempotent."""
        if self._pbx is None:
            return 0
        if self._pbx.poll() is None:
            self._pbx.send_signal(signal.SIGTERM)
            try:
                self._pbx.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._pbx.kill()
                self._pbx.wait()
        return self._pbx.returncode or 0

    def _status(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._control.get("/status")
        return answer


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

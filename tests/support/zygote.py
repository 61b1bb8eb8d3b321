"""Starts `centrala` many times cheaply: a process has imported it all, and forks one for each start.

`python -m tests.support.zygote` reads a JSON object a line from standard input:
{"arguments": [...], "environment": {...}, "folder": PATH, "stdout": PATH, "stderr": PATH} is answered with
{"started": PID}; {"wait": PID} with {"ended": PID, "status": STATUS} when it is over. When its input ends it kills what
still runs. `Zygote` is the other side. A test of the start itself starts the real command.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
GONE_S = 10.0
IMPORTED = ("pbx.app.run", "pbx.cli.commands", "pbx.cli.serve", "pbx.api.rest.app")


class Started:
    """One process; as far as it goes a subprocess.Popen."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._over = threading.Event()

    def ended(self, status: int) -> None:
        self.returncode = status
        self._over.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if not self._over.wait(timeout):
            raise subprocess.TimeoutExpired("centrala", timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Zygote:
    """Used by any thread. `close` ends whatever it has started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: list[int] = []
        self._answered = threading.Semaphore(0)
        self._running: dict[int, Started] = {}
        self._early: dict[int, int] = {}  # ended before its start was told on
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.zygote"],
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a thread of numpy's would not come along
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(
        self,
        arguments: list[str],
        *,
        log: Path,
        errors: Path | None = None,
        environment: dict[str, str] | None = None,
        folder: Path = ROOT,
    ) -> Started:
        """`centrala ARGUMENTS`. What it says is appended to `log`, or goes to `log` and `errors`."""
        order = {
            "arguments": arguments,
            "environment": dict(os.environ) if environment is None else environment,
            "folder": str(folder),
            "stdout": str(log),
            "stderr": str(errors or log),
        }
        with self._lock:
            assert self._server.stdin is not None
            self._server.stdin.write(json.dumps(order) + "\n")
            self._answered.acquire()
            if not self._answers:
                raise OSError("the process that starts others is gone")
            started = Started(self._answers.pop())
            self._running[started.pid] = started
            if (status := self._early.pop(started.pid, None)) is not None:
                started.ended(status)
            return started

    def run(self, arguments: list[str], folder: Path, **more: Any) -> subprocess.CompletedProcess[str]:
        """Waits for its end; files for what it says are made in `folder` and go again."""
        name = f"zygote-{threading.get_ident()}"
        log, errors = folder / f"{name}.out", folder / f"{name}.err"
        try:
            status = self.start(arguments, log=log, errors=errors, **more).wait()
            return subprocess.CompletedProcess(arguments, status, log.read_text(), errors.read_text())
        finally:
            log.unlink(missing_ok=True)
            errors.unlink(missing_ok=True)

    def close(self) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(GONE_S)
        self._reader.join()
        self._server.stdout.close()

    def _read(self) -> None:
        assert self._server.stdout is not None
        for line in self._server.stdout:
            answer = json.loads(line)
            if "started" in answer:
                self._answers.append(answer["started"])
                self._answered.release()
                continue
            started = self._running.pop(answer["ended"], None)
            if started is None:
                self._early[answer["ended"]] = answer["status"]
            else:
                started.ended(answer["status"])
        self._answered.release()


# -- the server ---------------------------------------------------------------------------------------------------


def fork(order: dict[str, Any]) -> int:
    """Does what the order says in a process of its own; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        null = os.open(os.devnull, os.O_RDONLY)
        out, err = (
            os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for name in ("stdout", "stderr")
        )
        for source, target in ((null, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        os.closerange(3, 1024)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        status = _run(order["arguments"])
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


def _run(arguments: list[str]) -> int:
    from pbx.cli import main

    gc.unfreeze()
    sys.argv = ["centrala", *arguments]
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    return 0


def _reap(running: set[int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        running.discard(pid)
        print(json.dumps({"ended": pid, "status": os.waitstatus_to_exitcode(status)}), flush=True)


def serve() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # pages of what was imported stay shared
    running: set[int] = set()
    ended, wake = os.pipe()
    os.set_blocking(ended, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: whoever started us ends us
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(ended, selectors.EVENT_READ)
    waiting = b""
    while True:
        for key, _ in selector.select():
            if key.fd == ended:
                os.read(ended, 4096)
                _reap(running)
                continue
            got = os.read(0, 65536)
            if not got:
                for pid in running:
                    os.kill(pid, signal.SIGKILL)
                return
            *orders, waiting = (waiting + got).split(b"\n")
            for order in orders:
                pid = fork(json.loads(order))
                running.add(pid)
                print(json.dumps({"started": pid}), flush=True)


if __name__ == "__main__":
    serve()

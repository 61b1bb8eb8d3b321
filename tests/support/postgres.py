"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket in it, gone afterwards."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

START_S = 60.0
USER = "centrala"
UNPRIVILEGED = ("postgres", "nobody")  # the server refuses to run as root


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`; None where they are not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


class Server:
    """`url()` names a new, empty database; `url(name)` the same one again."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder
        self._root = Path(tempfile.mkdtemp(prefix="centrala-pg-"))
        self._account = _account()
        if self._account is not None:
            os.chown(self._root, self._account, -1)
        self._run("initdb", "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync", "-D", str(self._root / "data"))
        self._names: set[str] = set()
        self._numbers = itertools.count()
        self._process = self._start()

    def url(self, name: str = "") -> str:
        name = name or f"db{next(self._numbers)}"
        if name not in self._names:
            self._run("createdb", "-h", str(self._root), "-U", USER, name)
            self._names.add(name)
        return f"postgresql+psycopg://{USER}@/{name}?host={self._root}"

    def restart(self) -> None:
        """As after a failure of the server: every connection is lost."""
        self._halt()
        self._process = self._start()

    def stop(self) -> None:
        self._halt()
        shutil.rmtree(self._root, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        options = ("listen_addresses=", "fsync=off", "shared_buffers=16MB", "max_connections=30")
        command = [str(self._bin / "postgres"), "-D", str(self._root / "data"), "-k", str(self._root)]
        for option in options:
            command += ["-c", option]
        log = (self._root / "server.log").open("ab")
        with log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", user=self._account)
        deadline = time.monotonic() + START_S
        ready = [str(self._bin / "pg_isready"), "-q", "-h", str(self._root)]
        while subprocess.run(ready, check=False).returncode:
            text = (self._root / "server.log").read_text()
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise AssertionError(f"the server does not serve:\n{text}")
            time.sleep(0.05)
        return process

    def _halt(self) -> None:
        self._process.terminate()
        self._process.send_signal(2)  # SIGINT: at once, without waiting for clients
        self._process.wait(30)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments], capture_output=True, cwd="/", user=self._account, check=False
        )
        assert done.returncode == 0, f"{program}: {done.stderr.decode()}"


def _account() -> int | None:
    """Whose processes these are to be; None: ours."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)

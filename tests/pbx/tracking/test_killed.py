"""kill -9 of a process that gives out numbers: what it told is held by the next one, whenever it died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from pbx.tracking.desk import Desk
from pbx.tracking.visit import Visit
from tests.pbx.tracking.support import T0, MemoryStore, config

PROGRAM = """
import sys
from pathlib import Path
from pbx.tracking.desk import Desk
from pbx.tracking.visit import Visit
from tests.pbx.tracking.support import T0, MemoryStore, config
desk = Desk(config(pool=2000), Path(sys.argv[1]), MemoryStore())
desk.start([], [], T0)
for count in range(1, 2001):
    visit = Visit(f"{count:032x}", "shop", T0, T0)
    print(visit.id, desk.give("main", visit, "main", T0), flush=True)
"""


def test_no_number_that_was_told_is_given_to_another(tmp_path: Path) -> None:
    for kill_after in (1, 40, 333):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()) as process:
            assert process.stdout is not None
            told = [process.stdout.readline().split() for _ in range(kill_after)]
            process.send_signal(signal.SIGKILL)
            told += [words for words in map(str.split, process.stdout) if len(words) == 2]
        assert len(told) >= kill_after
        desk = Desk(config(pool=2000), tmp_path, MemoryStore())
        desk.start([], [], T0 + 1)
        assert all(desk.holds(number, visit) for visit, number in told)
        other = Visit("f" * 31 + "e", "shop", T0, T0)
        given = {desk.give("main", other, "main", T0 + 1) for _ in range(2000)} - {""}
        assert given.isdisjoint(number for _, number in told)
        desk.close(T0)
        (tmp_path / "numbers.board").unlink()

"""Waits until the control socket's answer has what is wanted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from harness.model import Step
from harness.pbx import Pbx
from harness.records import has


def until(pbx: Pbx, step: Step, feed: Callable[[], None]) -> str:
    """ "" when it had, else what was wrong; `feed` keeps the sound flowing meanwhile."""
    deadline = time.monotonic() + step.timeout_s
    wanted = json.loads(json.dumps(step.until["has"]).replace("{{net}}", pbx.network.prefix))
    while True:
        answer = pbx.control.get(step.until["path"])
        if has(answer, wanted):
            return ""
        if time.monotonic() > deadline:
            return f"{step.until['path']} never had {step.until['has']}; last: {answer}"
        feed()
        time.sleep(0.05)

"""Asks the control socket; waits until its answer has what is wanted, or the journey does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from harness.model import Step
from harness.pbx import Pbx
from harness.records import Records, has


def ask(pbx: Pbx, wanted: dict[str, Any]) -> None:
    """One request; a path that ends in "/*" asks for each of what is listed above it."""
    method, path, body = wanted.get("method", "GET"), wanted["path"], wanted.get("body")
    above, every, _ = path.partition("/*")
    for one in [f"{above}/{row['id']}" for row in pbx.control.get(above)] if every else [path]:
        pbx.control.request(method, one, body)


def until(pbx: Pbx, records: Records, step: Step, feed: Callable[[], None]) -> str:
    """ "" when it had, else what was wrong; `feed` keeps the sound flowing meanwhile."""
    deadline = time.monotonic() + step.timeout_s
    if "journey" in step.until:
        while problem := records.lacks(step.until["journey"]):
            if time.monotonic() > deadline:
                return problem
            feed()
            time.sleep(0.05)
        return ""
    wanted = json.loads(json.dumps(step.until["has"]).replace("{{net}}", pbx.network.prefix))
    while True:
        answer = pbx.control.get(step.until["path"])
        if has(answer, wanted):
            return ""
        if time.monotonic() > deadline:
            return f"{step.until['path']} never had {step.until['has']}; last: {answer}"
        feed()
        time.sleep(0.05)

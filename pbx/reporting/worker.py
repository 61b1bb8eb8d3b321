"""The child process of what the running PBX was asked to report: the job comes on standard input, what came of it goes
to standard output as JSON: {"found": ...} or {"refused": "..."}; where bytes came of it, as they are behind RAW.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

import orjson

from pbx.reporting.jobs import Job
from pbx.reporting.request import BadRequest
from pbx.store.errors import StoreError

RAW = b"="  # no JSON begins so


def main() -> None:
    job: Job = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    answer: dict[str, Any]
    try:
        found = job.run()
        if isinstance(found, bytes):
            sys.stdout.buffer.write(RAW + found)
            return
        answer = {"found": found}
    except (BadRequest, StoreError) as error:
        answer = {"refused": str(error)}
    sys.stdout.buffer.write(orjson.dumps(answer))


if __name__ == "__main__":
    main()

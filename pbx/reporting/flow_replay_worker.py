"""The child process of a replay that the running PBX was asked for: what to do comes on standard input, what came of it
goes to standard output as JSON: {"found": ...} or {"refused": "..."}.
"""

from __future__ import annotations

import json
import pickle
import sys
from typing import Any

from pbx.configfile.problem import ConfigError
from pbx.reporting.flow_replay import replay_day
from pbx.reporting.pieces import joined
from pbx.store.errors import StoreError


def main() -> None:
    document, when = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    config = joined(sys.stdin.buffer)
    answer: dict[str, Any]
    try:
        answer = {"found": replay_day(config, document, when)}
    except (ConfigError, StoreError) as error:
        answer = {"refused": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()

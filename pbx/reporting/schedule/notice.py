"""A scheduled report as the data of a webhook: figures as JSON, other files as text. Takes a while: for a thread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson

from pbx.reporting.schedule.making import MailJob

MOST = 1_000_000  # octets: of what is longer only the names are told
JSON = "application/json"


def notice(schedule: str, when: date, job: MailJob, parts: Sequence[dict[str, str]]) -> bytes:
    """The body, files in their order as long as there is room for them."""
    told: dict[str, Any] = {
        **{"schedule": schedule, "due": when.isoformat(), "period": job.period.label},
        **{"timezone": job.zone, "language": job.language, "files": []},
    }
    room = MOST - len(orjson.dumps(told)) - sum(len(orjson.dumps(_named(part))) + 1 for part in parts)
    for part in parts:
        file = _named(part)
        content = {"sheets": orjson.loads(part["text"])} if part["type"] == JSON else {"text": part["text"]}
        cost = len(orjson.dumps(content))
        if cost <= room:
            room -= cost
            file |= content
        told["files"].append(file)
    return orjson.dumps(told)


def _named(part: dict[str, str]) -> dict[str, Any]:
    return {"name": part["name"], "type": part["type"], "octets": len(part["text"].encode())}

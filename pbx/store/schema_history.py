"""Indexes of the call records: each way in which people look for calls, in the order of the answer.

Most calls have no queue, agent, trunk or tag: a partial index leaves them out, and costs them nothing.
"""

from __future__ import annotations

from sqlalchemy import Index

from pbx.store.metadata import partial

PARTIAL = {
    "ix_cdrs_queue": ("queue", "queue <> ''"),
    "ix_cdrs_agent": ("agent", "agent <> ''"),
    "ix_cdrs_trunk": ("trunk", "trunk <> ''"),
    "ix_cdrs_did": ("did", "did <> ''"),
    "ix_cdrs_tag": ("tag", "tag <> ''"),
    "ix_cdrs_recording": ("", "recording <> ''"),
    "ix_cdrs_missed": ("", "direction = 'inbound' AND bridged_us IS NULL"),
}


def call_indexes() -> list[Index]:
    """Fresh ones for the table of call records."""
    few = [
        partial(name, *filter(None, (column, "started_us")), where=condition)
        for name, (column, condition) in PARTIAL.items()
    ]
    return [
        Index("ix_cdrs_started_us", "started_us"),
        Index("ix_cdrs_caller", "caller", "started_us"),
        Index("ix_cdrs_callee", "callee", "started_us"),
        *few,
    ]

"""What the server has seen of its media, for the metrics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MediaCounters:
    """What happened since the start; plain numbers for the metrics."""

    opened: int = 0
    closed: int = 0
    events: int = 0
    dead_events: int = 0  # of streams that were closed already
    digits: int = 0
    timeouts: int = 0
    plays: int = 0  # ended, whichever way
    busy: int = 0  # commands that a full ring refused
    failed_commands: int = 0  # that a media thread could not do
    handler_errors: int = 0
    recordings: int = 0
    failed_recordings: int = 0
    unconverted_recordings: int = 0
    ports_exhausted: int = 0

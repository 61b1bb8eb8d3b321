"""Configuration of the live stream."""

from __future__ import annotations

from pydantic import Field

from pbx.config_base import Section


class Live(Section):
    """[live]"""

    max_clients: int = Field(default=1000, ge=1, le=10_000)
    max_clients_per_person: int = Field(default=20, ge=1, le=10_000)
    max_delay_ms: int = Field(default=1000, ge=50, le=5000)  # between a change and its clients, when they are many
    max_buffer_kb: int = Field(default=1024, ge=64, le=65_536)  # that one client may be behind
    recheck_s: float = Field(default=3.0, gt=0, le=60)  # after which a right that was taken away ends a connection

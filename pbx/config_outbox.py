"""Configuration of deliveries over HTTP: how often, how long, how many at once."""

from __future__ import annotations

from pydantic import Field

from pbx.config_base import Section


class Outbox(Section):
    """[outbox]: what other systems are told, by whatever feature."""

    timeout_s: float = Field(default=10.0, gt=0, le=120)  # of one attempt
    retry_min_s: float = Field(default=1.0, gt=0, le=3600)  # after the first attempt; doubled with each further one
    retry_max_s: float = Field(default=3600.0, gt=0, le=86_400)
    max_age_h: float = Field(default=24.0, gt=0, le=720)  # not delivered by then: a dead letter
    parallel: int = Field(default=4, ge=1, le=64)  # at once to one target
    max_connections: int = Field(default=32, ge=1, le=1000)  # of all targets together
    alarm_after_s: float = Field(default=900.0, gt=0)  # when a target's oldest delivery has waited for so long
    keep_days: float = Field(default=7.0, gt=0)  # what was delivered; its keys are known for so long
    keep_dead_days: float = Field(default=30.0, gt=0)

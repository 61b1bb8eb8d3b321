"""Configuration of webhooks; who subscribes to what is in the database."""

from __future__ import annotations

from pydantic import Field

from pbx.config_base import Section


class Webhooks(Section):
    """[webhooks]"""

    max_subscriptions: int = Field(default=50, ge=0, le=1000)
    disable_after_days: float = Field(default=5.0, gt=0)  # without one delivery that was taken, it is switched off
    rotation_h: float = Field(default=24.0, gt=0, le=720)  # for so long the secret before the last signs as well
    max_pending: int = Field(default=100_000, ge=100)  # deliveries that wait for one subscription: then it is off, too

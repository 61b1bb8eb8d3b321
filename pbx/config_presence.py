"""The sections of transfers, in-call codes, subscriptions and messages."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Section


class Transfer(Section):
    """`back_s`: how long the transferor's phone rings when the target did not answer; 0: the party is hung up."""

    back_s: float = Field(default=20.0, ge=0, le=120)
    update_display: bool = True  # phones that allow UPDATE are told with whom they talk after a transfer


class InCall(Section):
    """Codes that are pressed while one talks, by who may use them; "" turns one off."""

    blind: str = "##"  # then the number: the other party is connected to it
    attended: str = "*2"  # then the number: one talks to it first; hanging up joins both
    cancel: str = "*0"  # while consulting: back to the first party
    swap: str = "*3"  # while consulting: talk to the other one
    conference: str = "*5"  # while consulting: all three talk
    record: str = "*1"  # starts and stops the recording
    pause_record: str = "*4"  # records silence, and sound again
    park: str = "*68"  # parks the other party


class Subscriptions(Section):
    """What phones may watch (RFC 6665): lamps, message lamps, presence."""

    max_total: int = Field(default=20_000, ge=0)
    max_per_extension: int = Field(default=300, ge=0)
    min_expires_s: int = Field(default=60, ge=1)
    max_expires_s: int = Field(default=3600, ge=60)
    min_interval_ms: int = Field(default=500, ge=0, le=60_000)  # between two NOTIFYs of one subscription
    remote_identity: Literal["all", "pickup", "none"] = "pickup"  # who sees whom a watched extension talks to
    unsolicited_mwi: list[str] = []  # extensions whose phones get message-summary NOTIFYs without asking


class Messages(Section):
    """MESSAGE between extensions (RFC 3428); kept for those who are not registered."""

    max_bytes: int = Field(default=4096, ge=1, le=16_384)
    max_kept: int = Field(default=5000, ge=0)
    max_kept_per_extension: int = Field(default=50, ge=0)
    keep_days: float = Field(default=7.0, gt=0)

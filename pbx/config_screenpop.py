"""Configuration of screen pops: pages that an agent's browser or CRM client opens for a call."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Section


class ScreenPop(Section):
    """One [[screen_pop]]; what `url` may say is in pbx.screenpop.template."""

    name: str = Field(max_length=64)
    url: str = Field(max_length=2000)  # "https://crm.example/find?phone={number_e164}"
    on: Literal["ringing", "answer", "click"] = "ringing"  # "click": a link from the ringing on, which nothing opens
    direction: Literal["in", "out", "both"] = "in"
    queues: list[str] = []  # empty: calls of all queues, and those without one
    agents: list[str] = []  # extensions; with `teams` empty too: every agent
    teams: list[str] = []
    once_per_contact: bool = True  # an agent to whom a contact comes again gets a link instead of the page

"""Pages that agents' clients open for calls."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.api.rest.models.base import EXAMPLE_CALL, Instant, Shown


class ScreenPop(Shown):
    """A page for a call that rings at the agent or is his."""

    id: str = Field(examples=[f"{EXAMPLE_CALL}.101.crm"], description="Of this call, agent and page, and stays so")
    name: str = Field(examples=["crm"])
    agent: str = Field(examples=["101"])
    call_id: str = Field(examples=[EXAMPLE_CALL])
    contact: str = Field(examples=[EXAMPLE_CALL], description="The item that the call is about, else the call itself")
    direction: Literal["in", "out"]
    queue: str
    trigger: Literal["ringing", "answer", "click"]
    open: bool = Field(description="Opened without being asked; otherwise it is a link")
    url: str = Field(examples=["https://crm.example/find?phone=%2B48600100200"])
    at: Instant

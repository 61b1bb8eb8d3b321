"""Configuration of the HTTP API: how much one may ask, and by which address people reach it."""

from __future__ import annotations

from pydantic import Field

from pbx.config_base import Section


class Api(Section):
    public_url: str = ""  # "https://pbx.example": of links that we give out; "": made of http.listen
    requests_per_s: float = Field(default=50.0, gt=0, le=100_000)  # of one person or token
    burst: int = Field(default=200, ge=1, le=1_000_000)  # at once
    anonymous_per_s: float = Field(default=10.0, gt=0, le=100_000)  # of one address with nobody behind it
    anonymous_burst: int = Field(default=100, ge=1, le=1_000_000)

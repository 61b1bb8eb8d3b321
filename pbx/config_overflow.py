"""Configuration of overflow partners: call centres outside that take calls for a price."""

from __future__ import annotations

from pydantic import Field

from pbx.config_base import Section


class Partner(Section):
    """A call centre that is paid per talk minute. Money is in `currency`; a day and a month are those of UTC."""

    name: str
    target: str  # the number where its agents answer
    account: str = ""  # the extension whose right to call there is used
    hours: str = ""  # when it works; "": always
    rate_per_minute: float = Field(ge=0, le=1000)
    per_call: float = Field(default=0.0, ge=0, le=1000)  # for each call that it answers
    first_s: int = Field(default=1, ge=1, le=600)  # charged at once
    increment_s: int = Field(default=1, ge=1, le=600)  # and then in steps of
    currency: str = ""
    value: float = Field(default=0.0, ge=0)  # of an answered call to us; 0: what a call is worth is not weighed
    talk_s: float = Field(default=180.0, gt=0, le=7200)  # expected of its calls, until some were made
    max_calls: int = Field(default=10, ge=1, le=1000)  # at the same time
    minutes_per_day: float = Field(default=0.0, ge=0)  # 0: no limit; as the next two
    money_per_day: float = Field(default=0.0, ge=0)
    money_per_month: float = Field(default=0.0, ge=0)

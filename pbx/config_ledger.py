"""Configuration of money: currencies, sales, the nightly reconciliation, and what GA4 and CRM systems are sent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from pbx.config_base import Section

GA4_URL = "https://www.google-analytics.com/mp/collect"
CrmKind = Literal["generic", "bitrix24", "amocrm"]


def _currency(value: str) -> str:
    if value and not (len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
        raise ValueError(f'{value!r} is no currency; write its three letters, such as "PLN"')
    return value


class ExportFile(Section):
    """Another system's export that the nightly reconciliation reads, if it is there in time."""

    path: str = ""  # "{date}" in it is the day, "{day}" without dashes; empty: none
    timezone: str = ""  # of its clock readings that name no offset; empty: the server's
    columns: dict[str, str] = {}  # field to column, where the names do not tell


class Ledger(Section):
    """[ledger]"""

    currency: str = ""  # ISO 4217, of all sums; without it nothing is imported
    rates: dict[str, float] = {}  # what one unit of another currency is worth in `currency`
    sale_window_days: float = Field(default=30.0, gt=0)  # a sale belongs to a call at most so long before it
    short_s: float = Field(default=5.0, ge=0)  # calls that end sooner without a talk are counted as short
    cancel_share: list[float] = []  # of customers who cancel when each of contacts.sla_s has passed: 0.15 is 15 %
    reconcile_at: str = "03:30"  # local time of the server's zone; empty: only when it is asked for
    catch_up_days: int = Field(default=7, ge=1, le=62)  # nights that were missed are made up for, at most so many
    match_window_s: float = Field(default=120.0, gt=0, le=3600)  # records of one number so near are one call
    keep_runs_days: float = Field(default=400.0, gt=0)
    ga: ExportFile = ExportFile()
    crm: ExportFile = ExportFile()
    tracking: ExportFile = ExportFile()

    _is_currency = field_validator("currency")(_currency)

    @field_validator("rates")
    @classmethod
    def _are_rates(cls, value: dict[str, float]) -> dict[str, float]:
        for name, rate in value.items():
            _currency(name)
            if not rate > 0:
                raise ValueError(f"one {name} cannot be worth {rate:g}")
        return value

    @field_validator("cancel_share")
    @classmethod
    def _are_shares(cls, value: list[float]) -> list[float]:
        for share in value:
            if not 0 <= share <= 1:
                raise ValueError(f"{share:g} is no share; 15 % is written 0.15")
        return value

    @field_validator("reconcile_at")
    @classmethod
    def _is_clock(cls, value: str) -> str:
        hour, colon, minute = value.partition(":")
        right = colon and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60
        if value and not right:
            raise ValueError(f'{value!r} is no time of day; write "03:30"')
        return value


class Ga4(Section):
    """[[ga4]]: a data stream of Google Analytics 4 that calls of a site's visitors are told to."""

    site: str = ""  # of a [[site_web]]; empty: of all
    measurement_id: str  # "G-..."
    api_secret: str
    url: str = GA4_URL
    value: float = Field(default=0.0, ge=0)  # of an answered call, for GA's sums; 0: none is told
    currency: str = ""  # of `value`
    missed: bool = True  # calls that nobody answered are told as well
    engagement_ms: int = Field(default=1, ge=1, le=600_000)

    _is_currency = field_validator("currency")(_currency)


class Crm(Section):
    """[[crm]]: a system that is told of calls and leads."""

    name: str
    kind: CrmKind = "generic"
    url: str  # generic: the webhook; bitrix24: ".../rest/" or ".../rest/1/CODE/"; amocrm: "https://NAME.amocrm.ru"
    token: str = ""  # of amoCRM, or of an application of Bitrix24, which nobody renews
    client_id: str = ""  # of the application (integration): its tokens are renewed (OAuth 2.0); empty: `token`
    client_secret: str = ""
    redirect_uri: str = ""  # amoCRM: as it stands in the integration
    refresh_token: str = ""  # the first one; those that follow are kept in the database
    oauth_url: str = ""  # where tokens are renewed; empty: Bitrix24's server, amoCRM's account
    secret: str = ""  # generic: signs what is sent
    calls: bool = True  # the log of customers' calls
    leads: bool = True  # a customer's first contact makes a lead
    lead_again_days: float = Field(default=365.0, gt=0)  # and so does a contact after so long a silence
    tasks: bool = True  # a missed call makes a task to call back
    responsible: str = ""  # the CRM's id of whoever gets what no agent has; Bitrix24 and amoCRM: a number
    agents: dict[str, str] = {}  # extension to the CRM's id of the person
    recording_url: str = ""  # "{call_id}" in it is the call: where its recording can be heard; empty: not told
    pipeline: int = 0  # amoCRM: of leads

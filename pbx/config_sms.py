"""Configuration of short messages: gateways, templates, whom we may write to, when, how often, at what cost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from pbx.config_base import Language, Section
from pbx.config_callback import NumberKind

STOP_WORDS = ["STOP", "STOPP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REZYGNUJE", "REZYGNUJĘ", "WYPISZ"]
STOP_WORDS += ["СТОП", "ОТПИСАТЬСЯ", "ОТПИСКА", "ОТКАЗ"]
START_WORDS = ["START", "UNSTOP", "WZNÓW", "WZNOW", "СТАРТ", "ПОДПИСАТЬСЯ"]
STOPPED = {
    "pl": "Nie będziemy już wysyłać wiadomości. Aby je wznowić, odpisz START.",
    "ru": "Больше сообщений не будет. Чтобы возобновить их, ответьте СТАРТ.",
    "en": "You will get no more messages from us. Reply START to get them again.",
}
STARTED = {
    "pl": "Wiadomości są znowu włączone. Aby zrezygnować, odpisz STOP.",
    "ru": "Сообщения снова включены. Чтобы отказаться, ответьте СТОП.",
    "en": "Messages are on again. Reply STOP to end them.",
}


class SmsGateway(Section):
    """[[sms.gateway]]: one way out. Of those that serve a number the least `priority` goes first."""

    name: str
    kind: Literal["smpp", "smsapi", "twilio"]
    sender: str = ""  # shown to the customer: a number or, at most 11 characters, a name; empty: the gateway's own
    prefixes: list[str] = []  # beginnings of E.164 numbers that it serves; the longest match wins; empty: all
    priority: int = 0
    per_second: float = Field(default=10.0, gt=0)  # parts
    timeout_s: float = Field(default=10.0, gt=0, le=120)  # without an answer for so long a message is in doubt
    price_per_part: float = Field(default=0.0, ge=0)
    currency: str = ""
    money_per_day: float = Field(default=0.0, ge=0)  # 0: no limit
    money_per_month: float = Field(default=0.0, ge=0)
    # SMPP
    host: str = ""  # "smsc.example:2775"
    tls: bool = False
    system_id: str = ""
    password: str = ""
    system_type: str = ""
    window: int = Field(default=10, ge=1, le=1000)  # requests without an answer
    enquire_link_s: float = Field(default=30.0, gt=0)
    concatenation: Literal["8bit", "16bit", "sar", "payload"] = "8bit"
    # HTTP
    url: str = ""  # of the service; empty: its public one
    account: str = ""  # Twilio's account SID
    token: str = ""  # SMSAPI's OAuth token, Twilio's auth token
    callback_secret: str = ""  # a part of the address that SMSAPI calls back; it signs nothing

    @field_validator("prefixes")
    @classmethod
    def _beginnings(cls, value: list[str]) -> list[str]:
        for each in value:
            if not (each[:1] == "+" and each[1:].isascii() and each[1:].isdigit()):
                raise ValueError(f'{each!r} is no beginning of an international number; write "+48"')
        return value


class SmsTemplate(Section):
    """[[sms.template]]: a text with {names}, in one language or in several."""

    name: str
    text: dict[Language, str]
    sender: str = ""
    transliterate: bool = False  # Polish without marks, Russian in Latin letters: 160 characters a part and not 70
    once_per_h: float = Field(default=0.0, ge=0)  # hours between two of this template to one number; 0: no limit
    urgent: bool = False  # also in quiet hours


class Sms(Section):
    """[sms]. Limits are "5/1h": so many messages within so long (s, m, h, d)."""

    enabled: bool = False
    gateway: list[SmsGateway] = []
    template: list[SmsTemplate] = []
    # Whom
    countries: list[str] = []  # ISO 3166; empty: numbering.country alone
    kinds: list[NumberKind] = ["mobile", "fixed_or_mobile"]
    blocked: list[str] = []  # beginnings of E.164 numbers that are not written to
    # How much
    max_parts: int = Field(default=6, ge=1, le=20)
    max_queued: int = Field(default=10_000, ge=1)
    limits_per_number: list[str] = ["5/1h", "10/1d"]
    limits_per_source: list[str] = []  # of what asks for messages: a block, a queue, a program
    pumping: list[str] = ["50/10m"]  # messages to numbers that differ in their last four digits only
    money_per_day: float = Field(default=0.0, ge=0)  # all gateways together; 0: no limit
    money_per_month: float = Field(default=0.0, ge=0)
    # When
    hours: str = ""  # an [[hours]] whose wall clock is the customer's; empty: every day 08:00-21:00
    holidays: bool = False  # nothing is sent on a public holiday of the customer's country
    ambiguous_zone: str = "server"  # "all", "server" or a zone: see [callback]
    expires_s: float = Field(default=86_400.0, ge=60)  # not handed over by then: expired
    receipt_s: float = Field(default=259_200.0, ge=60)  # accepted and without a receipt for so long: expired
    retry_s: float = Field(default=30.0, gt=0)  # after the gateways were down; doubled each time, an hour at most
    max_attempts: int = Field(default=8, ge=1, le=50)
    keep_days: int = Field(default=400, ge=1)
    # Replies
    stop_words: list[str] = STOP_WORDS
    start_words: list[str] = START_WORDS
    stopped: dict[Language, str] = STOPPED  # type: ignore[assignment]
    started: dict[Language, str] = STARTED  # type: ignore[assignment]
    queue: str = ""  # in which a reply opens a contact; empty: none
    # The network
    public_url: str = ""  # "https://pbx.example": by which gateways and customers reach http.listen
    on_missed: str = ""  # a template, to customers whose call nobody answered and whom no queue's template serves

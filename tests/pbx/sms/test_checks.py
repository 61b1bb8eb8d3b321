"""A wrong configuration of messages is refused with the key and a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.problem import dotted
from pbx.sms.checks import check_sms

SMPP = {"name": "a", "kind": "smpp", "host": "smsc.example:2775", "system_id": "pbx", "password": "secret"}
SMSAPI = {"name": "b", "kind": "smsapi", "token": "t", "callback_secret": "x" * 16}
TWILIO = {"name": "c", "kind": "twilio", "token": "t", "account": "AC1", "sender": "+48500100100"}
TEMPLATE = {"name": "sorry", "text": {"pl": "Oddzwonimy. {company}, {queue} {link:https://a.example}"}}
SMS: dict[str, Any] = {
    "enabled": True,
    "gateway": [SMPP, SMSAPI, TWILIO],
    "template": [TEMPLATE],
    "public_url": "https://pbx.example",
}


def problems(sms: dict[str, Any], **more: Any) -> list[str]:
    config = {"numbering": {"country": "PL"}, "sms": {**SMS, **sms}, **more}
    found = check_sms(Config.model_validate(config))
    assert all(problem.text for problem in found)
    return [dotted(problem.key) for problem in found]


def test_right_ones() -> None:
    assert check_sms(Config()) == []
    queue = [{"name": "sales", "sms_on_timeout": "sorry", "sms_on_abandon": "sorry"}]
    assert problems({"on_missed": "sorry", "queue": "sales"}, queue=queue, callback={"sms_on_failure": "sorry"}) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"gateway": []}, "sms.enabled"),
        ({"queue": "none"}, "sms.queue"),
        ({"countries": ["Polska"]}, "sms.countries[0]"),
        ({"blocked": ["70"]}, "sms.blocked[0]"),
        ({"limits_per_number": ["5/1h", "often"]}, "sms.limits_per_number[1]"),
        ({"pumping": ["x"]}, "sms.pumping[0]"),
        ({"hours": "day"}, "sms.hours"),
        ({"public_url": "pbx"}, "sms.public_url"),
        ({"on_missed": "none"}, "sms.on_missed"),
        ({"gateway": [SMPP, SMPP]}, "sms.gateway[1].name"),
        ({"gateway": [{**SMPP, "name": "a/b"}]}, "sms.gateway[0].name"),
        ({"gateway": [{**SMPP, "host": ""}]}, "sms.gateway[0].host"),
        ({"gateway": [{**SMPP, "host": "smsc:port"}]}, "sms.gateway[0].host"),
        ({"gateway": [{**SMPP, "password": "x" * 33}]}, "sms.gateway[0].password"),
        ({"gateway": [{**SMPP, "system_id": ""}]}, "sms.gateway[0].system_id"),
        ({"gateway": [{**SMPP, "sender": "A name too long"}]}, "sms.gateway[0].sender"),
        ({"gateway": [{**SMPP, "money_per_day": 1.0}]}, "sms.gateway[0].price_per_part"),
        ({"gateway": [{**SMSAPI, "token": ""}]}, "sms.gateway[0].token"),
        ({"gateway": [{**SMSAPI, "callback_secret": "short"}]}, "sms.gateway[0].callback_secret"),
        ({"gateway": [{**SMSAPI, "url": "api"}]}, "sms.gateway[0].url"),
        ({"gateway": [{**TWILIO, "account": ""}]}, "sms.gateway[0].account"),
        ({"gateway": [{**TWILIO, "sender": ""}]}, "sms.gateway[0].sender"),
        ({"template": [TEMPLATE, TEMPLATE]}, "sms.template[1].name"),
        ({"template": [{"name": "x", "text": {}}]}, "sms.template[0].text"),
        ({"template": [{"name": "x", "text": {"en": "Hi {"}}]}, "sms.template[0].text.en"),
        ({"template": [{"name": "x", "text": {"en": "{link:javascript:x}"}}]}, "sms.template[0].text.en"),
        (
            {"template": [{"name": "x", "text": {"en": "{order}"}}], "on_missed": "x"},
            "sms.on_missed",
        ),
        (
            {
                "gateway": [
                    {**SMPP, "price_per_part": 0.1, "currency": "PLN"},
                    {**TWILIO, "price_per_part": 0.1, "currency": "USD"},
                ],
                "money_per_day": 5.0,
            },
            "sms.money_per_day",
        ),
    ],
)
def test_wrong_ones(change: dict[str, Any], key: str) -> None:
    assert problems(change) == [key]


def test_who_asks_for_messages_that_are_not_enabled() -> None:
    queue = [{"name": "sales", "sms_on_timeout": "sorry"}]
    assert problems({"enabled": False}, queue=queue) == ["queue[0].sms_on_timeout"]

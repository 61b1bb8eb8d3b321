"""A gateway in the shape of SMSAPI (https://www.smsapi.pl/docs, "Pojedynczy SMS", "Raporty Callback", "Odbiory").

It knows a message by the `idx` that we give it and refuses the same one twice (`check_idx`): so a message in doubt may
be given to it again, and its "not unique" is the answer that was missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from pbx.config_sms import SmsGateway
from pbx.sms.gateway import Accepted, Doubt, NotTaken, Outcome, Receipt, Received, Rejected
from pbx.sms.http_gateway import HttpGateway
from pbx.sms.message import Message
from pbx.transport.http_client import HttpAnswer, HttpNotSent, HttpUnanswered, request

URL = "https://api.smsapi.pl"
NOT_UNIQUE = 53
# Errors after which the message may go elsewhere or later: credentials, money, a closed account, trouble of theirs.
OURS = {101: "credentials", 102: "credentials", 103: "no_credit", 105: "address", 110: "no_access", 1000: "no_access"}
THEIRS = {200, 201, 202, 203, 999}
# "Lista statusów doręczenia"
DELIVERED = frozenset({"404", "DELIVERED"})
FAILED = {
    "402": "expired",
    "405": "undelivered",
    "406": "failed",
    "407": "rejected",
    "412": "stop",
    "EXPIRED": "expired",
    "UNDELIVERED": "undelivered",
    "FAILED": "failed",
    "REJECTED": "rejected",
    "STOP": "stop",
}
DOUBTED = "asked_again"


class SmsApiGateway(HttpGateway):
    """See pbx.sms.gateway.Gateway. `callback` is the address that it reports to, "" for none."""

    def __init__(self, config: SmsGateway, callback: str) -> None:
        super().__init__(config, callback)

    async def submit(self, message: Message) -> Outcome:
        await self._pace.turn()
        form = {
            "to": message.number.removeprefix("+"),
            "message": message.text,
            "format": "json",
            "encoding": "utf-8",
            "details": "1",
            "idx": message.id,
            "check_idx": "1",
            "max_parts": str(message.parts),
            "allow_duplicates": "1",
        }
        sender = message.sender or self.config.sender
        if sender:
            form["from"] = sender
        if self._callback:
            form["notify_url"] = self._callback
        headers = {
            "authorization": f"Bearer {self.config.token}",
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "accept": "application/json",
        }
        url = f"{(self.config.url or URL).rstrip('/')}/sms.do"
        body, timeout_s = urlencode(form).encode(), self.config.timeout_s
        try:
            answer = await request("POST", url, headers=headers, body=body, timeout_s=timeout_s)
        except (HttpNotSent, ValueError) as error:  # ValueError: an address or a credential that is none
            return NotTaken(f"not_sent: {error}")
        except HttpUnanswered as error:
            return Doubt(str(error))
        return self._judge(answer)

    async def find(self, message: Message) -> Outcome | None:  # noqa: ARG002 - it is found by being sent again
        return NotTaken(DOUBTED, known=True, down=False)

    def _judge(self, answer: HttpAnswer) -> Outcome:
        try:
            value: Any = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            if answer.status in (401, 403, 404, 429, 503):
                return NotTaken(f"http_{answer.status}", self._pace.throttle() if answer.status == 429 else 0.0)
            return Doubt(f"http_{answer.status} without a result")
        error = value.get("error")
        if error:
            return self._refused(int(error) if str(error).isdigit() else 0, str(value.get("message", ""))[:100])
        listed = value.get("list")
        if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
            return Doubt("an answer without a list")
        first = listed[0]
        if first.get("error"):
            return self._refused(int(first["error"]) if str(first["error"]).isdigit() else 0, "")
        self._pace.went_well()
        points = first.get("points")
        cost = float(points) if isinstance(points, (int, float)) else None
        return Accepted([str(first.get("id", ""))], cost, "points")  # one id, however many parts

    def _refused(self, code: int, text: str) -> Outcome:
        if code == NOT_UNIQUE:
            return Accepted([])
        if code in OURS:
            return NotTaken(f"smsapi_{code}_{OURS[code]}")
        if code in THEIRS:
            return NotTaken(f"smsapi_{code}", self._pace.throttle())
        return Rejected(f"smsapi_{code}" + (f": {text}" if text else ""))


def receipts(gateway: str, form: Mapping[str, str]) -> list[Receipt]:
    """What a report tells: up to five messages, their fields separated by commas."""
    ids, states = form.get("MsgId", "").split(","), (form.get("status_name") or form.get("status", "")).split(",")
    own = form.get("idx", "").split(",")
    found = []
    for index, gateway_id in enumerate(ids[:50]):
        word = states[index].strip().upper() if index < len(states) else ""
        message = own[index].strip() if index < len(own) else ""
        state = "delivered" if word in DELIVERED else "failed" if word in FAILED else ""
        if state and (gateway_id or message):
            found.append(Receipt(gateway, gateway_id.strip(), state, FAILED.get(word, ""), message))
    return found


def received(gateway: str, form: Mapping[str, str]) -> Received | None:
    """A message from a customer; None when it is none."""
    number, text = form.get("sms_from", ""), form.get("sms_text")
    if not number or text is None:
        return None
    plain = f"+{number}" if number.isdigit() and len(number) > 8 else number
    return Received(gateway, form.get("MsgId", ""), plain, form.get("sms_to", ""), text)

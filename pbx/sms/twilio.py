"""A gateway in the shape of Twilio's Messages resource (https://www.twilio.com/docs/messaging/api/message-resource).

What it tells us is signed (https://www.twilio.com/docs/usage/security): HMAC-SHA1 with the auth token over the address
that it called and the form's fields in order. A message in doubt is looked for in its list.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from pbx.clock import Clock
from pbx.config_sms import SmsGateway
from pbx.sms.gateway import Accepted, Doubt, NotTaken, Outcome, Receipt, Received, Rejected
from pbx.sms.http_gateway import HttpGateway
from pbx.sms.message import Message
from pbx.transport.http_client import HttpAnswer, HttpNotSent, HttpUnanswered, request

URL = "https://api.twilio.com"
THROTTLED = 429
OURS = (401, 403, 404)  # credentials, a suspended account
STATES = {"delivered": "delivered", "read": "delivered", "undelivered": "failed", "failed": "failed"}
FOUND_S = 120.0  # its clock and ours may differ by so much
LISTED = 400  # at the most of one number; where there are as many, nobody can tell
SURE_S = 60.0  # after which a message that is not in the list was not taken


class TwilioGateway(HttpGateway):
    """See pbx.sms.gateway.Gateway. `callback` is the address of status callbacks, "" for none."""

    def __init__(self, config: SmsGateway, clock: Clock, callback: str) -> None:
        super().__init__(config, callback)
        self._clock = clock

    async def submit(self, message: Message) -> Outcome:
        await self._pace.turn()
        left_s = int(min(max(message.expires - self._clock.unix(), 60.0), 14_400.0))
        form = {"To": message.number, "Body": message.text, "ValidityPeriod": str(left_s), **self._from(message)}
        if self._callback:
            form["StatusCallback"] = self._callback
        try:
            answer = await self._ask("POST", "", urlencode(form).encode())
        except (HttpNotSent, ValueError) as error:  # ValueError: an address or a credential that is none
            return NotTaken(f"not_sent: {error}")
        except HttpUnanswered as error:
            return Doubt(str(error))
        return self._judge(answer)

    async def find(self, message: Message) -> Outcome | None:
        """By number, text and time. Not by the day it was sent: one that waits in its queue has none yet."""
        query = {"To": message.number, "PageSize": str(LISTED)}
        try:
            answer = await self._ask("GET", f"?{urlencode(query)}")
            listed = orjson.loads(answer.body)["messages"] if answer.status == 200 else None
        except (HttpNotSent, HttpUnanswered, orjson.JSONDecodeError, KeyError, TypeError):
            return None
        if not isinstance(listed, list):
            return None
        for entry in listed:
            if self._is(entry, message):
                return Accepted([str(entry.get("sid", ""))])
        old = self._clock.unix() - message.submitted
        return NotTaken("not_in_list", down=False) if old >= SURE_S and len(listed) < LISTED else None

    def _from(self, message: Message) -> dict[str, str]:
        sender = message.sender or self.config.sender
        return {"MessagingServiceSid" if sender.startswith("MG") and len(sender) == 34 else "From": sender}

    async def _ask(self, method: str, query: str, body: bytes = b"") -> HttpAnswer:
        config = self.config
        base = (config.url or URL).rstrip("/")
        url = f"{base}/2010-04-01/Accounts/{config.account}/Messages.json{query}"
        credentials = base64.b64encode(f"{config.account}:{config.token}".encode()).decode()
        headers = {"authorization": f"Basic {credentials}", "accept": "application/json"}
        if body:
            headers["content-type"] = "application/x-www-form-urlencoded"
        return await request(method, url, headers=headers, body=body, timeout_s=config.timeout_s)

    def _judge(self, answer: HttpAnswer) -> Outcome:
        try:
            value: Any = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            value = None
        if answer.status == THROTTLED:
            return NotTaken("throttled", self._pace.throttle())
        if answer.status in OURS:
            return NotTaken(f"http_{answer.status}")
        if answer.status >= 500 or not isinstance(value, dict):
            return Doubt(f"http_{answer.status}")
        if answer.status >= 400:
            return Rejected(f"twilio_{value.get('code', answer.status)}")
        self._pace.went_well()
        sid, price = str(value.get("sid", "")), value.get("price")
        cost = abs(float(price)) if isinstance(price, (str, float, int)) and _is_amount(price) else None
        return Accepted([sid] if sid else [], cost, str(value.get("price_unit") or ""))

    def _is(self, entry: Any, message: Message) -> bool:
        if not isinstance(entry, dict) or entry.get("body") != message.text or entry.get("to") != message.number:
            return False
        try:
            created = parsedate_to_datetime(str(entry.get("date_created"))).timestamp()
        except ValueError:
            return False
        return message.submitted - FOUND_S <= created <= message.submitted + FOUND_S


def is_signed(token: str, url: str, form: Sequence[tuple[str, str]], signature: str) -> bool:
    """Whether whoever called `url` with `form` knows the token."""
    data = url + "".join(name + value for name, value in sorted(set(form)))
    wanted = base64.b64encode(hmac.new(token.encode(), data.encode(), hashlib.sha1).digest()).decode()
    return hmac.compare_digest(wanted.encode(), signature.encode())


def receipt(gateway: str, form: Mapping[str, str]) -> Receipt | None:
    """What a status callback tells; None for a message under way."""
    state = STATES.get(form.get("MessageStatus") or form.get("SmsStatus", ""), "")
    sid = form.get("MessageSid") or form.get("SmsSid", "")
    if not state or not sid:
        return None
    reason = ""
    if state == "failed":
        code = form.get("ErrorCode", "")
        reason = f"twilio_{code}" if code.isdigit() else str(form.get("MessageStatus", "failed"))
    return Receipt(gateway, sid, state, reason, number=form.get("To", ""))


def received(gateway: str, form: Mapping[str, str]) -> Received | None:
    """A message from a customer; None when it is none."""
    number, sid = form.get("From", ""), form.get("MessageSid") or form.get("SmsSid", "")
    if not number or not sid or "Body" not in form:
        return None
    return Received(gateway, sid, number, form.get("To", ""), form["Body"])


def _is_amount(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True

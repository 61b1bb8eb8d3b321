"""What gateways and customers reach of short messages over HTTP: reports, replies, links.

Twilio signs what it sends; SMSAPI does not, so that a secret is a part of its address. Everybody else gets 403 or 404,
and learns nothing. Each is answered when it is on disk: before that the gateway sends it again.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pbx.api.dead_link import MESSAGE, dead_link, language_for
from pbx.config_sms import SmsGateway
from pbx.sms import smsapi, twilio
from pbx.sms.gateways import callback_url

if TYPE_CHECKING:
    from pbx.sms.service import SmsService

log = logging.getLogger("centrala.sms")

MAX_BODY = 65_536
MAX_FIELDS = 200
DONE = PlainTextResponse("OK")
TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


def sms_web_routes(service: SmsService) -> list[Route]:
    """Who is no gateway of ours, and what is no link of ours, is answered 404; so is everybody where there is none.
    Reports and links of messages that went out are taken while messages are switched off as well.
    """

    async def callback(request: Request) -> Response:
        name = request.path_params["gateway"]
        config = next((gateway.config for gateway in service.gateways if gateway.config.name == name), None)
        secret = request.path_params.get("secret", "")
        if config is None or config.kind == "smpp" or bool(secret) != (config.kind == "smsapi"):
            return Response(status_code=404)
        form = await _form(request)
        if form is None:
            return Response(status_code=413)
        try:
            if config.kind == "smsapi":
                return await _smsapi(service, config, form, secret)
            return await _twilio(service, config, form, request.headers.get("x-twilio-signature", ""))
        except Exception as error:
            log.error("what gateway %s told cannot be kept, and it is asked to tell it again: %s", config.name, error)
            return Response(status_code=503)

    async def link(request: Request) -> Response:
        address = service.links.open(request.path_params["token"])
        if not address:
            spoken = language_for(request.headers.get("accept-language", ""), service.services.config.server.language)
            return dead_link(MESSAGE, spoken, 404)
        headers = {"location": address, "cache-control": "no-store", "referrer-policy": "no-referrer"}
        return Response(status_code=302, headers=headers)

    methods = ["GET", "POST"]
    return [
        Route("/sms/{gateway}", callback, methods=["POST"]),
        Route("/sms/{gateway}/{secret}", callback, methods=methods),
        Route("/s/{token}", link),
    ]


async def _smsapi(service: SmsService, config: SmsGateway, form: list[tuple[str, str]], secret: str) -> Response:
    if not config.callback_secret or not hmac.compare_digest(secret.encode(), config.callback_secret.encode()):
        return Response(status_code=403)
    fields = dict(form)
    got = smsapi.received(config.name, fields)
    if got is not None:
        await service.received(got)
        return DONE
    for receipt in smsapi.receipts(config.name, fields):
        await service.receipt(receipt)
    return DONE


async def _twilio(service: SmsService, config: SmsGateway, form: list[tuple[str, str]], signature: str) -> Response:
    url = callback_url(config, service.settings.public_url)
    if not url or not twilio.is_signed(config.token, url, form, signature):
        return Response(status_code=403)
    fields: Mapping[str, str] = dict(form)
    if "MessageStatus" in fields:
        receipt = twilio.receipt(config.name, fields)
        if receipt is not None:
            await service.receipt(receipt)
        return Response(status_code=204)
    got = twilio.received(config.name, fields)
    if got is not None:
        await service.received(got)
    return Response(TWIML, media_type="text/xml")


async def _form(request: Request) -> list[tuple[str, str]] | None:
    """The fields of query or body, in their order; None when there is too much."""
    if request.method == "GET":
        text = request.url.query
    else:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return None
        text = body.decode("utf-8", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None

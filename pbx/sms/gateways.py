"""The gateways of a configuration, and the addresses by which HTTP ones reach us."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.clock import Clock
from pbx.config import Config
from pbx.config_sms import SmsGateway
from pbx.sms.gateway import Ears, Gateway
from pbx.sms.reassembly import Reassembly
from pbx.sms.smpp import SmppGateway
from pbx.sms.smsapi import SmsApiGateway
from pbx.sms.twilio import TwilioGateway


def build(config: Config, clock: Clock, ears: Ears, reassembly: Reassembly) -> list[Gateway]:
    """One of each [[sms.gateway]]."""
    return [_one(entry, config, clock, ears, reassembly) for entry in config.sms.gateway]


def rebuilt(
    present: Sequence[Gateway], config: Config, clock: Clock, ears: Ears, reassembly: Reassembly
) -> list[Gateway]:
    """The same after a change; one whose configuration is as it was is the same object."""
    known = {gateway.config.name: gateway for gateway in present}

    def one(entry: SmsGateway) -> Gateway:
        same = known.get(entry.name)
        return same if same is not None and same.config == entry else _one(entry, config, clock, ears, reassembly)

    return [one(entry) for entry in config.sms.gateway]


def callback_path(gateway: SmsGateway) -> str:
    """Where an HTTP gateway reports to. SMSAPI signs nothing, so a secret is a part of the path."""
    secret = f"/{gateway.callback_secret}" if gateway.kind == "smsapi" else ""
    return f"/sms/{gateway.name}{secret}"


def callback_url(gateway: SmsGateway, public_url: str) -> str:
    """The whole address; "" while the process has none."""
    return f"{public_url.rstrip('/')}{callback_path(gateway)}" if public_url else ""


def _one(entry: SmsGateway, config: Config, clock: Clock, ears: Ears, reassembly: Reassembly) -> Gateway:
    if entry.kind == "smpp":
        return SmppGateway(entry, clock, ears, reassembly)
    callback = callback_url(entry, config.sms.public_url)
    if entry.kind == "smsapi":
        return SmsApiGateway(entry, callback)
    return TwilioGateway(entry, clock, callback)

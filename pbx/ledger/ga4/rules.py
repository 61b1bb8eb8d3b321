"""What Google's Measurement Protocol takes, as its public documentation says; what breaks a rule it drops silently.

https://developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events (limitations),
.../protocol/ga4/reference (names that are reserved), read in November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_EVENTS = 25  # in a request
MAX_PARAMS = 25  # of an event
MAX_NAME = 40  # characters, of an event or a parameter
MAX_VALUE = 100  # of a standard property's parameter
MAX_BODY = 130_000
MAX_AGE_S = 72 * 3600.0
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,39}$")
CLIENT = re.compile(r"^[0-9]{1,20}\.[0-9]{1,20}$")  # of the _ga cookie, without its "GA1.1."
SESSION = re.compile(r"^[0-9]{1,20}$")
PREFIXES = ("firebase_", "ga_", "google_", "gtag.", "_")
EVENTS = frozenset(
    (
        *("ad_activeview", "ad_click", "ad_exposure", "ad_query", "ad_reward", "adunit_exposure", "app_clear_data"),
        *("app_exception", "app_install", "app_remove", "app_store_refund", "app_store_subscription_cancel"),
        *("app_store_subscription_convert", "app_store_subscription_renew", "app_update", "app_upgrade"),
        *("dynamic_link_app_open", "dynamic_link_app_update", "dynamic_link_first_open", "error", "first_open"),
        *("firebase_campaign", "firebase_in_app_message_action", "firebase_in_app_message_dismiss", "first_visit"),
        *("firebase_in_app_message_impression", "in_app_purchase", "notification_dismiss", "notification_foreground"),
        *("notification_open", "notification_receive", "notification_send", "os_update", "session_start"),
        "user_engagement",
    )
)


def faults(body: Mapping[str, Any], size: int, now: float) -> list[str]:
    """What is wrong with a request; nothing when Google would take it. `now` is UTC seconds."""
    found = []
    if not CLIENT.match(str(body.get("client_id", ""))):
        found.append("client_id is not of the form 123.456")
    if size > MAX_BODY:
        found.append(f"the body has {size} octets, {MAX_BODY} are taken")
    at = body.get("timestamp_micros")
    if at is not None and not now - MAX_AGE_S <= int(at) / 1e6 <= now + 60:
        found.append("timestamp_micros is older than 72 hours, or in the future")
    events = body.get("events") or []
    if not 1 <= len(events) <= MAX_EVENTS:
        found.append(f"{len(events)} events; 1 to {MAX_EVENTS} are taken")
    for event in events:
        found += _event_faults(event)
    return found


def _event_faults(event: Mapping[str, Any]) -> list[str]:
    name, params = str(event.get("name", "")), event.get("params") or {}
    found = []
    if not NAME.match(name) or name.startswith(PREFIXES) or name in EVENTS:
        found.append(f"{name[:60]!r} may not be an event's name")
    if len(params) > MAX_PARAMS:
        found.append(f"{name} has {len(params)} parameters, {MAX_PARAMS} are taken")
    for key, value in params.items():
        if not NAME.match(key) or key.startswith(PREFIXES):
            found.append(f"{key[:60]!r} may not be a parameter's name")
        if isinstance(value, str) and len(value) > MAX_VALUE:
            found.append(f"{key} has {len(value)} characters, {MAX_VALUE} are taken")
        if not isinstance(value, str | int | float):
            found.append(f"{key} is neither text nor number")
    if not SESSION.match(str(params.get("session_id", ""))):
        found.append("session_id is no number: GA would say (not set)")
    return found

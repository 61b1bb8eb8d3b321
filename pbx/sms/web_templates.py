"""Which message goes to a visitor of a web page: his site may have its own words for a failed call, and for an agreed
hour.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.config import Config
from pbx.contact.item import ContactItem, ItemKind

SLOT = "slot"  # in an item's source: the UTC second that the customer chose
SITE = "site"  # and the site whose page he asked on


def any_site(config: Config) -> bool:
    """Whether any site writes to its visitors."""
    return any(site.widget.sms_on_failure or site.widget.sms_on_schedule for site in config.site_web)


def on_failure(config: Config, item: ContactItem) -> str:
    """The template for a customer whom the first call did not reach; "" for none."""
    own = next((site.widget.sms_on_failure for site in config.site_web if site.name == item.source.get(SITE)), "")
    return own or config.callback.sms_on_failure


def on_schedule(config: Config, item: ContactItem) -> str:
    """The template for a visitor who has just chosen an hour; "" for none."""
    if item.kind is not ItemKind.WIDGET or not item.source.get(SLOT):
        return ""
    return next((site.widget.sms_on_schedule for site in config.site_web if site.name == item.source.get(SITE)), "")


def slot_text(config: Config, item: ContactItem) -> str:
    """The hour as a message says it, on the clock of the site: "24.11 10:30"; "" for none."""
    slot = item.source.get(SLOT)
    if not slot:
        return ""
    zones = (site.timezone for site in config.site_web if site.name == item.source.get(SITE))
    zone = next(zones, "") or config.server.timezone
    return datetime.fromtimestamp(float(slot), ZoneInfo(zone)).strftime("%d.%m %H:%M")

"""Where a visitor comes from: campaign parameters and click ids of the landing page, and else the referrer. Pure.

Names of sources and media are those of web analytics ("google" / "cpc", "(direct)" / "(none)"), so that reports agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pbx.config_web import Channel, ReferrerGroup

MAX_VALUE = 100  # characters of a campaign parameter
MAX_CLICK_ID = 200
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
# Click ids with the advertiser that gives them; the first that is there counts.
CLICK_IDS = {
    "gclid": ("google", "cpc"),
    "gbraid": ("google", "cpc"),
    "wbraid": ("google", "cpc"),
    "yclid": ("yandex", "cpc"),
    "msclkid": ("bing", "cpc"),
    "fbclid": ("facebook", "social"),  # put on every outgoing link, paid or not
}
KEPT_PARAMETERS = frozenset((*UTM, *CLICK_IDS))
DIRECT, NONE = "(direct)", "(none)"

_SEARCH = (
    "google",
    "bing",
    "yandex",
    "duckduckgo",
    "yahoo",
    "ecosia",
    "baidu",
    "seznam",
    "startpage",
    "qwant",
    "brave",
)
_MAPS = ("maps.google", "google-maps", "maps.yandex", "2gis", "waze", "here", "maps.apple")
_MAIL = ("mail.", "webmail.", "poczta.", "outlook.", "e.mail.ru")
_ADS = ("googleadservices", "doubleclick", "googlesyndication", "an.yandex", "adriver", "criteo")
_SOCIAL = (
    "facebook", "instagram", "vk", "ok", "linkedin", "lnkd", "twitter", "t.co", "x", "tiktok", "youtube", "pinterest",
    "reddit", "wykop", "threads", "dzen",
)  # fmt: skip
_MESSENGER = ("t.me", "telegram", "whatsapp", "wa.me", "viber", "messenger", "signal")
_PAID = frozenset(("cpc", "ppc", "paid", "paidsearch", "cpv", "cpa", "retargeting"))
_SOCIAL_MEDIA = frozenset(("social", "social-network", "social-media", "sm", "smm", "paid_social", "paidsocial"))
_DISPLAY = frozenset(("display", "banner", "cpm", "interstitial", "expandable", "media"))


@dataclass(slots=True, frozen=True)
class Source:
    """One touch. `paid` fields are what the landing page said; `referrer` is without its query."""

    source: str = DIRECT
    medium: str = NONE
    campaign: str = ""
    term: str = ""
    content: str = ""
    click_id: str = ""
    click_kind: str = ""
    group: ReferrerGroup = "direct"
    channel: Channel = "direct"
    said: bool = False  # by parameters of the address: a touch of its own, as against a referrer's

    @property
    def key(self) -> tuple[str, str, str]:
        """What two visits have in common when they come from the same place."""
        return self.source, self.medium, self.campaign


def find_source(parameters: Mapping[str, str], referrer_host: str, own_hosts: frozenset[str] = frozenset()) -> Source:
    """`parameters` are those of the landing page, `own_hosts` the site's: they are no source."""
    group = group_of(referrer_host, own_hosts)
    source, medium, campaign, term, content = (parameters.get(name, "")[:MAX_VALUE] for name in UTM)
    click_kind = next((name for name in CLICK_IDS if parameters.get(name)), "")
    said = bool(source or click_kind)
    if not source:
        if click_kind:
            source, default = CLICK_IDS[click_kind]
        else:
            source, default = _by_referrer(referrer_host, group)
        medium = medium or default
    click_id = parameters.get(click_kind, "")[:MAX_CLICK_ID]
    channel = channel_of(source.lower(), medium.lower(), click_kind)
    return Source(source, medium or "(not set)", campaign, term, content, click_id, click_kind, group, channel, said)


def group_of(host: str, own_hosts: frozenset[str] = frozenset()) -> ReferrerGroup:
    """The group of a referrer's host ("" for none)."""
    if not host:
        return "direct"
    if host in own_hosts:
        return "site"
    if any(word in host for word in _ADS):
        return "ads"
    if any(word in host for word in _MAPS):
        return "maps"
    if host.startswith(_MAIL):
        return "mail"
    name = _name(host)
    if host in _MESSENGER or name in _MESSENGER:
        return "messenger"
    if host in _SOCIAL or name in _SOCIAL:
        return "social"
    return "search" if name in _SEARCH else "other"


def channel_of(source: str, medium: str, click_kind: str = "") -> Channel:
    """The channel of a source and medium in small letters, much as web analytics group them."""
    group = group_of(source if "." in source else f"{source}.com") if source not in ("", DIRECT) else "direct"
    if medium in _PAID or (click_kind and click_kind != "fbclid"):
        return "paid_social" if group == "social" else "paid_search"
    if medium in _DISPLAY:
        return "display"
    if medium in _SOCIAL_MEDIA:
        return "paid_social" if medium.startswith("paid") else "organic_social"
    exact: dict[str, Channel] = {
        "organic": "organic_search", "email": "email", "e-mail": "email", "newsletter": "email", "sms": "sms",
        "affiliate": "affiliate", "referral": "referral", "messenger": "messenger", "maps": "maps", "qr": "offline",
        "offline": "offline", "print": "offline", "billboard": "offline", "radio": "offline", "tv": "offline",
    }  # fmt: skip
    if medium in exact:
        return exact[medium]
    if group == "direct" and medium in ("", NONE, "(not set)"):
        return "direct"
    by_group: dict[ReferrerGroup, Channel] = {"social": "organic_social", "messenger": "messenger", "maps": "maps"}
    return by_group.get(group, "other")


def _by_referrer(host: str, group: ReferrerGroup) -> tuple[str, str]:
    if group in ("direct", "site"):
        return DIRECT, NONE
    media = {"search": "organic", "social": "social", "messenger": "messenger", "maps": "maps", "mail": "email"}
    known = group in ("search", "social")
    return (_name(host) if known else host), media.get(group, "cpc" if group == "ads" else "referral")


def _name(host: str) -> str:
    """ "google" of "www.google.co.uk"."""
    parts = host.removeprefix("www.").split(".")
    if len(parts) >= 3 and len(parts[-2]) <= 3 and len(parts[-1]) == 2:
        return parts[-3]
    return parts[-2] if len(parts) >= 2 else parts[0]

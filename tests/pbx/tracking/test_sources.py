"""Where a visitor comes from, what is kept of an address, and which rule decides: the vectors of docs/tracking.md."""

from __future__ import annotations

import pytest

from pbx.tracking.addresses import read_page, read_referrer
from pbx.tracking.devices import Devices
from pbx.tracking.rules import Rules, Touch
from pbx.tracking.sources import Source, find_source
from tests.pbx.tracking.support import config

OWN = frozenset(("shop.example", "www.shop.example"))

SOURCES = (
    ("https://shop.example/", "", ("(direct)", "(none)", "direct")),
    ("https://shop.example/", "https://shop.example/cart", ("(direct)", "(none)", "direct")),
    ("https://shop.example/", "https://www.google.co.uk/", ("google", "organic", "organic_search")),
    ("https://shop.example/", "https://yandex.ru/search/", ("yandex", "organic", "organic_search")),
    ("https://shop.example/", "https://www.facebook.com/", ("facebook", "social", "organic_social")),
    ("https://shop.example/", "https://t.me/channel", ("t.me", "messenger", "messenger")),
    ("https://shop.example/", "https://partner.example/a", ("partner.example", "referral", "referral")),
    ("https://shop.example/?gclid=abc", "https://www.google.com/", ("google", "cpc", "paid_search")),
    ("https://shop.example/?yclid=1", "", ("yandex", "cpc", "paid_search")),
    ("https://shop.example/?wbraid=1", "", ("google", "cpc", "paid_search")),
    ("https://shop.example/?msclkid=1", "", ("bing", "cpc", "paid_search")),
    ("https://shop.example/?fbclid=1", "https://l.facebook.com/", ("facebook", "social", "organic_social")),
    ("https://shop.example/?utm_source=vk&utm_medium=cpc", "", ("vk", "cpc", "paid_social")),
    ("https://shop.example/?utm_source=news&utm_medium=email", "", ("news", "email", "email")),
    ("https://shop.example/?utm_source=poster", "", ("poster", "(not set)", "other")),
    ("https://shop.example/?utm_source=city&utm_medium=billboard", "", ("city", "billboard", "offline")),
)


@pytest.mark.parametrize(("page", "referrer", "expected"), SOURCES)
def test_source_medium_and_channel(page: str, referrer: str, expected: tuple[str, str, str]) -> None:
    landing, came = read_page(page), read_referrer(referrer)
    found = find_source(landing.parameters, came.host, OWN)
    assert (found.source, found.medium, found.channel) == expected


ADDRESSES = (
    ("https://shop.example/a?email=jan@example.pl&utm_source=x", "https://shop.example/a?utm_source=x"),
    ("https://user:secret@shop.example/a#top", "https://shop.example/a"),
    ("https://shop.example/user/jan@example.pl/orders", "https://shop.example/user/-/orders"),
    ("https://shop.example/call/+48600100200", "https://shop.example/call/-"),
    ("https://shop.example/?utm_term=jan@example.pl", "https://shop.example/"),
    ("https://shop.example/?utm_campaign=%2B48+600+100+200", "https://shop.example/"),
    ("https://shop.example/?size=4", "https://shop.example/?size=4"),
    ("javascript:alert(1)", ""),
    ("https://[broken", ""),
    ("https://shop.example/?gclid=%3Dcmd%7C'/c calc'!A1", "https://shop.example/"),
    ("https://shop.example/?yclid=-1%2B1&fbclid=IwAR0-x_y.z", "https://shop.example/?fbclid=IwAR0-x_y.z"),
    ("http://127.0.0.1:8090/lp?x=1", "http://127.0.0.1:8090/lp"),
    ("https://shop.example:443/", "https://shop.example/"),
    ("http://shop.example:443/", "http://shop.example:443/"),
    ("http://[::1]:8090/", "http://[::1]:8090/"),
    ("https://shop.example:99999/", ""),
)


@pytest.mark.parametrize(("address", "kept"), ADDRESSES)
def test_no_address_keeps_what_is_personal(address: str, kept: str) -> None:
    assert read_page(address, frozenset(("size",))).text == kept


def test_a_referrer_loses_its_query() -> None:
    assert (
        read_referrer("https://www.google.com/search?q=my+illness&utm_source=x").text == "https://www.google.com/search"
    )


def rules(*entries: dict[str, object]) -> Rules:
    listed = [{"name": f"r{at}", "number": f"+4822123100{at}", **entry} for at, entry in enumerate(entries)]
    return Rules(config(source_rule=listed))


ALL = (
    {"always": True},
    {"channel": ["paid_search"]},
    {"referrer_group": ["search"]},
    {"referrer": ["google.com", "partner.example/catalogue/*"]},
    {"landing": ["/lp/*"]},
    {"parameters": {"utm_source": "google", "utm_campaign": "*"}},
)

PRECEDENCE = (
    (
        "https://shop.example/lp/a?utm_source=google&utm_campaign=x",
        "https://google.com/",
        "r4",
    ),  # the first of its kind
    ("https://shop.example/?utm_source=google&utm_campaign=x", "https://google.com/", "r5"),
    ("https://shop.example/?utm_source=google", "https://google.com/", "r3"),
    ("https://shop.example/", "https://www.google.com/", "r3"),
    ("https://shop.example/", "https://partner.example/catalogue/7", "r3"),
    ("https://shop.example/", "https://partner.example/", "r0"),
    ("https://shop.example/", "https://www.bing.com/", "r2"),
    ("https://shop.example/?gclid=1", "https://blog.example/", "r1"),
    ("https://shop.example/", "", "r0"),
)


@pytest.mark.parametrize(("page", "referrer", "name"), PRECEDENCE)
def test_the_order_of_rules(page: str, referrer: str, name: str) -> None:
    landing, came = read_page(page), read_referrer(referrer)
    touch = Touch(landing, came, find_source(landing.parameters, came.host, OWN))
    choice = rules(*ALL).choose("shop", "main", touch)
    assert choice is not None
    assert choice.rule is not None
    assert choice.rule.name == name


def test_the_pool_of_the_site_comes_after_all_rules() -> None:
    touch = Touch(read_page("https://shop.example/"), read_referrer(""), Source())
    last = rules({"channel": ["email"]}).choose("shop", "main", touch)
    assert last is not None
    assert (last.pool, last.number, last.default) == ("main", "", "+48221230000")
    assert rules().choose("shop", "fax", touch) is None, "the site has no such logical number"


def test_the_number_of_the_channel_stands_in_for_an_empty_pool() -> None:
    entries = (
        {"parameters": {"utm_source": "google"}, "pool": "main", "number": ""},
        {"channel": ["paid_search"], "number": "+48221230009"},
    )
    landing = read_page("https://shop.example/?utm_source=google&utm_medium=cpc")
    touch = Touch(landing, read_referrer(""), find_source(landing.parameters, ""))
    choice = rules(*entries).choose("shop", "main", touch)
    assert choice is not None
    assert (choice.pool, choice.number) == ("main", "+48221230009")


def test_devices_and_robots() -> None:
    devices = Devices(["ourmonitor"])
    assert devices.of("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Mobile/15E148") == "mobile"
    assert devices.of("Mozilla/5.0 (Linux; Android 16; SM-X710) AppleWebKit") == "tablet"
    assert devices.of("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0") == "desktop"
    for robot in ("", "Googlebot/2.1", "curl/8.1", "OurMonitor 1"):
        assert devices.of(robot) == "bot"

"""What is wrong with a widget's configuration is said with its key; its figures are there before the first request."""

from __future__ import annotations

from typing import Any

from pbx.config import Config
from pbx.metrics.widget import WidgetMetrics
from pbx.widget.checks import check_widgets
from pbx.widget.desk import allows
from pbx.widget.page import ink_on
from pbx.widget.texts import LANGUAGES, NAMES, words
from tests.pbx.widget.shop import SITE, WIDGET, Shop


def problems(widget: dict[str, Any], **config: Any) -> list[str]:
    site = {**SITE, "widget": {**WIDGET, **widget}}
    base = {"numbering": {"country": "PL"}, "callback": {"enabled": True}, "queue": [{"name": "sales"}]}
    found = check_widgets(Config.model_validate({**base, "site_web": [site], **config}))
    return [".".join(str(part) for part in problem.key) for problem in found]


def test_what_a_widget_needs() -> None:
    assert problems({}) == []
    assert problems({"enabled": False, "departments": []}, callback={}) == []
    where = "site_web.0.widget"
    assert problems({}, callback={}) == [f"{where}.enabled"]
    assert problems({"departments": []}) == [f"{where}.departments"]
    assert problems({"departments": [{"queue": "nobody"}]}) == [f"{where}.departments.0.queue"]
    two = [{"queue": "sales", "title": {"en": "Sales"}}, {"queue": "sales"}]
    assert problems({"departments": two}) == [f"{where}.departments.1.title"]
    assert problems({"hours": "never", "countries": ["XX"]}) == [f"{where}.hours", f"{where}.countries.0"]
    assert problems({"limits_per_visitor": ["3/60m", "often"]}) == [f"{where}.limits_per_visitor.1"]
    assert problems({"money_per_day": 5}) == [f"{where}.money_per_day"]
    assert problems({"texts": {"en": {"send": "Go", "sned": "Go"}}}) == [f"{where}.texts.en.sned"]


def test_every_word_in_every_language() -> None:
    for language in LANGUAGES:
        assert set(words(language)) == NAMES
        assert all(words(language).values())


def test_words_can_be_read_on_every_colour() -> None:
    for colour, ink in (("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#1a56db", "#ffffff"), ("#ffd400", "#000000")):
        assert ink_on(colour) == ink


async def test_origins_of_subdomains_and_figures_from_the_start() -> None:
    shop = await Shop().start()
    site = shop.desk.site
    assert allows(site, "https://a.b.shop.example")
    for origin in ("https://.shop.example", "https://evil-shop.example", "https://shop.example:8443", ""):
        assert not allows(site, origin), origin
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in WidgetMetrics(shop.service.figures).collect()
        for sample in family.samples
    }
    assert samples["centrala_widget_requests_total", "shop", "taken"] == 0
    assert samples["centrala_widget_refused_total", "premium", "shop"] == 0
    assert samples["centrala_widget_work_bits", "shop"] == 4
    await shop.close()

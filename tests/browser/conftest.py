"""One Chromium for the tests of a file. Where it is missing they are skipped, which `make test` says aloud."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from pbx.clock import SystemClock
from pbx.config import Config
from pbx.widget.desk import desks
from pbx.widget.page import Pages
from pbx.widget.promises import Promises
from tests.browser.shop import KEY

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="module")  # no longer: playwright's loop must not run beside that of other tests
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is missing (apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def settings() -> Any:
    """`settings(lang, seconds=28, silence="", **widget)`: what a page is told, made by the server's own code."""

    def make(lang: Any = "en", seconds: float | None = 28.0, silence: str = "", **widget: Any) -> dict[str, Any]:
        given = {"enabled": True, "departments": [{"queue": "sales"}], "work_bits": 8, **widget}
        site = {"name": "shop", "key": KEY, "origins": ["https://shop.example"], "number": "+48221230000"}
        queues = [{"name": name} for name in ("sales", "service")]
        config = Config.model_validate(
            {
                "numbering": {"country": "PL"},
                "server": {"timezone": "Europe/Warsaw"},
                "queue": queues,
                "site_web": [{**site, "widget": given}],
            }
        )
        clock = SystemClock()
        promises = Promises(clock, b"s" * 32, lambda _queue: seconds, lambda _queue: silence)
        callbacks = SimpleNamespace(may_call=lambda _number, _at: True)
        contacts = SimpleNamespace(unordered=list)
        services: Any = SimpleNamespace(contacts=contacts, extra={"callbacks": callbacks})
        pages = Pages(services, promises)
        (desk,) = desks(config, clock, {}).values()
        return pages.of(desk, lang, "192.0.2.1", clock.unix())

    return make

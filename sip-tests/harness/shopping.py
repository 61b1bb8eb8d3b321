"""Visitors of the sample shop in a headless Chromium, a process of its own: `python -m harness.shopping SETTINGS.json`.

It serves widget/example, visits it from each source with a fresh browser profile, breaks a page so that the last digits
of its number vanish, and asks for a callback in the first visit. It ends with status 0 when everything looked as it
should. What happens is told on standard output, a line each.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.browser import FLAGS

SERVE = Path(__file__).resolve().parents[2] / "widget" / "example" / "serve.py"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
LIMIT_MS = 60_000  # a busy machine
SHOWN = "() => document.querySelector('#head').textContent.replace(/\\D/g, '')"
HEARD = """window.heard = []
for (const name of ['requested', 'ringing', 'connected', 'failed', 'number'])
  document.addEventListener('pbx:' + name, (event) => window.heard.push(name + ' ' + (event.detail.verdict || '')))
document.addEventListener('securitypolicyviolation', (event) => window.heard.push('violation ' + event.blockedURI))"""
HIDE = "() => { const last = document.querySelector('#head i'); last.style.display = 'none' }"


def open_shop(settings: dict[str, Any]) -> None:
    """Serves the shop until the process ends."""
    spec = importlib.util.spec_from_file_location("serve", SERVE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shop = urlsplit(settings["shop"])
    server = module.serve(shop.hostname, shop.port, settings["pbx"], settings["key"])
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Wrong(Exception):
    """Something did not look as it should."""


class Shoppers:
    """All visitors."""

    def __init__(self, chromium: Any, settings: dict[str, Any]) -> None:
        self._chromium = chromium
        self._settings = settings

    def visit(self, source: dict[str, str]) -> Any:
        """The page of a new visitor, with his number on it."""
        context = self._chromium.new_context(user_agent=AGENT, locale="en-GB", viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.set_default_timeout(LIMIT_MS)
        page.on("console", lambda message: print(f"console {message.text}"[:300], flush=True))
        page.on("pageerror", lambda error: print(f"error {error}", flush=True))
        page.add_init_script(HEARD)
        page.goto(self._settings["shop"] + source.get("path", "/"), referer=source.get("referrer"))
        number = source["sees"]
        page.wait_for_function(f"number => ({SHOWN})() === number", arg=number)
        print(f"sees {number} from {source.get('path', '/')}", flush=True)
        return page

    def broken(self, page: Any) -> None:
        """The last digits vanish: the guard tells it while the page is still open."""
        page.evaluate(HIDE)
        page.wait_for_function("() => window.heard.includes('number truncated')")
        print("guard truncated", flush=True)

    def asks(self, page: Any) -> None:
        """The form, with the keyboard alone, and what it shows until both talk."""
        page.locator("#talk").focus()
        page.keyboard.press("Enter")
        panel = page.get_by_role("dialog")
        title = panel.get_by_role("heading").inner_text()
        print(f"promised {title}", flush=True)
        page.keyboard.type(self._settings["number"])
        page.keyboard.press("Enter")
        page.wait_for_function("() => window.heard.some((each) => /connected|failed/.test(each))")
        heard = [each.strip() for each in page.evaluate("() => window.heard") if not each.startswith("number")]
        print(f"heard {' '.join(heard)}", flush=True)
        if heard != ["requested", "ringing", "connected"]:
            raise Wrong(f"the widget went through {heard}")
        if self._settings["promised"] not in title:
            raise Wrong(f"the widget says {title!r}")


def main() -> int:
    """One round of visits."""
    from playwright.sync_api import Error, sync_playwright

    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    open_shop(settings)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            shoppers = Shoppers(chromium, settings)
            pages = [shoppers.visit(source) for source in settings["sources"]]
            shoppers.broken(pages[-1])
            shoppers.asks(pages[0])
        except (Wrong, Error) as error:
            print(f"wrong: {error}", flush=True)
            return 1
        finally:
            chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

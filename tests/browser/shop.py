"""The sample shop in a headless Chromium. Nothing listens: the browser's requests are answered here, those to the PBX
as the test wants, and written down.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, Route

ROOT = Path(__file__).resolve().parents[2]
SHOP, PBX = "https://shop.example", "https://pbx.example"
KEY = "pk_shop12345678"
DEFAULT, NUMBER = "+48221230000", "+48221110001"
LIMIT_MS = 5_000
NUMBERS = {"main": {"number": NUMBER, "international": "+48 22 111 00 01", "default": DEFAULT}}
NO_WIDGET = {"departments": [], "countries": []}
SHOWS = "([where, what]) => document.querySelector(where).textContent.replace(/\\D/g, '').endsWith(what)"
REQUESTED = {"token": "t.0", "state": "requested", "over": False, "at": 0, "sms": False}


def example() -> ModuleType:
    """widget/example/serve.py, which is no package."""
    spec = importlib.util.spec_from_file_location("serve", ROOT / "widget" / "example" / "serve.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SERVE = example()


class Visit:
    """One visitor with one page. `config` is what /w/config says, `answers` maps paths of the PBX to (status, body)."""

    def __init__(
        self,
        browser: Browser,
        config: dict[str, Any] | None = None,
        *,
        answers: dict[str, Any] | None = None,
        html: Callable[[str], str] = lambda text: text,
        scripts: str = "",
        **context: Any,
    ) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.violations: list[str] = []
        self.errors: list[str] = []
        self.config = config or NO_WIDGET
        self.answers: dict[str, Any] = answers or {}
        self.html = html
        self.context = browser.new_context(locale="en-GB", timezone_id="Europe/Warsaw", **context)
        self.context.route("**/*", self._answer)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(LIMIT_MS)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._said)
        if scripts:
            self.page.add_init_script(scripts)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open(self, path: str = "/", **more: Any) -> Page:
        self.page.goto(SHOP + path, **more)
        return self.page

    def swapped(self, path: str = "/", selector: str = "#link") -> Page:
        """The page with the visitor's number on it."""
        page = self.open(path)
        page.wait_for_function(SHOWS, arg=[selector, NUMBER[-7:]])
        return page

    def of(self, path: str) -> list[dict[str, Any]]:
        """What was posted there."""
        return [body for posted, body in self.posts if posted == path]

    def reports(self) -> list[dict[str, Any]]:
        return self.of("/t/guard")

    def until(self, condition: Callable[[], Any], what: str, timeout_ms: int = LIMIT_MS) -> Any:
        """Waits, while the browser goes on, until `condition()` is true."""
        for _ in range(timeout_ms // 20):
            found = condition()
            if found:
                return found
            self.page.wait_for_timeout(20)
        raise AssertionError(f"{what} did not come: {self.posts} {self.errors}")

    def _said(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "TrustedHTML" in message.text:
            self.violations.append(message.text)

    def _answer(self, route: Route, request: Request) -> None:
        url = urlsplit(request.url)
        if url.netloc == urlsplit(SHOP).netloc:
            found = SERVE.page(url.path, PBX, KEY)
            if found is None:
                route.fulfill(status=404)
                return
            body, kind = found
            if kind.startswith("text/html"):
                body = self.html(body.decode()).encode()
            headers = {"content-type": kind, "content-security-policy": SERVE.policy(PBX)}
            route.fulfill(status=200, body=body, headers=headers)
            return
        status, answer = self._pbx(url.path, request)
        if status == 0:
            route.abort()
            return
        kind = {"/w.js": "text/javascript"}.get(url.path, "application/json")
        if isinstance(answer, str):
            kind, answer = "text/event-stream", answer.encode()
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        headers = {"access-control-allow-origin": SHOP, "content-type": kind}
        route.fulfill(status=status, body=body, headers=headers)

    def _pbx(self, path: str, request: Request) -> tuple[int, Any]:
        if request.method == "POST":
            self.posts.append((path, json.loads(request.post_data or "{}")))
        if path in self.answers:
            given = self.answers[path]
            found: tuple[int, Any] = given(self.posts[-1][1]) if callable(given) else given
            return found
        if path == "/w.js":
            return 200, resources.files("pbx.widget").joinpath("static/w.js").read_bytes()
        if path == "/w/config":
            return 200, self.config
        if path == "/t/visit":
            return 200, visit()
        return 200, {}


def visit(**more: Any) -> dict[str, Any]:
    """What /t/visit says (docs/tracking.md)."""
    answer = {"session": "s1", "visit": "v1", "visitor": "", "keep_days": 0, "beat_s": 60, "ttl_s": 1800}
    return {**answer, "numbers": NUMBERS, **more}


def events(*states: dict[str, Any]) -> str:
    """Server-sent events."""
    return "".join(f"data: {json.dumps(state)}\n\n" for state in states)

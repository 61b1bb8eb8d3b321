"""What a user agent says: the class of device, and robots, which are shown no number of a pool."""

from __future__ import annotations

from functools import lru_cache

from pbx.tracking.visit import Device

MAX_USER_AGENT = 400
BOTS = (
    "bot", "crawl", "spider", "slurp", "headlesschrome", "lighthouse", "pagespeed", "preview", "facebookexternalhit",
    "curl/", "wget/", "python-", "go-http", "java/", "okhttp", "axios", "node-fetch", "libwww", "scrapy", "monitor",
    "uptime", "pingdom", "validator", "archiver", "gptbot", "ahrefs", "semrush", "phantomjs",
)  # fmt: skip


class Devices:
    """`bots` are further words. Answers are cached: a site sees few different user agents."""

    def __init__(self, bots: list[str]) -> None:
        self._bots = (*BOTS, *(word.lower() for word in bots if word))
        self.of = lru_cache(4096)(self._of)

    def _of(self, user_agent: str) -> Device:
        text = user_agent[:MAX_USER_AGENT].lower()
        if not text or any(word in text for word in self._bots):
            return "bot"
        if "ipad" in text or "tablet" in text or ("android" in text and "mobile" not in text):
            return "tablet"
        return "mobile" if "mobi" in text or "iphone" in text else "desktop"

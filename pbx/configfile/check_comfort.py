"""The messages of queues to their waiting callers."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.configfile.problem import Problem

MAX_TEXT_CHARS = 4000  # pbx.media.prompts


def check_comfort(config: Config) -> Iterator[Problem]:
    """Each is either a text or a sound, and says something."""
    for index, queue in enumerate(config.queue):
        for position, entry in enumerate(queue.comfort):
            place = ("queue", index, "comfort", position)
            texts = [text for text in entry.text.values() if text.strip()]
            if bool(texts) == bool(entry.sound):
                has = "has both texts and a sound" if texts else "has neither text nor sound"
                yield Problem(place, has, 'write text = {pl = "…"} or sound = "NAME"')
            if len(texts) < len(entry.text):
                yield Problem((*place, "text"), "has a language without words", "write them, or leave it out")
            if any(len(text) > MAX_TEXT_CHARS for text in texts):
                text = f"has more than {MAX_TEXT_CHARS} characters, which is what can be spoken"
                yield Problem((*place, "text"), text, "make several messages of it")

"""Pages without a panel: what the policy lets through, what can be read, and that every text is in three languages."""

from __future__ import annotations

import base64
import hashlib
import re

from pbx.api.dead_link import LOGIN, MESSAGE, dead_link
from pbx.api.page import POLICY, STYLE, page
from pbx.api.rest.routes.link_page import _REASONS, TEXTS
from pbx.config_base import Language

LANGUAGES = {"pl", "ru", "en"}


def _light(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    full = colour.lstrip("#") if len(colour) == 7 else "".join(mark * 2 for mark in colour.lstrip("#"))
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_policy_lets_this_stylesheet_through_and_no_other() -> None:
    text = bytes(page("pl", "Tytuł <x>", "<p>ok</p>").body).decode()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert "Tytuł &lt;x&gt;" in text
    assert "style=" not in text
    assert not re.search(r"<script|https?://|url\(", text)


def test_contrast() -> None:
    for block in re.findall(r":root\{([^}]*--ground[^}]*)\}", STYLE):
        colours = dict(re.findall(r"--(\w+):(#[0-9a-f]+)", block))
        for ink, ground in (("ink", "sheet"), ("soft", "sheet"), ("bad", "sheet"), ("on", "act"), ("ink", "ground")):
            lights = sorted((_light(colours[ink]), _light(colours[ground])))
            assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5, (ink, ground)


def test_every_text_is_there_in_three_languages() -> None:
    assert set(TEXTS) == set(LOGIN) == set(MESSAGE) == LANGUAGES
    assert len({tuple(sorted(texts)) for texts in TEXTS.values()}) == 1
    assert all(set(texts) == LANGUAGES - {"en"} for _, texts in _REASONS)
    every: tuple[Language, ...] = ("pl", "ru", "en")
    for language in every:
        assert f'lang="{language}"' in bytes(dead_link(LOGIN, language, 401).body).decode()

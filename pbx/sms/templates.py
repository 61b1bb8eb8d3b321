"""Texts of messages: the templates of spoken texts in their written form, and links whose opening is counted.

`{link:https://...}` stands for an address; all else is as in pbx.language.template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import cast

from pbx.config_base import Language
from pbx.language.template import Field, Template, TemplateError

_LINK = re.compile(r"\{link:([^{}\s|]+)\}")


class TextError(ValueError):
    """A text that cannot be written; says what and what to do."""


@lru_cache(maxsize=1024)
def _read(text: str) -> tuple[Template, tuple[str, ...]]:
    """The template, in which the links are variables, and their addresses."""
    urls: list[str] = []

    def one(found: re.Match[str]) -> str:
        urls.append(found[1])
        return f"{{{_name(len(urls))}}}"

    try:
        return Template.parse(_LINK.sub(one, text)), tuple(urls)
    except TemplateError as error:
        raise TextError(str(error)) from None


def names(text: str) -> list[str]:
    """The names that must have a value, each once. Raises TextError for a text that is none."""
    template, urls = _read(text)
    own = {_name(index) for index in range(1, len(urls) + 1)}
    fields = [part for part in template.parts if isinstance(part, Field) and part.default is None]
    return list(dict.fromkeys(part.name for part in fields if part.name not in own))


def links(text: str) -> list[str]:
    """The addresses of `text`'s links. Raises TextError."""
    return list(_read(text)[1])


def fill(text: str, values: Mapping[str, object], language: str, link: Callable[[str], str]) -> str:
    """`text` with its values; `link` makes what stands for an address. Raises TextError for a name without a value."""
    template, urls = _read(text)
    own = {_name(index): link(url) for index, url in enumerate(urls, 1)}
    given = {name: values[name] for name in template.names if name in values}
    try:
        return template.render({**given, **own}, cast("Language", language), written=True).strip()
    except TemplateError as error:
        raise TextError(str(error)) from None


def _name(index: int) -> str:
    return f"link_{index}"

"""Texts of blocks as templates: read once, filled for each caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import cast

from pbx.config import Language
from pbx.flow.block import Text
from pbx.language.template import Template, TemplateError

__all__ = ["Template", "TemplateError", "filled", "is_fixed", "template", "without_values", "words_of"]


@lru_cache(maxsize=4096)
def template(words: str) -> Template:
    """`words` as a template. TemplateError when it is none. What was read lately is remembered."""
    return Template.parse(words)


def is_fixed(words: str) -> bool:
    """Whether every caller hears the same; what cannot be read is not said at all."""
    try:
        return template(words).fixed
    except TemplateError:
        return False


def filled(words: str, values: Mapping[str, object], language: str) -> str:
    """The words with their values. TemplateError for a value that is missing or does not fit."""
    return template(words).render(values, cast("Language", language))


def without_values(words: str) -> str:
    """What is left of a text whose values cannot be said."""
    return " ".join(part.strip() for part in template(words).parts if isinstance(part, str)).strip()


def words_of(text: Text, language: str, default: str) -> tuple[str, str]:
    """(words, language) of `text` for a call in `language`; a text without it is spoken in the `default` language."""
    if isinstance(text, str):
        return text, language
    spoken = language if language in text else default
    return text[cast("Language", spoken)], spoken


def spoken_in(text: Text, languages: list[Language]) -> Iterator[tuple[str, str]]:
    """(words, language) of a text in each of `languages`, for preloading; those with variables cannot be."""
    by_language = dict.fromkeys(languages, text) if isinstance(text, str) else text
    for language, words in by_language.items():
        if is_fixed(words):
            yield template(words).render({}, language), language

"""Texts with variables: `{name}`, `{name|filter:argument,...}`, pauses `<break 300ms>` and emphasis `<em>...</em>`.

A template is compiled once, where it is written, so that every mistake is found before a call comes. Filling it in is
pure: the same values give the same words, and so the same cached sound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pbx.config_base import Language
from pbx.language import marks
from pbx.language.filters import FILTERS, FilterError, Formatter, plain

MAX_CHARS = 4000  # of a template, and of what it is filled to
MAX_FIELDS = 100
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_-]+)*")
_UNFIT = re.compile(r"[<>\x00-\x1f\x7f]+")  # in a value: a name must not smuggle in marks or line ends


class TemplateError(ValueError):
    """A template that cannot be read, or a value that does not fit; `position` counts characters from 0."""

    def __init__(self, text: str, position: int, remedy: str) -> None:
        super().__init__(f"{text} (character {position + 1}); {remedy}")
        self.text = text
        self.position = position
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Field:
    """One `{name|filter:arguments}`. `default` is what stands for a value that is missing or empty."""

    name: str
    position: int
    source: str
    formatter: Formatter
    default: str | None = None
    filter: str = ""  # its name, "" for none


@dataclass(frozen=True, slots=True)
class Template:
    """A text ready to be filled. `names` are its variables in the order in which they first appear."""

    source: str
    parts: tuple[str | Field, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises TemplateError for anything that is not a text, a field or a mark as above."""
        if len(text) > MAX_CHARS:
            raise TemplateError(f"the text has {len(text)} characters", MAX_CHARS, f"{MAX_CHARS} are allowed")
        try:
            marks.check(text)
        except marks.MarkError as error:
            raise TemplateError(error.text, error.position, error.remedy) from error
        parts = tuple(_parts(text))
        fields = [part for part in parts if isinstance(part, Field)]
        if len(fields) > MAX_FIELDS:
            raise TemplateError(
                f"the text has {len(fields)} variables", fields[MAX_FIELDS].position, f"{MAX_FIELDS} are allowed"
            )
        return cls(text, parts, tuple(dict.fromkeys(field.name for field in fields)))

    @property
    def fixed(self) -> bool:
        """Whether every caller hears the same words."""
        return not self.names

    def render(self, values: Mapping[str, object], language: Language, *, written: bool = False) -> str:
        """The text with its values in words; `written` is for the eye (SMS): digits, and no marks.

        Raises TemplateError for a value that is missing (and has no default) or that its filter cannot say.
        """
        text = "".join(
            part if isinstance(part, str) else _filled(part, values, language, written) for part in self.parts
        )
        if len(text) > MAX_CHARS:
            raise TemplateError(f"the filled text has {len(text)} characters", MAX_CHARS, "shorten the values")
        return marks.stripped(text) if written else text


def _filled(field: Field, values: Mapping[str, object], language: Language, written: bool) -> str:
    value = values.get(field.name)
    if value is None or value == "":
        if field.default is None:
            raise TemplateError(
                f"{field.name} has no value", field.position, f"set it before, or write {{{field.name}|default:...}}"
            )
        return field.default
    if isinstance(value, str):
        value = _UNFIT.sub(" ", value).strip()
    try:
        return field.formatter(value, language, written)
    except FilterError as error:
        raise TemplateError(f"{field.source}: {error.text}", field.position, error.remedy) from error


def _parts(text: str) -> list[str | Field]:
    """The text cut at its fields; `{{` and `}}` are braces that are said."""
    parts: list[str | Field] = []
    words: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character in "{}" and text[at : at + 2] == 2 * character:
            words.append(character)
            at += 2
        elif character == "}":
            raise TemplateError("a } that closes nothing", at, "write }} for a brace that is meant")
        elif character == "{":
            end = text.find("}", at)
            if end < 0:
                raise TemplateError("a { that is not closed", at, "close it with }, or write {{ for a brace")
            if words:
                parts.append("".join(words))
                words.clear()
            parts.append(_field(text[at + 1 : end], at))
            at = end + 1
        else:
            words.append(character)
            at += 1
    if words:
        parts.append("".join(words))
    return parts


def _field(inside: str, position: int) -> Field:
    name, *calls = (piece.strip() for piece in inside.split("|"))
    if not _NAME.fullmatch(name):
        raise TemplateError(
            f"{name!r} is not the name of a variable", position, "write letters, digits, _ and dots, such as {call.did}"
        )
    formatter: Formatter = plain
    default: str | None = None
    used = ""
    for call in calls:
        word, _, rest = call.partition(":")
        word = word.strip()
        if word == "default":
            if default is not None or not rest.strip() or "{" in rest:
                raise TemplateError(f"default of {name} is not one text", position, "write {name|default:some words}")
            default = rest.strip()
            continue
        if word not in FILTERS:
            raise TemplateError(
                f"there is no filter {word!r}", position, f"use one of: {', '.join(sorted(FILTERS))}, default"
            )
        if used:
            raise TemplateError(f"{name} has two filters", position, "keep one of them")
        used = word
        try:
            formatter = FILTERS[word](tuple(part.strip() for part in rest.split(",")) if rest.strip() else ())
        except FilterError as error:
            raise TemplateError(f"{{{inside}}}: {error.text}", position, error.remedy) from error
    return Field(name, position, f"{{{inside}}}", formatter, default, used)

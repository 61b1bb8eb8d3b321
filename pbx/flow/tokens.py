"""An expression as tokens, each with where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pbx.flow.errors import ExpressionError

MAX_CHARS = 1000
MAX_DIGITS = 15  # of a number: more could not be told apart as floats
WORDS = frozenset({"and", "or", "not", "in", "matches", "true", "false", "null"})

TokenKind = Literal["number", "text", "name", "word", "sign", "end"]

_SPACE = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_NAME = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)*")
_SIGN = re.compile(r"==|!=|<=|>=|[-<>+*/%(),\[\]]")
_QUOTED_NAME = re.compile(r"`([^`\n]{1,64})`")
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t"}
_NEAR = {"=": "==", "&": "and", "|": "or", "!": "not", "~": "matches"}


@dataclass(frozen=True, slots=True)
class Token:
    """`value` of a number is the number, of a text what is between its quotes."""

    kind: TokenKind
    value: str | int | float
    position: int


def tokens_of(source: str) -> list[Token]:
    """The tokens, "end" the last. ExpressionError for a character that begins none."""
    if len(source) > MAX_CHARS:
        remedy = "set parts of it as variables before"
        raise ExpressionError(f"the expression has {len(source)} characters, more than {MAX_CHARS}", MAX_CHARS, remedy)
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        space = _SPACE.match(source, at)
        if space:
            at = space.end()
            continue
        token, at = _next(source, at)
        tokens.append(token)
    return [*tokens, Token("end", "", len(source))]


def _next(source: str, at: int) -> tuple[Token, int]:
    if source[at] in "\"'":
        return _text(source, at)
    number = _NUMBER.match(source, at)
    if number:
        return _number(number.group(), at), number.end()
    name = _NAME.match(source, at)
    if name:
        word = name.group()
        return Token("word" if word in WORDS else "name", word, at), name.end()
    quoted = _QUOTED_NAME.match(source, at)
    if quoted:
        return Token("name", quoted.group(1), at), quoted.end()
    sign = _SIGN.match(source, at)
    if sign:
        return Token("sign", sign.group(), at), sign.end()
    wrong = source[at]
    if wrong in _NEAR:
        remedy = f"write {_NEAR[wrong]}"
    elif wrong.isupper():
        remedy = "names, words and functions are written in lower case, texts in quotes"
    else:
        remedy = "texts are written in quotes"
    raise ExpressionError(f"{wrong!r} is not understood", at, remedy)


def _number(digits: str, at: int) -> Token:
    if len(digits) > MAX_DIGITS:
        raise ExpressionError(f"the number has more than {MAX_DIGITS} digits", at, "write it as a text, in quotes")
    return Token("number", float(digits) if "." in digits else int(digits), at)


def _text(source: str, start: int) -> tuple[Token, int]:
    quote, at = source[start], start + 1
    characters: list[str] = []
    while at < len(source):
        character = source[at]
        if character == quote:
            return Token("text", "".join(characters), start), at + 1
        if character == "\\":
            escaped = _ESCAPES.get(source[at + 1 : at + 2])
            if escaped is None:
                raise ExpressionError("a \\ that escapes nothing", at, 'write \\\\ for a \\, \\" for a quote')
            characters.append(escaped)
            at += 2
            continue
        characters.append(character)
        at += 1
    raise ExpressionError("a text that is not closed", start, f"close it with {quote}")

"""What is said sign by sign: telephone numbers in groups that can be written down, and letters by their names."""

from __future__ import annotations

import re

from pbx.config_base import Language
from pbx.language.words import cardinal

PLUS: dict[Language, str] = {"pl": "plus", "ru": "плюс", "en": "plus"}


def _names(text: str) -> list[str]:
    return text.split()


_LATIN_PL = _names("a be ce de e ef gie ha i jot ka el em en o pe ku er es te u fał wu iks igrek zet")
_LATIN_RU = _names("а бэ цэ дэ е эф гэ аш и йот ка эль эм эн о пэ ку эр эс тэ у вэ дубль-вэ икс игрек зет")
_CYRILLIC = _names(
    "а бэ вэ гэ дэ е жэ зэ и и-краткое ка эль эм эн о пэ эр эс тэ у эф ха цэ че ша ща твёрдый-знак ы мягкий-знак э ю я"
)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_AZBUKA = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
LETTERS: dict[Language, dict[str, str]] = {
    "pl": dict(zip(_ALPHABET, _LATIN_PL, strict=True))
    | {"ą": "ą", "ć": "cie", "ę": "ę", "ł": "eł", "ń": "eń", "ó": "o z kreską", "ś": "eś", "ź": "ziet", "ż": "żet"},
    "ru": dict(zip(_ALPHABET, _LATIN_RU, strict=True)) | dict(zip(_AZBUKA, _CYRILLIC, strict=True)) | {"ё": "ё"},
    "en": {letter: letter.upper() for letter in _ALPHABET},
}
SIGNS: dict[Language, dict[str, str]] = {
    "pl": {"-": "myślnik", "/": "ukośnik", ".": "kropka", "@": "małpa", "_": "podkreślenie", "+": "plus"},
    "ru": {"-": "дефис", "/": "дробь", ".": "точка", "@": "собака", "_": "подчёркивание", "+": "плюс"},
    "en": {"-": "dash", "/": "slash", ".": "dot", "@": "at", "_": "underscore", "+": "plus"},
}


def phone_groups(text: str) -> list[str]:
    """The digits of a number in groups to be heard: as they are written apart, else as the country writes them.

    +48 and nine digits: 48 221 234 567. +7 and ten: 7 495 123 45 67. Others by three, the last ones by two.
    """
    given = re.findall(r"\d+", text)
    figures = "".join(given)
    if len(given) > 1 and max(map(len, given)) <= 4:
        return given
    if len(figures) == 11 and figures.startswith("48"):
        sizes = [2, 3, 3, 3]
    elif len(figures) == 11 and figures[0] in "78":
        sizes = [1, 3, 3, 2, 2]
    elif len(figures) == 10:
        sizes = [3, 3, 2, 2]
    else:
        sizes = _by_three(len(figures))
    groups, at = [], 0
    for size in sizes:
        groups.append(figures[at : at + size])
        at += size
    return groups


def _by_three(count: int) -> list[int]:
    """Groups of three; four that are left are two of two, so that no digit stands alone."""
    sizes = []
    while count > 4:
        sizes.append(3)
        count -= 3
    return sizes + ([2, 2] if count == 4 else [count] if count else [])


def digits_words(text: str, language: Language, *, as_numbers: bool = False) -> str:
    """A number digit by digit, or group by group as numbers (восемьсот, пятьсот пятьдесят пять); commas are pauses."""
    groups = [
        _as_number(group, language) if as_numbers else _one_by_one(group, language) for group in phone_groups(text)
    ]
    plus = [PLUS[language]] if text.strip().startswith("+") and groups else []
    return ", ".join(plus + groups)


def _one_by_one(group: str, language: Language) -> str:
    return " ".join(cardinal(int(figure), language) for figure in group)


def _as_number(group: str, language: Language) -> str:
    rest = group.lstrip("0")
    zeros = [cardinal(0, language)] * (len(group) - len(rest))
    return " ".join(zeros + ([cardinal(int(rest), language)] if rest else []))


def spelled(text: str, language: Language) -> str:
    """A code letter by letter; signs that have no name are left out."""
    names = []
    for sign in text.lower():
        if sign in "0123456789":
            names.append(cardinal(int(sign), language))
        else:
            name = LETTERS[language].get(sign) or SIGNS[language].get(sign)
            if name:
                names.append(name.replace("-", " ") if language == "ru" else name)
    return ", ".join(names)

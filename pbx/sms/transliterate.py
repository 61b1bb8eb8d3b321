"""Texts that are to fit the GSM alphabet: Polish without its marks, Russian in Latin letters, typographic marks plain.

A message of 160 characters instead of 70 costs half as much; whether a template is worth it is its author's choice.
Russian follows the passport table of ICAO Doc 9303, part 3, section 6.
"""

from __future__ import annotations

import unicodedata

from pbx.sms import gsm7

_CYRILLIC = {
    "а": "a",
    "б": "b",
    "в": "v",
    "г": "g",
    "д": "d",
    "е": "e",
    "ё": "e",
    "ж": "zh",
    "з": "z",
    "и": "i",
    "й": "i",
    "к": "k",
    "л": "l",
    "м": "m",
    "н": "n",
    "о": "o",
    "п": "p",
    "р": "r",
    "с": "s",
    "т": "t",
    "у": "u",
    "ф": "f",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "ie",
    "ы": "y",
    "ь": "",
    "э": "e",
    "ю": "iu",
    "я": "ia",
}
_MARKS = {
    "ł": "l",
    "Ł": "L",
    "„": '"',
    "”": '"',
    "“": '"',
    "«": '"',
    "»": '"',
    "’": "'",
    "‘": "'",
    "–": "-",
    "—": "-",
    "…": "...",
    "№": "No.",
    "\u00a0": " ",
    "\u202f": " ",
    "\t": " ",
    "`": "'",
}


def transliterate(text: str) -> str:
    """`text` in the GSM alphabet as far as that goes: a character that has no Latin form stays as it is."""
    text = unicodedata.normalize("NFC", text)
    out: list[str] = []
    for index, mark in enumerate(text):
        if gsm7.fits(mark):
            out.append(mark)
        elif mark in _MARKS:
            out.append(_MARKS[mark])
        elif mark.lower() in _CYRILLIC:
            out.append(_latin(text, index))
        else:
            plain = unicodedata.normalize("NFD", mark)[0]
            out.append(plain if gsm7.fits(plain) else mark)
    return "".join(out)


def _latin(text: str, index: int) -> str:
    """A Cyrillic letter; of a capital the first letter is one, or all of them inside a word of capitals."""
    mark = text[index]
    plain = _CYRILLIC[mark.lower()]
    if mark == mark.lower() or not plain:
        return plain
    around = text[max(index - 1, 0) : index] + text[index + 1 : index + 2]
    shouted = any(each.isalpha() for each in around) and around == around.upper()
    return plain.upper() if shouted else plain[0].upper() + plain[1:]

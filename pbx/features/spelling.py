"""Names as the keys of a telephone: ABC is 2, DEF is 3... Polish letters lose their marks, Russian ones are spelled
both by sound in Latin letters and by the Russian layout of the keys.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_LATIN = {
    letter: str(key)
    for key, letters in enumerate(("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), 2)
    for letter in letters
}
# The letters on the keys of telephones sold in Russia (GOST: 2 АБВГ, 3 ДЕЖЗ, 4 ИЙКЛ, 5 МНОП, 6 РСТУ, 7 ФХЦЧ, 8 ШЩЪЫ,
# 9 ЬЭЮЯ).
_RUSSIAN = {
    letter: str(key)
    for key, letters in enumerate(("абвг", "деёжз", "ийкл", "мноп", "рсту", "фхцч", "шщъы", "ьэюя"), 2)
    for letter in letters
}
# By sound, close to the passport transliteration (ICAO Doc 9303).
_SOUNDS = {
    **dict(zip("абвгдезийклмнопрстуфэ", "abvgdeziiklmnoprstufe", strict=True)),
    **{"ё": "e", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": ""},
    **{"ю": "iu", "я": "ia"},
}
_PLAIN = {"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe"}
_OTHER_SOUNDS = {"iu": "yu", "ia": "ya", "kh": "h"}  # as people also write them


def latin(name: str) -> str:
    """The name in small Latin letters, words apart by a space."""
    out: list[str] = []
    for letter in name.lower():
        if letter in _SOUNDS:
            out.append(_SOUNDS[letter])
        elif letter in _PLAIN:
            out.append(_PLAIN[letter])
        else:
            base = unicodedata.normalize("NFKD", letter)[:1]
            out.append(base if base.isascii() and base.isalpha() else " ")
    return " ".join("".join(out).split())


def spellings(name: str) -> frozenset[str]:
    """Every string of keys that spells the name, beginning with any of its words."""
    return frozenset(filter(None, _spellings(name)))


def _spellings(name: str) -> Iterator[str]:
    forms = [latin(name)]
    other = forms[0]
    for sound, also in _OTHER_SOUNDS.items():
        other = other.replace(sound, also)
    forms.append(other)
    for form in forms:
        for words in _turned(form.split()):
            yield "".join(_LATIN[letter] for letter in "".join(words) if letter in _LATIN)
    if any(letter in _RUSSIAN for letter in name.lower()):
        for words in _turned(name.lower().split()):
            yield "".join(_RUSSIAN[letter] for letter in "".join(words) if letter in _RUSSIAN)


def _turned(words: list[str]) -> Iterator[list[str]]:
    """The words beginning with each of them: people spell the surname or the first name."""
    for first in range(len(words)):
        yield words[first:] + words[:first]

"""The nouns that announcements count."""

from __future__ import annotations

from enum import StrEnum

from pbx.config import Language
from pbx.language.grammar import Forms, Gender, Noun


class Counted(StrEnum):
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    PERSON = "person"
    CALL = "call"


def _english(singular: str, plural: str) -> Noun:
    one: Forms = (singular, singular, singular, singular, singular, singular)
    several: Forms = (plural, plural, plural, plural, plural, plural)
    return Noun(Gender.NEUTER, one, several)


NOUNS: dict[Language, dict[Counted, Noun]] = {
    "pl": {
        Counted.SECOND: Noun(
            Gender.FEMININE,
            ("sekunda", "sekundy", "sekundzie", "sekundę", "sekundą", "sekundzie"),
            ("sekundy", "sekund", "sekundom", "sekundy", "sekundami", "sekundach"),
        ),
        Counted.MINUTE: Noun(
            Gender.FEMININE,
            ("minuta", "minuty", "minucie", "minutę", "minutą", "minucie"),
            ("minuty", "minut", "minutom", "minuty", "minutami", "minutach"),
        ),
        Counted.HOUR: Noun(
            Gender.FEMININE,
            ("godzina", "godziny", "godzinie", "godzinę", "godziną", "godzinie"),
            ("godziny", "godzin", "godzinom", "godziny", "godzinami", "godzinach"),
        ),
        Counted.PERSON: Noun(
            Gender.FEMININE,
            ("osoba", "osoby", "osobie", "osobę", "osobą", "osobie"),
            ("osoby", "osób", "osobom", "osoby", "osobami", "osobach"),
        ),
        Counted.CALL: Noun(
            Gender.NEUTER,
            ("połączenie", "połączenia", "połączeniu", "połączenie", "połączeniem", "połączeniu"),
            ("połączenia", "połączeń", "połączeniom", "połączenia", "połączeniami", "połączeniach"),
        ),
    },
    "ru": {
        Counted.SECOND: Noun(
            Gender.FEMININE,
            ("секунда", "секунды", "секунде", "секунду", "секундой", "секунде"),
            ("секунды", "секунд", "секундам", "секунды", "секундами", "секундах"),
        ),
        Counted.MINUTE: Noun(
            Gender.FEMININE,
            ("минута", "минуты", "минуте", "минуту", "минутой", "минуте"),
            ("минуты", "минут", "минутам", "минуты", "минутами", "минутах"),
        ),
        Counted.HOUR: Noun(
            Gender.MASCULINE,
            ("час", "часа", "часу", "час", "часом", "часе"),
            ("часы", "часов", "часам", "часы", "часами", "часах"),
        ),
        # After a numeral the plural is человек and not люди: пять человек, пятью человеками.
        Counted.PERSON: Noun(
            Gender.MASCULINE,
            ("человек", "человека", "человеку", "человека", "человеком", "человеке"),
            ("человеки", "человек", "человекам", "человек", "человеками", "человеках"),
            person=True,
        ),
        Counted.CALL: Noun(
            Gender.MASCULINE,
            ("звонок", "звонка", "звонку", "звонок", "звонком", "звонке"),
            ("звонки", "звонков", "звонкам", "звонки", "звонками", "звонках"),
        ),
    },
    "en": {
        Counted.SECOND: _english("second", "seconds"),
        Counted.MINUTE: _english("minute", "minutes"),
        Counted.HOUR: _english("hour", "hours"),
        Counted.PERSON: _english("person", "people"),
        Counted.CALL: _english("call", "calls"),
    },
}

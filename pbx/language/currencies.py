"""Currencies in words: the unit and its hundredth, by ISO 4217 code. Polish names of money decline like the animate."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.config_base import Language
from pbx.language.grammar import Noun, noun


@dataclass(frozen=True, slots=True)
class Currency:
    """`unit` and `hundredth` of it, in one language."""

    unit: Noun
    hundredth: Noun


def _polish(gender: str, singular: str, plural: str) -> Noun:
    return noun(gender, singular, plural, animate=gender == "m")


_KOPIEJKA = _polish(
    "f",
    "kopiejka kopiejki kopiejce kopiejkę kopiejką kopiejce",
    "kopiejki kopiejek kopiejkom kopiejki kopiejkami kopiejkach",
)
_RUBEL = _polish("m", "rubel rubla rublowi rubla rublem rublu", "ruble rubli rublom ruble rublami rublach")
_CENT_PL = _polish("m", "cent centa centowi centa centem cencie", "centy centów centom centy centami centach")
POLISH: dict[str, Currency] = {
    "PLN": Currency(
        _polish("m", "złoty złotego złotemu złotego złotym złotym", "złote złotych złotym złote złotymi złotych"),
        _polish("m", "grosz grosza groszowi grosza groszem groszu", "grosze groszy groszom grosze groszami groszach"),
    ),
    "RUB": Currency(_RUBEL, _KOPIEJKA),
    "BYN": Currency(_RUBEL, _KOPIEJKA),
    "EUR": Currency(
        _polish("n", "euro", "euro"),
        _polish(
            "m",
            "eurocent eurocenta eurocentowi eurocenta eurocentem eurocencie",
            "eurocenty eurocentów eurocentom eurocenty eurocentami eurocentach",
        ),
    ),
    "USD": Currency(
        _polish("m", "dolar dolara dolarowi dolara dolarem dolarze", "dolary dolarów dolarom dolary dolarami dolarach"),
        _CENT_PL,
    ),
    "GBP": Currency(
        _polish("m", "funt funta funtowi funta funtem funcie", "funty funtów funtom funty funtami funtach"),
        _polish("m", "pens pensa pensowi pensa pensem pensie", "pensy pensów pensom pensy pensami pensach"),
    ),
    "CHF": Currency(
        _polish("m", "frank franka frankowi franka frankiem franku", "franki franków frankom franki frankami frankach"),
        _polish(
            "m",
            "centym centyma centymowi centyma centymem centymie",
            "centymy centymów centymom centymy centymami centymach",
        ),
    ),
    "UAH": Currency(
        _polish("f", "hrywna hrywny hrywnie hrywnę hrywną hrywnie", "hrywny hrywien hrywnom hrywny hrywnami hrywnach"),
        _KOPIEJKA,
    ),
    "CZK": Currency(
        _polish("f", "korona korony koronie koronę koroną koronie", "korony koron koronom korony koronami koronach"),
        _polish(
            "m",
            "halerz halerza halerzowi halerza halerzem halerzu",
            "halerze halerzy halerzom halerze halerzami halerzach",
        ),
    ),
    "KZT": Currency(
        _polish("n", "tenge", "tenge"),
        _polish("m", "tiyn tiyna tiynowi tiyna tiynem tiynie", "tiyny tiynów tiynom tiyny tiynami tiynach"),
    ),
}

_RUBLE = noun("m", "рубль рубля рублю рубль рублём рубле", "рубли рублей рублям рубли рублями рублях")
_KOPEK = noun(
    "f", "копейка копейки копейке копейку копейкой копейке", "копейки копеек копейкам копейки копейками копейках"
)
_CENT_RU = noun("m", "цент цента центу цент центом центе", "центы центов центам центы центами центах")
RUSSIAN: dict[str, Currency] = {
    "PLN": Currency(
        noun(
            "m",
            "злотый злотого злотому злотый злотым злотом",
            "злотые злотых злотым злотые злотыми злотых",
            few="злотых",
        ),
        noun("m", "грош гроша грошу грош грошом гроше", "гроши грошей грошам гроши грошами грошах"),
    ),
    "RUB": Currency(_RUBLE, _KOPEK),
    "BYN": Currency(_RUBLE, _KOPEK),
    "EUR": Currency(noun("m", "евро", "евро"), _CENT_RU),
    "USD": Currency(
        noun(
            "m",
            "доллар доллара доллару доллар долларом долларе",
            "доллары долларов долларам доллары долларами долларах",
        ),
        _CENT_RU,
    ),
    "GBP": Currency(
        noun("m", "фунт фунта фунту фунт фунтом фунте", "фунты фунтов фунтам фунты фунтами фунтах"),
        noun("m", "пенс пенса пенсу пенс пенсом пенсе", "пенсы пенсов пенсам пенсы пенсами пенсах"),
    ),
    "CHF": Currency(
        noun("m", "франк франка франку франк франком франке", "франки франков франкам франки франками франках"),
        noun(
            "m",
            "сантим сантима сантиму сантим сантимом сантиме",
            "сантимы сантимов сантимам сантимы сантимами сантимах",
        ),
    ),
    "UAH": Currency(
        noun("f", "гривна гривны гривне гривну гривной гривне", "гривны гривен гривнам гривны гривнами гривнах"),
        _KOPEK,
    ),
    "CZK": Currency(
        noun("f", "крона кроны кроне крону кроной кроне", "кроны крон кронам кроны кронами кронах"),
        noun(
            "m",
            "геллер геллера геллеру геллер геллером геллере",
            "геллеры геллеров геллерам геллеры геллерами геллерах",
        ),
    ),
    "KZT": Currency(
        noun("m", "тенге", "тенге"),
        noun("m", "тиын тиына тиыну тиын тиыном тиыне", "тиыны тиынов тиынам тиыны тиынами тиынах"),
    ),
}

ENGLISH: dict[str, Currency] = {
    code: Currency(noun("n", *unit), noun("n", *hundredth))
    for code, unit, hundredth in (
        ("PLN", ("zloty", "zlotys"), ("grosz", "groszy")),
        ("RUB", ("rouble", "roubles"), ("kopeck", "kopecks")),
        ("BYN", ("rouble", "roubles"), ("kopeck", "kopecks")),
        ("EUR", ("euro", "euros"), ("cent", "cents")),
        ("USD", ("dollar", "dollars"), ("cent", "cents")),
        ("GBP", ("pound", "pounds"), ("penny", "pence")),
        ("CHF", ("franc", "francs"), ("centime", "centimes")),
        ("UAH", ("hryvnia", "hryvnias"), ("kopiyka", "kopiykas")),
        ("CZK", ("koruna", "korunas"), ("haler", "halers")),
        ("KZT", ("tenge", "tenge"), ("tiyn", "tiyn")),
    )
}
CURRENCIES: dict[Language, dict[str, Currency]] = {"pl": POLISH, "ru": RUSSIAN, "en": ENGLISH}
CODES = tuple(POLISH)

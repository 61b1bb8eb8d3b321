"""Which clocks a subject of the Russian Federation has: regions of the numbering register are named by subjects.

Source: Federal Law 107-FZ of 3 June 2011 "On the calculation of time", article 5, with its changes up to 2026.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Beginnings of words in the subjects' names, in small letters. Yakutia has three zones.
_STEMS: dict[tuple[str, ...], str] = {
    ("Europe/Kaliningrad",): "калининград",
    ("Europe/Moscow",): (
        "москв|московск|санкт-петербург|ленинград|севастопол|крым|адыге|архангельск|белгород|брянск|владимирск|волгоград|"
        "вологод|воронеж|дагестан|донецк|запорож|ивановск|ингуш|кабардин|калмык|калужск|карачаев|карел|кировск|коми|"
        "костром|краснодар|курск|липецк|луганск|марий|мордов|мурманск|ненецк|нижегород|новгород|орловск|осети|пензен|"
        "псковск|ростов|рязан|смоленск|ставропол|тамбов|татарстан|тверск|тульск|херсон|чечен|чуваш|ярослав"
    ),
    ("Europe/Samara",): "самарск|удмурт|астрахан|саратов|ульянов",
    ("Asia/Yekaterinburg",): "башкор|пермск|пермяц|курганск|оренбург|свердлов|тюмен|челябин|ханты|югра|ямало",
    ("Asia/Omsk",): "омск",
    ("Asia/Novosibirsk",): "алтай|кемеров|кузбасс|новосибир|томск|красноярск|тыва|хакас",
    ("Asia/Irkutsk",): "иркут|бурят",
    ("Asia/Chita",): "амурск|забайкал",
    ("Asia/Yakutsk", "Asia/Vladivostok", "Asia/Srednekolymsk"): "якут",
    ("Asia/Vladivostok",): "приморск|хабаров|еврейск",
    ("Asia/Magadan",): "магадан|сахалин",
    ("Asia/Kamchatka",): "камчат|чукот",
}
_PATTERNS = [(zones, re.compile(rf"\b(?:{stems})")) for zones, stems in _STEMS.items()]
_NO_SUBJECTS = re.compile(r"ямало\W+ненецк|коми\W+пермяц")  # two words of which the second means another subject


@lru_cache(maxsize=1024)
def zones_of_subject(region: str) -> tuple[str, ...]:
    """The zones of every subject that `region` names ("г. Москва и Московская область"); () when it names none."""
    text = _NO_SUBJECTS.sub(lambda found: "ямало" if found[0].startswith("ямало") else "пермяц", region.casefold())
    return tuple(dict.fromkeys(zone for zones, pattern in _PATTERNS if pattern.search(text) for zone in zones))

"""The reports of calls and of flow blocks in Polish, Russian and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Language


TITLES: dict[Language, dict[str, str]] = {
    "en": {"calls": "Calls", "blocks": "Flow blocks"},
    "pl": {"calls": "Połączenia", "blocks": "Bloki scenariuszy"},
    "ru": {"calls": "Звонки", "blocks": "Блоки сценариев"},
}
COLUMNS: dict[Language, Mapping[str, str]] = {
    "pl": {
        "flow": "Scenariusz",
        "block": "Blok",
        "exit": "Wyjście",
        "steps": "Przejścia",
        "exit_share": "Udział w bloku",
        "direction": "Kierunek",
        "tag": "Etykieta numeru",
        "answer_rate": "Odebrane, udział",
        "interrupted": "Przerwane",
    },
    "ru": {
        "flow": "Сценарий",
        "block": "Блок",
        "exit": "Выход",
        "steps": "Проходы",
        "exit_share": "Доля в блоке",
        "direction": "Направление",
        "tag": "Метка номера",
        "answer_rate": "Отвечено, доля",
        "interrupted": "Прервано",
    },
}
NOTES: dict[Language, dict[str, str]] = {
    "pl": {
        "calls": (
            "Odebrane: przez cokolwiek, także zapowiedź. Rozmowa: średnia z odebranych połączeń, bez zawieszenia. "
            "Przerwane: przez awarię centrali. Kolejka, konsultant: ostatnie w połączeniu. Bez połączeń testowych."
        ),
        "blocks": (
            "Przejścia: ile razy dzwoniący opuścili blok tym wyjściem, w chwili wyjścia; można przejść przez blok "
            "kilka razy. Udział w bloku: wśród wszystkich, którzy go opuścili."
        ),
    },
    "ru": {
        "calls": (
            "Отвечено: чем угодно, в том числе сообщением. Разговор: среднее по отвеченным, без удержания. Прервано: "
            "сбоем АТС. Очередь, оператор: последние в звонке. Без проверочных звонков."
        ),
        "blocks": (
            "Проходы: сколько раз звонящие вышли из блока этим выходом, в момент выхода; блок можно пройти несколько "
            "раз. Доля в блоке: среди всех вышедших из него."
        ),
    },
}

"""Reports of visits in Polish, Russian and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Language


TITLES: dict[Language, dict[str, str]] = {
    "en": {
        "sources": "Sources of calls",
        "pools": "Pools of numbers",
        "reveals": "Masked numbers",
        "number_guard": "Number guard",
    },
    "pl": {
        "sources": "Źródła połączeń",
        "pools": "Pule numerów",
        "reveals": "Numery zasłonięte",
        "number_guard": "Strażnik numeru",
    },
    "ru": {
        "sources": "Источники звонков",
        "pools": "Пулы номеров",
        "reveals": "Скрытые номера",
        "number_guard": "Страж номера",
    },
}
COLUMNS: dict[Language, dict[str, str]] = {
    "pl": {
        "weighted": "Ważone",
        "wait_s": "Czekanie",
        "pool": "Pula",
        "size": "Numery",
        "visits": "Wizyty",
        "given": "Przydzielone",
        "short_share": "Udział braków",
        "most_held": "Szczyt",
        "utilisation": "Wykorzystanie",
        "visits_per_hour": "Najwięcej na godzinę",
        "stay_s": "Pobyt",
        "needed": "Potrzeba",
        "expected_loss": "Oczekiwany brak",
        "assignments": "Przydziały",
        "pools.given": "Przydzielone",
        "pools.short": "Braki",
        "pools.short_share": "Udział braków",
        "number_guard.site": "Witryna",
        "collisions": "Kolizje",
        "masked": "Zasłonięty",
        "reveals": "Odsłonięcia",
        "site": "Witryna",
        "page": "Strona",
        "verdict": "Wynik",
        "reports": "Zgłoszenia",
        "shown": "Widać",
        "assigned": "Przydzielono",
        "fixed": "Naprawione",
    },
    "ru": {
        "weighted": "С весом",
        "wait_s": "Ожидание",
        "pool": "Пул",
        "size": "Номера",
        "visits": "Визиты",
        "given": "Выдано",
        "short_share": "Доля нехватки",
        "most_held": "Пик",
        "utilisation": "Загрузка",
        "visits_per_hour": "Больше всего в час",
        "stay_s": "Пребывание",
        "needed": "Нужно",
        "expected_loss": "Ожидаемая нехватка",
        "assignments": "Выдачи",
        "pools.given": "Выдано",
        "pools.short": "Нехватка",
        "pools.short_share": "Доля нехватки",
        "number_guard.site": "Сайт",
        "collisions": "Совпадения",
        "masked": "Скрытый",
        "reveals": "Раскрытия",
        "site": "Сайт",
        "page": "Страница",
        "verdict": "Результат",
        "reports": "Сообщения",
        "shown": "Видно",
        "assigned": "Выдан",
        "fixed": "Исправлено",
    },
}
NOTES: dict[Language, dict[str, str]] = {
    "pl": {
        "sources": "Unikalni: pierwsze połączenie dzwoniącego w oknie. Odebrane: ktoś z nim rozmawiał. Ważone: suma "
        "prawdopodobieństw;\nwiersz bez źródła ma to, czego nie wiadomo. Bez połączeń testowych.",
        "pools": "Wykorzystanie: numery zajęte w szczycie / numery. Potrzeba i oczekiwany brak: Erlang B dla godziny "
        "o największym\nruchu, z pobytem i czasem zwolnienia. Kto numeru nie znajdzie, widzi numer swojego kanału.\n"
        "Przydziały: numery, które w okresie dostały wizyty. Kolizje: połączenia z numerami puli, które mogła wykonać "
        "więcej niż jedna wizyta.",
        "reveals": "Odsłonięcia: wizyty, które poprosiły o cały numer. Połączenia: z nim w tym czasie, bez testów.",
        "number_guard": "Strony, na których strażnik znalazł zły numer. Naprawione: 1, gdy ostatnie było dobre.",
    },
    "ru": {
        "sources": "Уникальные: первый звонок в окне. Отвечено: с ним говорили. С весом: сумма вероятностей;\nв строке "
        "без источника то, что неизвестно. Без тестовых звонков.",
        "pools": "Загрузка: занятые на пике номера / номера. Нужно и ожидаемая нехватка: Эрланг B для самого\n"
        "загруженного часа, с пребыванием и удержанием. Кому не хватило, видит номер своего канала.\n"
        "Выдачи: номера, которые получили визиты периода. Совпадения: звонки на номера пула, которые мог сделать не "
        "один визит.",
        "reveals": "Раскрытия: визиты, попросившие номер целиком. Звонки: на этот номер за то же время, без тестов.",
        "number_guard": "Страницы, где страж нашёл неверный номер. Исправлено: 1, если последнее сообщение хорошее.",
    },
}

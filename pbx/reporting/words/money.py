"""Reports of money in Polish, Russian and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Language


TITLES: dict[Language, dict[str, str]] = {
    "en": {
        "money": "Cost and return",
        "missed_money": "Cost of missed calls",
        "missed_calls": "Missed calls",
        "reconciliation": "Reconciliation of counts",
    },
    "pl": {
        "money": "Koszt i zwrot",
        "missed_money": "Koszt nieodebranych połączeń",
        "missed_calls": "Nieodebrane połączenia",
        "reconciliation": "Uzgodnienie liczb",
    },
    "ru": {
        "money": "Затраты и отдача",
        "missed_money": "Цена пропущенных звонков",
        "missed_calls": "Пропущенные звонки",
        "reconciliation": "Сверка счётчиков",
    },
}
COLUMNS: dict[Language, dict[str, str]] = {
    "pl": {
        "medium": "Medium",
        "campaign": "Kampania",
        "number": "Numer",
        "calls": "Połączenia",
        "unique_callers": "Unikalni",
        "missed_share": "Udział nieodebr.",
        "ad_cost": "Koszt reklamy",
        "cost_per_call": "Za połączenie",
        "cost_per_answered": "Za odebrane",
        "cost_per_unique": "Za unikalnego",
        "sales": "Sprzedaże",
        "revenue": "Przychód",
        "cost_per_sale": "Za sprzedaż",
        "roi": "ROI",
        "wasted": "Zmarnowane",
        "end": "Koniec",
        "missed_calls": "Nieodebrane",
        "of_missed": "Udział",
        "call": "Połączenie",
        "at": "Kiedy",
        "owner": "Kto odpowiada",
        "deadline": "Termin",
        "age_s": "Czekał",
        "first_system": "Od",
        "second_system": "Do",
        "reason": "Powód",
        "of_system": "System",
        "records": "Wpisy",
        "change": "Różnica",
    },
    "ru": {
        "medium": "Канал",
        "campaign": "Кампания",
        "number": "Номер",
        "calls": "Звонки",
        "unique_callers": "Уникальные",
        "missed_share": "Доля пропущ.",
        "ad_cost": "Реклама",
        "cost_per_call": "За звонок",
        "cost_per_answered": "За принятый",
        "cost_per_unique": "За уникальный",
        "sales": "Продажи",
        "revenue": "Выручка",
        "cost_per_sale": "За продажу",
        "roi": "ROI",
        "wasted": "Впустую",
        "end": "Итог",
        "missed_calls": "Пропущенные",
        "of_missed": "Доля",
        "call": "Звонок",
        "at": "Когда",
        "owner": "Ответственный",
        "deadline": "Срок",
        "age_s": "Ждал",
        "first_system": "От",
        "second_system": "До",
        "reason": "Причина",
        "of_system": "Система",
        "records": "Записи",
        "change": "Разница",
    },
}
NOTES: dict[Language, dict[str, str]] = {
    "pl": {
        "money": "Każdy koszt reklamy dzieli się równo między połączenia okresu, które zgadzają się z tym, co "
        "wymienia; koszt, z którego nie było połączenia, ma własny wiersz, tak samo połączenia bez kosztu.\n"
        "Za połączenie = koszt / połączenia i tak dalej. Sprzedaże: z połączeń okresu, kiedykolwiek były. "
        "ROI = (przychód − koszt) / koszt. Zmarnowane = koszt nieodebranych połączeń, z których "
        "klientami nikt później nie rozmawiał.",
        "missed_money": "Każde nieodebrane połączenie ma dokładnie jeden koniec: dodzwoniono się; zadzwonił znów "
        "i rozmawiał; stracony; nie klient; otwarte (ktoś jeszcze odpowiada); bez kontaktu (nie zapisano kontaktu).\n"
        "Stracone pieniądze = koszt straconych, otwartych i bez kontaktu.",
        "missed_calls": "Koszt reklamy jak w raporcie „Koszt i zwrot”. Czekał: od połączenia do końca albo do teraz.",
        "reconciliation": "Każda różnica między dwoma systemami ma powód; suma różnic prowadzi od jednej liczby do "
        "drugiej.",
    },
    "ru": {
        "money": "Каждый расход делится поровну между звонками периода, которые совпадают с тем, что в нём названо; "
        "расход без звонков стоит в своей строке, звонки без расхода тоже.\nЗа звонок = расход / звонки и так далее. "
        "Продажи: по звонкам периода, когда бы ни были. ROI = (выручка − расход) / расход. Впустую = цена пропущенных "
        "звонков, с чьими абонентами потом никто не поговорил.",
        "missed_money": "У каждого пропущенного звонка ровно один итог: дозвонились; перезвонил сам и поговорил; "
        "потерян; не клиент; открыто (ответ ещё за кем-то); без контакта (контакт не записан).\nПотерянные деньги = "
        "цена потерянных, открытых и без контакта.",
        "missed_calls": "Цена рекламы как в отчёте «Затраты и отдача». Ждал: от звонка до итога или до сих пор.",
        "reconciliation": "У каждой разницы между двумя системами есть причина; сумма разниц ведёт от одного числа к "
        "другому.",
    },
}

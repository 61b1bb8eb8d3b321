"""What a report page says, in Polish, Russian and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Language


WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "pl": ("pon.", "wt.", "śr.", "czw.", "pt.", "sob.", "niedz."),
    "ru": ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "busiest": "{share} of the calls within opening hours come in the three busiest hours: {hours}.",
        "calls": "calls",
        "hazard": "giving up within the next 10 s",
        "hazard_about": (
            "The hazard: of those who wait, the share that gives up within the next ten seconds (band: 95 "
            "%, Wilson; ended where fewer than 20 wait)."
        ),
        "delays": "What the delay of a callback does",
        "delays_up": "reached by the first call",
        "delays_about": (
            "Of the customers whose first call came after so long, the share that this call reached, with "
            "its 95 % interval; dashed: the curve nearest to them that never rises."
        ),
        "promises": "Promised waits",
        "promises_none": "No wait was promised in this period.",
        "promises_about": (
            "{said} times a wait was said; it was true in {true} of the cases that are known, {aim} was "
            "aimed at. Bars of 95 % (Wilson)."
        ),
        "promises_across": "minutes that were said at most",
        "true": "true",
        "aim": "aimed at",
        "more_rows": "{count} more rows are in the report itself.",
        "left_out": "Customers one by one, redials and money are on pages of up to {days} days.",
        "behind": "Calls behind the figures",
        "behind_about": (
            "For each figure that is underlined above: its newest {count} calls, + where a call is counted "
            "(the first of the two numbers), and the command for all of them."
        ),
        "title": "Calls, {period}",
        "made": "Made on {now} ({zone}).",
        "calls_in": "calls in",
        "answered": "answered",
        "abandoned": "gave up waiting",
        "within": "within {seconds} s ({formula})",
        "asa": "average speed of answer",
        "aht": "handling time",
        "unsaved": "customers missed, not spoken with",
        "when": "When they call",
        "when_about": "Calls in by weekday and quarter hour, of an average week; at most "
        "{most} calls in a field (n = {count}).",
        "outside": "Outside opening hours: {count} of {all} calls in ({share}).",
        "outside_unknown": "No opening hours are configured, so the share outside of them is not known.",
        "days": "Day by day",
        "day": "Hour by hour",
        "months": "Month by month",
        "falling": "nearest curve that never rises",
        "empty": "Nothing in this period: {names}.",
        "days_about": "Calls that joined a queue, by what became of them.",
        "other": "left otherwise",
        "hold": "How long they hold",
        "hold_about": "The share of callers who would still wait after so many seconds, if nobody answered "
        "(Kaplan-Meier; answered callers are censored; band: 95 %).",
        "hold_none": "Nobody has waited in this period.",
        "seconds": "seconds of waiting",
        "share": "still there",
        "queues": "Queues",
        "queue": "queue",
        "offered": "offered",
        "flowed_out": "flowed out",
        "longest": "longest wait",
        "agents": "Agents",
        "agent": "agent",
        "offers": "offers",
        "missed_offers": "missed",
        "talk": "talk",
        "occupancy": "occupancy",
        "missed": "Missed customers",
        "contacts": "contacts",
        "customers": "customers",
        "reached": "reached",
        "came_back": "came back",
        "open": "open",
        "lost": "lost",
        "served": "served",
        "trunks": "Trunks",
        "trunk": "trunk",
        "seizures": "seizures",
        "cost": "cost",
        "all": "all",
        "none": "There were none.",
        "formulas": "{formula} = {text}. T = {seconds} s. A service level without its formula says nothing.",
    },
    "pl": {
        "busiest": "{share} połączeń w godzinach pracy przypada na trzy najbardziej ruchliwe godziny: {hours}.",
        "calls": "połączenia",
        "hazard": "rezygnuje w następnych 10 s",
        "hazard_about": (
            "Hazard: jaka część czekających rezygnuje w następnych dziesięciu sekundach (pasmo: 95 %, "
            "Wilson; kończy się, gdy czeka mniej niż 20)."
        ),
        "delays": "Skuteczność a czas oddzwonienia",
        "delays_up": "dodzwoniono się za pierwszą próbą",
        "delays_about": (
            "Wśród klientów, do których pierwszy raz zadzwoniono po takim czasie, udział tych, z którymi ta "
            "próba połączyła, z przedziałem 95 %; linia przerywana: najbliższa krzywa, która nie rośnie."
        ),
        "promises": "Zapowiedziane czasy czekania",
        "promises_none": "W tym okresie nie zapowiedziano czasu czekania.",
        "promises_about": (
            "Czas czekania zapowiedziano {said} razy; sprawdził się w {true} znanych przypadków, celem było "
            "{aim}. Przedziały 95 % (Wilson)."
        ),
        "promises_across": "zapowiedziane najwyżej minuty",
        "true": "prawda",
        "aim": "cel",
        "more_rows": "W samym raporcie jest jeszcze {count} wierszy.",
        "left_out": "Klienci z osobna, ponowne połączenia i pieniądze są na stronach do {days} dni.",
        "behind": "Połączenia za liczbami",
        "behind_about": (
            "Dla każdej podkreślonej liczby: jej najnowsze {count} połączeń, + gdzie połączenie się liczy "
            "(pierwsza z dwóch liczb), oraz polecenie, które pokaże wszystkie."
        ),
        "title": "Połączenia, {period}",
        "made": "Sporządzono {now} ({zone}).",
        "calls_in": "połączeń przychodzących",
        "answered": "odebrane",
        "abandoned": "rezygnacje z czekania",
        "within": "w ciągu {seconds} s ({formula})",
        "asa": "średni czas odpowiedzi",
        "aht": "czas obsługi",
        "unsaved": "nieodebrani klienci bez rozmowy",
        "when": "Kiedy dzwonią",
        "when_about": "Połączenia przychodzące według dnia tygodnia i kwadransa w przeciętnym tygodniu; "
        "najwięcej w jednym polu: {most} (n = {count}).",
        "outside": "Poza godzinami pracy: {count} z {all} połączeń przychodzących ({share}).",
        "outside_unknown": "Nie ma skonfigurowanych godzin pracy, więc udział połączeń poza nimi nie jest znany.",
        "days": "Dzień po dniu",
        "day": "Godzina po godzinie",
        "months": "Miesiąc po miesiącu",
        "falling": "najbliższa krzywa, która nie rośnie",
        "empty": "Nic w tym okresie: {names}.",
        "days_about": "Połączenia, które trafiły do kolejki, według tego, jak się skończyły.",
        "other": "wyszło inaczej",
        "hold": "Jak długo czekają",
        "hold_about": "Odsetek dzwoniących, którzy czekaliby jeszcze po tylu sekundach, gdyby nikt nie odebrał "
        "(Kaplan–Meier; odebrani są cenzurowani; pasmo: 95 %).",
        "hold_none": "W tym okresie nikt nie czekał.",
        "seconds": "sekundy czekania",
        "share": "wciąż czeka",
        "queues": "Kolejki",
        "queue": "kolejka",
        "offered": "zgłosiło się",
        "flowed_out": "wyszły",
        "longest": "najdłużej czekał",
        "agents": "Konsultanci",
        "agent": "konsultant",
        "offers": "oferty",
        "missed_offers": "nieodebrane",
        "talk": "rozmowy",
        "occupancy": "zajętość",
        "missed": "Utraceni klienci",
        "contacts": "kontakty",
        "customers": "klienci",
        "reached": "dodzwoniono się",
        "came_back": "zadzwonili znowu",
        "open": "otwarte",
        "lost": "straceni",
        "served": "obsłużeni",
        "trunks": "Łącza",
        "trunk": "łącze",
        "seizures": "zajęcia",
        "cost": "koszt",
        "all": "razem",
        "none": "Nie było żadnych.",
        "formulas": "{formula} = {text}. T = {seconds} s. Poziom obsługi bez wzoru nic nie mówi.",
    },
    "ru": {
        "busiest": "{share} звонков в рабочие часы приходится на три самых загруженных часа: {hours}.",
        "calls": "звонки",
        "hazard": "сдаются в следующие 10 с",
        "hazard_about": (
            "Риск: какая доля ждущих сдаётся в следующие десять секунд (полоса: 95 %, Уилсон; кончается "
            "там, где ждут меньше 20)."
        ),
        "delays": "Что даёт быстрый обратный звонок",
        "delays_up": "дозвонились с первой попытки",
        "delays_about": (
            "Среди клиентов, которым впервые позвонили через такое время, доля тех, до кого дозвонились "
            "этим звонком, с интервалом 95 %; пунктир: ближайшая к ним невозрастающая кривая."
        ),
        "promises": "Обещанное время ожидания",
        "promises_none": "В этот период время ожидания не обещали.",
        "promises_about": (
            "Время ожидания назвали {said} раз; оно было верным в {true} известных случаев, цель — {aim}. "
            "Интервалы 95 % (Уилсон)."
        ),
        "promises_across": "обещано не более, минут",
        "true": "верно",
        "aim": "цель",
        "more_rows": "Ещё {count} строк есть в самом отчёте.",
        "left_out": "Клиенты по одному, повторные звонки и деньги — на страницах до {days} дней.",
        "behind": "Звонки за цифрами",
        "behind_about": (
            "Для каждой подчёркнутой цифры: её последние {count} звонков, + там, где звонок учтён (первое "
            "из двух чисел), и команда, которая покажет все."
        ),
        "title": "Звонки, {period}",
        "made": "Составлено {now} ({zone}).",
        "calls_in": "входящих звонков",
        "answered": "отвечено",
        "abandoned": "не дождались",
        "within": "за {seconds} с ({formula})",
        "asa": "среднее время ответа",
        "aht": "время обслуживания",
        "unsaved": "пропущенные клиенты без разговора",
        "when": "Когда звонят",
        "when_about": "Входящие звонки по дням недели и четвертям часа в среднюю неделю; больше "
        "всего в одной клетке: {most} (n = {count}).",
        "outside": "Вне рабочих часов: {count} из {all} входящих звонков ({share}).",
        "outside_unknown": "Рабочие часы не заданы, поэтому доля звонков вне их неизвестна.",
        "days": "День за днём",
        "day": "Час за часом",
        "months": "Месяц за месяцем",
        "falling": "ближайшая невозрастающая кривая",
        "empty": "Ничего за этот период: {names}.",
        "days_about": "Звонки, попавшие в очередь, по тому, чем они закончились.",
        "other": "вышли иначе",
        "hold": "Сколько ждут",
        "hold_about": "Доля звонящих, которые ещё ждали бы через столько секунд, если бы никто не ответил "
        "(Каплан — Мейер; отвеченные цензурированы; полоса: 95 %).",
        "hold_none": "За этот период никто не ждал.",
        "seconds": "секунды ожидания",
        "share": "ещё ждут",
        "queues": "Очереди",
        "queue": "очередь",
        "offered": "поступило",
        "flowed_out": "вышли",
        "longest": "дольше всего ждали",
        "agents": "Операторы",
        "agent": "оператор",
        "offers": "предложено",
        "missed_offers": "пропущено",
        "talk": "разговоры",
        "occupancy": "занятость",
        "missed": "Потерянные клиенты",
        "contacts": "контакты",
        "customers": "клиенты",
        "reached": "дозвонились",
        "came_back": "перезвонили сами",
        "open": "открыты",
        "lost": "потеряны",
        "served": "обслужены",
        "trunks": "Линии",
        "trunk": "линия",
        "seizures": "занятия",
        "cost": "стоимость",
        "all": "вместе",
        "none": "Не было.",
        "formulas": "{formula} = {text}. T = {seconds} с. Уровень обслуживания без формулы ни о чём не говорит.",
    },
}

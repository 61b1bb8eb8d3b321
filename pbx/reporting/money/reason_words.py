"""What reasons and systems are called on the page of a reconciliation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.ledger.reconcile.records import Reason, System

if TYPE_CHECKING:
    from pbx.config import Language

SYSTEMS: dict[Language, dict[System, str]] = {
    "en": {System.PBX: "PBX", System.CRM: "CRM", System.GA: "Google Analytics", System.TRACKING: "Call tracking"},
    "pl": {System.PBX: "Centrala", System.CRM: "CRM", System.GA: "Google Analytics", System.TRACKING: "Call tracking"},
    "ru": {System.PBX: "АТС", System.CRM: "CRM", System.GA: "Google Analytics", System.TRACKING: "Коллтрекинг"},
}
REASONS: dict[Language, dict[Reason, str]] = {
    "en": {
        Reason.TEST_CALL: "test call",
        Reason.AGENT_PLACED: "placed by an agent",
        Reason.SPAM: "spam",
        Reason.SHORT: "too short",
        Reason.STATIC_NUMBER: "number of a channel",
        Reason.POOL_SHORTAGE: "pool of numbers used up",
        Reason.POOL_COLLISION: "several visitors, one number",
        Reason.NO_CONSENT: "no consent to cookies",
        Reason.NO_CLIENT: "analytics did not know the visitor",
        Reason.SAME_SESSION: "repeated in one session",
        Reason.LATE_EVENT: "told after 72 hours",
        Reason.BLOCKED: "refused, a dead letter",
        Reason.NOT_SENT: "not sent, or not yet",
        Reason.PERIOD_CUT: "another clock or zone",
        Reason.DUPLICATE: "twice",
        Reason.TRANSFER_SPLIT: "parts of a transferred call",
        Reason.NO_CALL: "a tap without a call",
        Reason.UNEXPLAINED: "unexplained",
    },
    "pl": {
        Reason.TEST_CALL: "połączenie testowe",
        Reason.AGENT_PLACED: "dzwonił konsultant",
        Reason.SPAM: "spam",
        Reason.SHORT: "za krótkie",
        Reason.STATIC_NUMBER: "numer kanału",
        Reason.POOL_SHORTAGE: "zabrakło numerów w puli",
        Reason.POOL_COLLISION: "kilku gości, jeden numer",
        Reason.NO_CONSENT: "brak zgody na cookies",
        Reason.NO_CLIENT: "analityka nie znała gościa",
        Reason.SAME_SESSION: "ponownie w tej samej sesji",
        Reason.LATE_EVENT: "zgłoszone po 72 godzinach",
        Reason.BLOCKED: "odrzucone, niedoręczone",
        Reason.NOT_SENT: "niewysłane albo jeszcze nie",
        Reason.PERIOD_CUT: "inny zegar lub strefa",
        Reason.DUPLICATE: "podwójny wpis",
        Reason.TRANSFER_SPLIT: "części przełączonej rozmowy",
        Reason.NO_CALL: "kliknięcie bez połączenia",
        Reason.UNEXPLAINED: "niewyjaśnione",
    },
    "ru": {
        Reason.TEST_CALL: "тестовый звонок",
        Reason.AGENT_PLACED: "звонил оператор",
        Reason.SPAM: "спам",
        Reason.SHORT: "слишком короткий",
        Reason.STATIC_NUMBER: "номер канала",
        Reason.POOL_SHORTAGE: "не хватило номеров в пуле",
        Reason.POOL_COLLISION: "несколько гостей, один номер",
        Reason.NO_CONSENT: "нет согласия на cookie",
        Reason.NO_CLIENT: "аналитика не знала гостя",
        Reason.SAME_SESSION: "повтор в одной сессии",
        Reason.LATE_EVENT: "сообщено позже 72 часов",
        Reason.BLOCKED: "отклонено, не доставлено",
        Reason.NOT_SENT: "не отправлено или ещё нет",
        Reason.PERIOD_CUT: "другие часы или пояс",
        Reason.DUPLICATE: "дубль",
        Reason.TRANSFER_SPLIT: "части переведённого звонка",
        Reason.NO_CALL: "нажатие без звонка",
        Reason.UNEXPLAINED: "не объяснено",
    },
}
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Reconciliation of counts, {period}",
        "made": "Made on {now} ({zone}).",
        "about": "What leads from the first count to the second, reason by reason.",
        "reason": "reason",
        "change": "calls",
        "same": "no difference",
        "unexplained": "Unexplained: {count}",
        "at": "at",
        "number": "number",
        "call": "call or line",
        "systems": "in",
    },
    "pl": {
        "title": "Uzgodnienie liczb, {period}",
        "made": "Sporządzono {now} ({zone}).",
        "about": "Co prowadzi od pierwszej liczby do drugiej, powód po powodzie.",
        "reason": "powód",
        "change": "połączenia",
        "same": "bez różnic",
        "unexplained": "Niewyjaśnione: {count}",
        "at": "kiedy",
        "number": "numer",
        "call": "połączenie lub wiersz",
        "systems": "gdzie",
    },
    "ru": {
        "title": "Сверка счётчиков, {period}",
        "made": "Составлено {now} ({zone}).",
        "about": "Что ведёт от первого числа ко второму, причина за причиной.",
        "reason": "причина",
        "change": "звонки",
        "same": "без разницы",
        "unexplained": "Не объяснено: {count}",
        "at": "когда",
        "number": "номер",
        "call": "звонок или строка",
        "systems": "где",
    },
}

"""What a report says below its notes about this period alone, in the language that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Language


_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "currency": "Currency: {currency}.",
        "no_currency": "Currency: none is configured.",
        "stray": "Sales of the period without a call: {count}, {amount}.",
        "foreign": "{amount} is in no figure: ledger.rates has no rate.",
        "lost": "Lost money: {amount}.",
        "late": "Not answered within {hours} h: {count}, adverts {amount}.",
        "cancelled": "Sales lost if {share} % of them cancel: {amount}.",
        "more": "{count} more; ask for a shorter period.",
        "replies": "Replies: {what}.",
        "none": "none",
        "unexplained": "Unexplained: {count}.",
        "nothing": "Nothing to compare with: give --crm, --ga or --tracking; or configure [[crm]], [[ga4]], sites.",
    },
    "pl": {
        "currency": "Waluta: {currency}.",
        "no_currency": "Waluty nie skonfigurowano.",
        "stray": "Sprzedaże okresu bez połączenia: {count}, {amount}.",
        "foreign": "{amount} nie ma w żadnej liczbie: w ledger.rates brak kursu.",
        "lost": "Stracone pieniądze: {amount}.",
        "late": "Bez odpowiedzi w ciągu {hours} godz.: {count}, reklamy {amount}.",
        "cancelled": "Utracona sprzedaż, jeśli {share} % z nich zrezygnuje: {amount}.",
        "more": "Jeszcze {count}; proszę wybrać krótszy okres.",
        "replies": "Odpowiedzi: {what}.",
        "none": "żadnych",
        "unexplained": "Niewyjaśnione: {count}.",
        "nothing": "Nie ma z czym porównać: proszę podać --crm, --ga lub --tracking albo ustawić [[crm]], [[ga4]].",
    },
    "ru": {
        "currency": "Валюта: {currency}.",
        "no_currency": "Валюта не задана.",
        "stray": "Продажи периода без звонка: {count}, {amount}.",
        "foreign": "{amount} не входит ни в одну цифру: в ledger.rates нет курса.",
        "lost": "Потерянные деньги: {amount}.",
        "late": "Без ответа в течение {hours} ч: {count}, реклама {amount}.",
        "cancelled": "Потерянные продажи, если откажутся {share} % из них: {amount}.",
        "more": "Ещё {count}; задайте период короче.",
        "replies": "Ответы: {what}.",
        "none": "нет",
        "unexplained": "Необъяснённых: {count}.",
        "nothing": "Не с чем сравнить: укажите --crm, --ga или --tracking либо настройте [[crm]], [[ga4]], сайты.",
    },
}


def remark(language: Language, name: str, **values: object) -> str:
    """A sentence; `values` are written as the language writes figures."""
    return _TEXTS[language][name].format(**values)

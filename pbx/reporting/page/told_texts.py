"""What the top of a page says about its period, in Polish, Russian and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Language


TOLD: dict[Language, dict[str, str]] = {
    "en": {
        "told": "What the period tells",
        "nothing": "By these rules nothing stands out.",
        "peak": "{part} of {all} callers who gave up ({share}) did so between {hours}: more agents or callbacks then.",
        "unserved": "{part} of {all} missed customers have not been spoken with: call them.",
        "late": "{part} of {all} customers who were called back waited over an hour for the first call ({share}).",
        "offers": "Agents did not take {part} of {all} offers ({share}): see who, below.",
        "outside": "{part} of {all} calls in came outside opening hours ({share}): a callback or voicemail for them.",
        "rules": "The three that concern the most calls, by rule from the figures below; with the id of the formula.",
        "compared": "Compared with {period}",
        "compared_about": (
            "The same weekdays before. The change stands with its 95 % interval, drawn over days (hours of a period "
            "under five days); where it includes zero, the change may be chance. Holidays are not taken out."
        ),
        "compared_none": "There are no calls of the period before ({period}) to compare with.",
        "compared_part": "Calls are recorded from {first} on: the period before ({period}) is not whole.",
        "figure": "Figure",
        "now": "Now",
        "before": "Before",
        "change": "Change",
        "interval": "95 %",
        "sure": "Meaning",
        "higher": "higher",
        "lower": "lower",
        "chance": "may be chance",
        "few": "too few to say",
        "OFF": "Calls offered",
        "AR": "Gave up waiting",
        "SL4": "Within T (SL4)",
        "ASA": "Speed of answer",
        "AHT": "Handling time",
        "points": "{value} pp",
    },
    "pl": {
        "told": "Co mówi ten okres",
        "nothing": "Według tych reguł nic się nie wyróżnia.",
        "peak": (
            "{part} z {all} dzwoniących, którzy zrezygnowali ({share}), zrobiło to w godzinach {hours}: wtedy potrzeba "
            "więcej konsultantów albo oddzwonień."
        ),
        "unserved": "Z {all} klientów, których nie odebrano, z {part} nikt nie rozmawiał: trzeba do nich zadzwonić.",
        "late": "{part} z {all} klientów, do których oddzwaniano, czekało na pierwszą próbę ponad godzinę ({share}).",
        "offers": "Konsultanci nie przyjęli {part} z {all} propozycji ({share}): kto, widać niżej.",
        "outside": (
            "{part} z {all} połączeń przychodzących przypadło poza godziny pracy ({share}): dla nich oddzwonienie albo "
            "poczta głosowa."
        ),
        "rules": "Trzy sprawy, które dotyczą najwięcej połączeń, według reguł z liczb poniżej; z oznaczeniem wzoru.",
        "compared": "W porównaniu z okresem {period}",
        "compared_about": (
            "Te same dni tygodnia wcześniej. Zmiana stoi ze swoim przedziałem 95 %, liczonym z dni (z godzin, gdy "
            "okres ma mniej niż pięć dni); jeśli obejmuje zero, zmiana może być przypadkiem. Świąt nie pominięto."
        ),
        "compared_none": "Z poprzedniego okresu ({period}) nie ma połączeń do porównania.",
        "compared_part": "Połączenia są zapisane od {first}: poprzedni okres ({period}) jest niepełny.",
        "figure": "Wskaźnik",
        "now": "Teraz",
        "before": "Przedtem",
        "change": "Zmiana",
        "interval": "95 %",
        "sure": "Znaczenie",
        "higher": "więcej",
        "lower": "mniej",
        "chance": "może być przypadkiem",
        "few": "za mało danych",
        "OFF": "Zgłosiło się",
        "AR": "Rezygnacje",
        "SL4": "W ciągu T (SL4)",
        "ASA": "Czas odpowiedzi (ASA)",
        "AHT": "Czas obsługi (AHT)",
        "points": "{value} p.p.",
    },
    "ru": {
        "told": "О чём говорит период",
        "nothing": "По этим правилам ничто не выделяется.",
        "peak": (
            "{part} из {all} не дождавшихся ({share}) сдались в часы {hours}: тогда нужно больше операторов или "
            "обратных звонков."
        ),
        "unserved": "Из {all} пропущенных клиентов с {part} никто не поговорил: им нужно позвонить.",
        "late": "{part} из {all} клиентов, которым перезванивали, ждали первого звонка больше часа ({share}).",
        "offers": "Операторы не приняли {part} из {all} предложений ({share}): кто — видно ниже.",
        "outside": (
            "{part} из {all} входящих звонков пришлись на нерабочее время ({share}): для них обратный звонок или "
            "голосовая почта."
        ),
        "rules": "Три вывода, которые касаются больше всего звонков, по правилам из цифр ниже; с обозначением формулы.",
        "compared": "По сравнению с периодом {period}",
        "compared_about": (
            "Те же дни недели раньше. Изменение стоит со своим интервалом 95 %, который считается по дням (по часам, "
            "если период короче пяти дней); если в нём есть ноль, изменение может быть случайным. Праздники не "
            "исключены."
        ),
        "compared_none": "За предыдущий период ({period}) нет звонков для сравнения.",
        "compared_part": "Звонки записаны с {first}: предыдущий период ({period}) неполный.",
        "figure": "Показатель",
        "now": "Теперь",
        "before": "Раньше",
        "change": "Изменение",
        "interval": "95 %",
        "sure": "Значение",
        "higher": "больше",
        "lower": "меньше",
        "chance": "может быть случайно",
        "few": "слишком мало данных",
        "OFF": "Поступило",
        "AR": "Не дождались",
        "SL4": "За T (SL4)",
        "ASA": "Время ответа (ASA)",
        "AHT": "Время обслуживания (AHT)",
        "points": "{value} п. п.",
    },
}

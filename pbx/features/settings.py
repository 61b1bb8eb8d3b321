"""Codes that set something for the phone that dials them: do not disturb, forwards, call waiting, follow-me."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pbx.call.identity import clean_number
from pbx.events import Kind
from pbx.features.saying import digits, fill

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.dialplan import Dialplan
    from pbx.config import Extension

log = logging.getLogger("centrala.features")

# name -> (what changes, what is said)
SWITCHES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "dnd_on": (
        {"dnd": True},
        {
            "pl": "Nie przeszkadzać: włączone.",
            "ru": "Режим «не беспокоить» включён.",
            "en": "Do not disturb is on.",
        },
    ),
    "dnd_off": (
        {"dnd": False},
        {
            "pl": "Nie przeszkadzać: wyłączone.",
            "ru": "Режим «не беспокоить» выключен.",
            "en": "Do not disturb is off.",
        },
    ),
    "call_waiting_on": (
        {"call_waiting": True},
        {"pl": "Połączenia oczekujące włączone.", "ru": "Ожидание вызова включено.", "en": "Call waiting is on."},
    ),
    "call_waiting_off": (
        {"call_waiting": False},
        {"pl": "Połączenia oczekujące wyłączone.", "ru": "Ожидание вызова выключено.", "en": "Call waiting is off."},
    ),
    "follow_me_on": (
        {"follow_me": True},
        {"pl": "Podążaj za mną: włączone.", "ru": "Режим «следуй за мной» включён.", "en": "Follow me is on."},
    ),
    "follow_me_off": (
        {"follow_me": False},
        {"pl": "Podążaj za mną: wyłączone.", "ru": "Режим «следуй за мной» выключен.", "en": "Follow me is off."},
    ),
}
FORWARD_ON: dict[str, dict[str, str]] = {
    "forward_always": {
        "pl": "Wszystkie połączenia są przekierowane na numer {number}.",
        "ru": "Все звонки переадресуются на номер {number}.",
        "en": "All calls are forwarded to {number}.",
    },
    "forward_busy": {
        "pl": "Gdy zajęte, połączenia są przekierowane na numer {number}.",
        "ru": "Если занято, звонки переадресуются на номер {number}.",
        "en": "When busy, calls are forwarded to {number}.",
    },
    "forward_no_answer": {
        "pl": "Nieodebrane połączenia są przekierowane na numer {number}.",
        "ru": "Неотвеченные звонки переадресуются на номер {number}.",
        "en": "Unanswered calls are forwarded to {number}.",
    },
    "forward_unregistered": {
        "pl": "Gdy telefon jest niedostępny, połączenia są przekierowane na numer {number}.",
        "ru": "Если телефон недоступен, звонки переадресуются на номер {number}.",
        "en": "When the phone is unreachable, calls are forwarded to {number}.",
    },
}
FORWARD_OFF: dict[str, str] = {
    "pl": "Przekierowanie wyłączone.",
    "ru": "Переадресация выключена.",
    "en": "Forwarding is off.",
}
ASK_NUMBER: dict[str, str] = {
    "pl": "Podaj numer i naciśnij krzyżyk.",
    "ru": "Наберите номер и нажмите решётку.",
    "en": "Enter the number, then press hash.",
}
BAD_NUMBER: dict[str, str] = {
    "pl": "Na ten numer nie można przekierować.",
    "ru": "На этот номер переадресация невозможна.",
    "en": "Calls cannot be forwarded to that number.",
}
NOT_SAVED: dict[str, str] = {
    "pl": "Nie udało się zapisać ustawienia.",
    "ru": "Настройку не удалось сохранить.",
    "en": "The setting could not be saved.",
}
MAX_DIGITS = 20


def setting_application(argument: str) -> Application | None:
    """The application of "setting:dnd_on", "setting:forward_always=101", "setting:forward_busy_off"..."""
    name, given, number = argument.partition("=")
    if name in SWITCHES and not given:
        changes, text = SWITCHES[name]

        async def switch(call: Call) -> None:
            await _change(call, changes, text)

        return switch
    if name.removesuffix("_off") in FORWARD_ON and name.endswith("_off"):
        return _forward_off(name.removesuffix("_off"))
    return _forward_on(name, number) if name in FORWARD_ON else None


def _forward_off(field: str) -> Application:
    async def off(call: Call) -> None:
        extension = call.services.dialplan.extensions[call.extension]
        await _change(call, {field: "" if getattr(extension, field) else None}, FORWARD_OFF)

    return off


def _forward_on(field: str, given: str) -> Application:
    async def on(call: Call) -> None:
        await call.answer()
        number = given
        if not number:
            clip = await call.services.prompts.get(_in(call, ASK_NUMBER), call.language)
            number = await call.collect(maximum=MAX_DIGITS, timeout_s=10.0, prompt=[clip])
        number = clean_number(number)
        plan = call.services.dialplan
        if not leads_somewhere(plan, plan.extensions[call.extension], number):
            await call.say(BAD_NUMBER)
            return
        await _change(call, {field: number}, fill(FORWARD_ON[field], number=digits(number)))

    return on


def leads_somewhere(plan: Dialplan, extension: Extension, number: str) -> bool:
    """Whether calls to `extension` may be sent to `number`: it leads somewhere, not back, and is not dear."""
    if not number or number == extension.number or plan.is_emergency(number):
        return False
    if number in plan.extensions:
        return True
    entry = plan.number_of(number)
    if entry is not None:
        return entry.internal
    route = plan.route_of(number)
    return route is not None and extension.outbound and (extension.international or not route.international)


async def _change(call: Call, changes: dict[str, Any], text: dict[str, str]) -> None:
    """Makes the change durable, and only then says so."""
    await call.answer()
    try:
        await call.services.phones.change(call.extension, **changes)
    except Exception:  # whatever the store has: the person must not believe that it was done
        log.exception("extension %s: a setting could not be kept", call.extension)
        await call.say(NOT_SAVED)
        return
    for setting, value in changes.items():
        call.emit(Kind.SETTING_CHANGED, extension=call.extension, setting=setting, value=value)
    await call.say(text)


def _in(call: Call, text: dict[str, str]) -> str:
    return text[call.language]


TEXTS = [text for _, text in SWITCHES.values()] + [FORWARD_OFF, ASK_NUMBER, BAD_NUMBER, NOT_SAVED]

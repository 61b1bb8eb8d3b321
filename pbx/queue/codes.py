"""Feature codes: from the own phone an agent is available, on a break, offline, or done with wrap-up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pbx.config import BreakReason, Language
from pbx.queue.refusal import AgentRefused, QueueError
from pbx.queue.service import QueueService

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.contact.ports import Previews

CHOOSE_S = 6.0  # for the key of a reason
PREVIEW = "preview"
ACCEPT = ("", "1")  # the digits behind its code
DECLINE = "0"
CONFIRMATIONS: dict[str, dict[str, str]] = {
    "available": {
        "pl": "Przyjmowanie połączeń włączone.",
        "ru": "Приём звонков включён.",
        "en": "You are available.",
    },
    "on_break": {"pl": "Przerwa rozpoczęta.", "ru": "Перерыв начат.", "en": "You are on a break."},
    "offline": {
        "pl": "Przyjmowanie połączeń wyłączone.",
        "ru": "Приём звонков выключен.",
        "en": "You are signed out.",
    },
    "wrapup": {"pl": "Zapisano.", "ru": "Записано.", "en": "Noted."},
    "request_wrapup": {
        "pl": "Po rozmowie będzie czas na notatki.",
        "ru": "После разговора будет время на запись.",
        "en": "You will have time after the call.",
    },
    PREVIEW: {"pl": "Przyjęto.", "ru": "Принято.", "en": "Done."},
}
REFUSAL: dict[str, str] = {
    "pl": "Ten telefon nie obsługuje żadnej kolejki.",
    "ru": "Этот телефон не обслуживает ни одну очередь.",
    "en": "This phone serves no queue.",
}
NOT_NOW: dict[str, str] = {
    "pl": "Teraz to niemożliwe.",
    "ru": "Сейчас это невозможно.",
    "en": "That is not possible now.",
}
NO_CODE: dict[str, str] = {"pl": "Nie ma takiego kodu.", "ru": "Такого кода нет.", "en": "There is no such code."}
PRESS: dict[str, str] = {"pl": "{}: {}.", "ru": "{}: {}.", "en": "{}: {}."}
WHICH: dict[str, str] = {
    "pl": "Wybierz powód przerwy.",
    "ru": "Выберите причину перерыва.",
    "en": "Choose the reason of the break.",
}


class _Unknown(Exception):
    """No code goes by these digits."""


def feature_application(queues: QueueService) -> Callable[[str], Callable[[Call], Awaitable[None]] | None]:
    """What to register for the kind "feature": "feature:available", "feature:on_break=1", "feature:wrapup=2"..."""

    def make(feature: str) -> Callable[[Call], Awaitable[None]] | None:
        name, _, digits = feature.partition("=")
        if name not in CONFIRMATIONS:
            return None

        async def run(call: Call) -> None:
            await call.answer()
            try:
                await _do(queues, call, name, digits)
            except AgentRefused:
                await call.say(NOT_NOW)
            except QueueError:
                await call.say(REFUSAL)
            except _Unknown:
                await call.say(NO_CODE)
            else:
                await call.say(CONFIRMATIONS[name])
                if name == PREVIEW:
                    await _end_preview(queues, call, digits)

        return run

    return make


async def _do(queues: QueueService, call: Call, name: str, digits: str) -> None:
    extension, desk = call.extension, queues.desk
    desk.agent(extension)  # no menu for those who are none
    if name == "on_break":
        desk.set(extension, "break", await _reason(queues, call, digits))
    elif name == "wrapup":
        _finish(queues, extension, digits)
    elif name == PREVIEW:
        if digits not in (*ACCEPT, DECLINE):
            raise _Unknown
        if desk.agent(extension).state != "callback_preview":
            raise AgentRefused(f"agent {extension} reads no contact")
    elif name == "request_wrapup":
        desk.request_wrapup(extension)
    else:
        desk.set(extension, name)


async def _end_preview(queues: QueueService, call: Call, digits: str) -> None:
    """After the code's call is over, or the phone that is to ring would be on it."""
    previews: Previews | None = queues.services.extra.get("callbacks")
    await call.hangup()
    if previews is not None and queues.desk.agent(call.extension).state == "callback_preview":
        previews.preview(call.extension, accept=digits in ACCEPT)


async def _reason(queues: QueueService, call: Call, digits: str) -> str:
    """The reason that `digits` mean; without digits the caller chooses one, where there are any."""
    breaks = queues.breaks
    dialled = [reason for reason in breaks.reasons.values() if reason.code]
    if not digits:
        if not dialled:
            return ""
        digits = await _choose(call, dialled)
    found = breaks.by_code(digits)
    if found is None:
        raise _Unknown
    return found.name


async def _choose(call: Call, reasons: list[BreakReason]) -> str:
    prompts, default = call.services.prompts, call.services.config.server.language
    language = call.language if call.language in WHICH else default
    clips = [await prompts.get(WHICH[language], language)]
    for reason in reasons:
        label = spoken_label(reason, language)
        clips.append(await prompts.get(PRESS[language].format(reason.code, label), language))
    longest = max(len(reason.code) for reason in reasons)
    return await call.collect(maximum=longest, timeout_s=CHOOSE_S, prompt=clips)


def spoken_label(reason: BreakReason, language: str) -> str:
    return next((label for known, label in reason.label.items() if known == language), reason.name)


def _finish(queues: QueueService, extension: str, digits: str) -> None:
    """Wrap-up is over, or the code is noted while the call goes on; `digits` count the queue's codes from 1."""
    agent = queues.desk.agent(extension)
    code, slip = "", queues.wrapups.slip(agent)
    if digits:
        if slip is None:
            raise AgentRefused(f"agent {extension} is {agent.state}")
        if not digits.isdigit() or not 1 <= int(digits) <= len(slip.codes):
            raise _Unknown
        code = slip.codes[int(digits) - 1]
    if queues.desk.finish_wrapup(extension, code):
        return
    if not code:
        raise AgentRefused(f"agent {extension} is {agent.state}: there is no wrap-up")
    queues.desk.note(extension, code)


def texts(language: Language, reasons: list[BreakReason] | None = None) -> list[tuple[str, str]]:
    """(text, language) of what agents hear, for preloading."""
    known = [by_language[language] for by_language in (*CONFIRMATIONS.values(), REFUSAL, NOT_NOW, NO_CODE)]
    dialled = [reason for reason in reasons or () if reason.code]
    if dialled:
        known.append(WHICH[language])
        known += [PRESS[language].format(reason.code, spoken_label(reason, language)) for reason in dialled]
    return [(text, language) for text in known]

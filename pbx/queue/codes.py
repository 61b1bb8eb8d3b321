"""Feature codes: an agent dials one from the own phone and is available, on a break or offline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pbx.config import Language
from pbx.queue.service import QueueError, QueueService

if TYPE_CHECKING:
    from pbx.call.call import Call

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
}
REFUSAL: dict[str, str] = {
    "pl": "Ten telefon nie obsługuje żadnej kolejki.",
    "ru": "Этот телефон не обслуживает ни одну очередь.",
    "en": "This phone serves no queue.",
}


def feature_application(queues: QueueService) -> Callable[[str], Callable[[Call], Awaitable[None]] | None]:
    """What to register for the kind "feature": "feature:available", "feature:on_break" and "feature:offline"."""

    def make(feature: str) -> Callable[[Call], Awaitable[None]] | None:
        confirmation = CONFIRMATIONS.get(feature)
        if confirmation is None:
            return None
        state = feature.removeprefix("on_")

        async def run(call: Call) -> None:
            await call.answer()
            try:
                queues.set_agent(call.extension, state)
            except QueueError:
                await call.say(REFUSAL)
                return
            await call.say(confirmation)

        return run

    return make


def texts(language: Language) -> list[tuple[str, str]]:
    """(text, language) of the confirmations, for preloading."""
    return [(by_language[language], language) for by_language in (*CONFIRMATIONS.values(), REFUSAL)]

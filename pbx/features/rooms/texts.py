"""What conference rooms say."""

from __future__ import annotations

ASK_PIN: dict[str, str] = {
    "pl": "Podaj kod i naciśnij krzyżyk.",
    "ru": "Введите код и нажмите решётку.",
    "en": "Enter the code, then press hash.",
}
WRONG_PIN: dict[str, str] = {"pl": "Kod jest nieprawidłowy.", "ru": "Неверный код.", "en": "That code is wrong."}
LOCKED: dict[str, str] = {
    "pl": "Ta konferencja jest zamknięta.",
    "ru": "Эта конференция закрыта.",
    "en": "This conference is locked.",
}
FULL: dict[str, str] = {
    "pl": "Ta konferencja jest pełna.",
    "ru": "В этой конференции нет свободных мест.",
    "en": "This conference is full.",
}
ALONE: dict[str, str] = {
    "pl": "W konferencji nie ma jeszcze innych osób.",
    "ru": "В конференции пока никого нет.",
    "en": "You are the only one in the conference.",
}
WAIT: dict[str, str] = {
    "pl": "Konferencja rozpocznie się, gdy dołączy moderator.",
    "ru": "Конференция начнётся, когда подключится модератор.",
    "en": "The conference begins when the moderator joins.",
}
SAY_NAME: dict[str, str] = {
    "pl": "Po sygnale powiedz swoje imię i naciśnij krzyżyk.",
    "ru": "После сигнала назовите своё имя и нажмите решётку.",
    "en": "After the tone say your name, then press hash.",
}
HAS_JOINED: dict[str, str] = {"pl": "Dołącza.", "ru": "Подключается.", "en": "Has joined."}
HAS_LEFT: dict[str, str] = {"pl": "Opuszcza konferencję.", "ru": "Покидает конференцию.", "en": "Has left."}
KICKED: dict[str, str] = {
    "pl": "Moderator usunął cię z konferencji.",
    "ru": "Модератор отключил вас от конференции.",
    "en": "You have been removed from the conference.",
}
ENDED: dict[str, str] = {
    "pl": "Konferencja została zakończona.",
    "ru": "Конференция завершена.",
    "en": "The conference has ended.",
}
MUTED: dict[str, str] = {"pl": "Mikrofon wyłączony.", "ru": "Микрофон выключен.", "en": "You are muted."}
UNMUTED: dict[str, str] = {"pl": "Mikrofon włączony.", "ru": "Микрофон включён.", "en": "You are no longer muted."}
NOW_LOCKED: dict[str, str] = {
    "pl": "Konferencja zamknięta.",
    "ru": "Конференция закрыта.",
    "en": "The conference is now locked.",
}
NOW_OPEN: dict[str, str] = {
    "pl": "Konferencja otwarta.",
    "ru": "Конференция открыта.",
    "en": "The conference is now open.",
}

TEXTS = (
    *(ASK_PIN, WRONG_PIN, LOCKED, FULL, ALONE, WAIT, SAY_NAME, HAS_JOINED, HAS_LEFT, KICKED, ENDED, MUTED, UNMUTED),
    *(NOW_LOCKED, NOW_OPEN),
)

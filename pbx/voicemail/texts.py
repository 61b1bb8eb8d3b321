"""What voicemail says, in every language."""

from __future__ import annotations

from collections.abc import Mapping

Text = Mapping[str, str]

# -- to whoever leaves a message ----------------------------------------------------------------------------------
GREETING: Text = {
    "pl": "Nie możemy teraz odebrać. Zostaw wiadomość po sygnale. Aby zakończyć, naciśnij krzyżyk.",
    "ru": "Мы не можем сейчас ответить. Оставьте сообщение после сигнала. Чтобы закончить, нажмите решётку.",
    "en": "We cannot take your call now. Please leave a message after the tone. To finish, press hash.",
}
FULL: Text = {
    "pl": "Skrzynka jest pełna. Prosimy zadzwonić później.",
    "ru": "Голосовой ящик переполнен. Пожалуйста, позвоните позже.",
    "en": "This mailbox is full. Please call again later.",
}
SAVED: Text = {
    "pl": "Wiadomość zapisana. Dziękujemy.",
    "ru": "Сообщение сохранено. Спасибо.",
    "en": "Your message is saved. Thank you.",
}
NOT_SAVED: Text = {
    "pl": "Nie udało się zapisać nagrania.",
    "ru": "Не удалось сохранить запись.",
    "en": "The recording could not be saved.",
}
NOTHING_HEARD: Text = {
    "pl": "Nic nie usłyszeliśmy.",
    "ru": "Мы ничего не услышали.",
    "en": "We did not hear anything.",
}

# -- to whoever listens -------------------------------------------------------------------------------------------
ASK_BOX: Text = {
    "pl": "Podaj numer skrzynki i naciśnij krzyżyk.",
    "ru": "Введите номер ящика и нажмите решётку.",
    "en": "Enter the mailbox number, then press hash.",
}
ASK_PIN: Text = {
    "pl": "Podaj PIN i naciśnij krzyżyk.",
    "ru": "Введите PIN и нажмите решётку.",
    "en": "Enter your PIN, then press hash.",
}
WRONG_PIN: Text = {"pl": "Błędny PIN.", "ru": "Неверный PIN.", "en": "That PIN is wrong."}
LOCKED: Text = {
    "pl": "Zbyt wiele błędnych prób. Spróbuj później.",
    "ru": "Слишком много неверных попыток. Попробуйте позже.",
    "en": "Too many wrong attempts. Please try again later.",
}
NO_BOX: Text = {"pl": "Nie ma takiej skrzynki.", "ru": "Такого ящика нет.", "en": "There is no such mailbox."}
EMPTY: Text = {"pl": "Nie masz wiadomości.", "ru": "У вас нет сообщений.", "en": "You have no messages."}
NO_MORE: Text = {
    "pl": "Nie ma więcej wiadomości.",
    "ru": "Больше сообщений нет.",
    "en": "There are no more messages.",
}
MENU: Text = {
    "pl": "Powtórz: jeden. Następna: dwa. Poprzednia: cztery. Usuń lub przywróć: siedem. Oddzwoń: osiem. "
    "Zachowaj: dziewięć. Powitania: zero. Zakończ: gwiazdka.",
    "ru": "Повторить: один. Следующее: два. Предыдущее: четыре. Удалить или восстановить: семь. Перезвонить: восемь. "
    "Сохранить: девять. Приветствия: ноль. Закончить: звёздочка.",
    "en": "Repeat: one. Next: two. Previous: four. Delete or restore: seven. Call back: eight. "
    "Save: nine. Greetings: zero. End: star.",
}
DELETED: Text = {"pl": "Usunięta.", "ru": "Удалено.", "en": "Deleted."}
RESTORED: Text = {"pl": "Przywrócona.", "ru": "Восстановлено.", "en": "Restored."}
KEPT: Text = {"pl": "Zachowana.", "ru": "Сохранено.", "en": "Saved."}
UNREADABLE: Text = {
    "pl": "Tej wiadomości nie można odtworzyć.",
    "ru": "Это сообщение невозможно воспроизвести.",
    "en": "This message cannot be played.",
}
NO_CALL_BACK: Text = {
    "pl": "Nie można oddzwonić.",
    "ru": "Перезвонить невозможно.",
    "en": "The caller cannot be called back.",
}
GOODBYE: Text = {"pl": "Do usłyszenia.", "ru": "До свидания.", "en": "Goodbye."}

# -- greetings and announcements ----------------------------------------------------------------------------------
GREETINGS: Text = {
    "pl": "Powitanie zwykłe: jeden. Gdy zajęte: dwa. Nieobecność: trzy. Włącz lub wyłącz nieobecność: cztery. "
    "Wróć: gwiazdka.",
    "ru": "Обычное приветствие: один. Когда занято: два. Отсутствие: три. Включить или выключить отсутствие: четыре. "
    "Назад: звёздочка.",
    "en": "Usual greeting: one. When busy: two. Absence: three. Turn absence on or off: four. Back: star.",
}
ABSENCE_ON: Text = {
    "pl": "Powitanie nieobecności jest włączone.",
    "ru": "Приветствие об отсутствии включено.",
    "en": "The absence greeting is on.",
}
ABSENCE_OFF: Text = {
    "pl": "Powitanie nieobecności jest wyłączone.",
    "ru": "Приветствие об отсутствии выключено.",
    "en": "The absence greeting is off.",
}
SPEAK: Text = {
    "pl": "Mów po sygnale, zakończ krzyżykiem.",
    "ru": "Говорите после сигнала, в конце нажмите решётку.",
    "en": "Speak after the tone, then press hash.",
}
REVIEW: Text = {
    "pl": "Zatwierdź: jeden. Nagraj jeszcze raz: dwa. Odsłuchaj: trzy. Porzuć: gwiazdka.",
    "ru": "Подтвердить: один. Записать заново: два. Прослушать: три. Отменить: звёздочка.",
    "en": "Accept: one. Record again: two. Listen: three. Discard: star.",
}
ACCEPTED: Text = {"pl": "Nagranie jest w użyciu.", "ru": "Запись используется.", "en": "The recording is in use."}
DISCARDED: Text = {"pl": "Nic nie zmieniono.", "ru": "Ничего не изменено.", "en": "Nothing was changed."}

PRELOADED = [
    value for value in list(globals().values()) if isinstance(value, dict) and set(value) == {"pl", "ru", "en"}
]

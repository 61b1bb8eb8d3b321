"""The widget's words in three languages. A site may say each of them otherwise (`site_web.widget.texts`)."""

from __future__ import annotations

from pbx.config import Language

LANGUAGES: tuple[Language, ...] = ("pl", "ru", "en")

# name: Polish, Russian, English
_WORDS: dict[str, tuple[str, str, str]] = {
    "title": ("Oddzwonimy do Ciebie", "Мы перезвоним вам", "We will call you back"),
    "headline_seconds": (
        "Oddzwonimy w ciągu {seconds} sekund",
        "Перезвоним в течение {seconds} секунд",
        "We will call you back within {seconds} seconds",
    ),
    "headline_open": (
        "Oddzwonimy, gdy tylko zwolni się konsultant",
        "Перезвоним, как только освободится оператор",
        "We will call you as soon as an agent is free",
    ),
    "headline_slot": ("O której mamy zadzwonić?", "Когда вам позвонить?", "When should we call you?"),
    "headline_closed": (
        "Teraz mamy zamknięte — zadzwonimy później",
        "Сейчас мы закрыты — позвоним позже",
        "We are closed now — we will call you later",
    ),
    "button": ("Zamów rozmowę", "Заказать звонок", "Request a call"),
    "dial": ("Zadzwoń: {number}", "Позвонить: {number}", "Call {number}"),
    "close": ("Zamknij", "Закрыть", "Close"),
    "show": ("Pokaż numer", "Показать номер", "Show number"),
    "lead": (
        "Zostaw numer, a zadzwonimy do Ciebie. Połączenie jest bezpłatne.",
        "Оставьте номер, и мы вам позвоним. Звонок бесплатный.",
        "Leave your number and we will call you, free of charge.",
    ),
    "lead_later": (
        "Wybierz dzień i godzinę, a zadzwonimy do Ciebie.",
        "Выберите день и время, и мы вам позвоним.",
        "Choose a day and an hour, and we will call you.",
    ),
    "lead_closed": (
        "Wybierz dogodną porę. Zadzwonimy do Ciebie, gdy znów będziemy w pracy.",
        "Выберите удобное время. Мы позвоним, когда снова будем на месте.",
        "Choose a time that suits you. We will call when we are back.",
    ),
    "lead_reopen": (
        "Zostaw numer, a zadzwonimy do Ciebie, gdy znów będziemy w pracy.",
        "Оставьте номер, и мы позвоним, когда снова будем на месте.",
        "Leave your number, and we will call when we are back.",
    ),
    "department": ("Dział", "Отдел", "Department"),
    "phone": ("Twój numer telefonu", "Ваш номер телефона", "Your phone number"),
    "country": ("Kraj", "Страна", "Country"),
    "day": ("Dzień", "День", "Day"),
    "hour": ("Godzina", "Время", "Time"),
    "send": ("Zadzwońcie do mnie", "Позвоните мне", "Call me"),
    "send_later": ("Zadzwońcie o tej porze", "Позвоните в это время", "Call me at this time"),
    "later": ("Wolę rozmawiać później", "Лучше позвоните позже", "I would rather talk later"),
    "now": ("Wolę rozmawiać teraz", "Лучше позвоните сейчас", "I would rather talk now"),
    "cancel": ("Anuluj prośbę", "Отменить заявку", "Cancel the request"),
    "retry": ("Spróbuj ponownie", "Попробовать ещё раз", "Try again"),
    "anew": ("Nowa prośba", "Новая заявка", "New request"),
    "sending": ("Wysyłamy…", "Отправляем…", "Sending…"),
    "offline": (
        "Brak połączenia. Sprawdź internet i spróbuj ponownie.",
        "Нет соединения. Проверьте интернет и попробуйте ещё раз.",
        "No connection. Check your network and try again.",
    ),
    "bad_number": (
        "Podaj pełny numer telefonu: brakuje cyfr.",
        "Введите полный номер телефона: не хватает цифр.",
        "Enter your full phone number: digits are missing.",
    ),
    "bad_format": (
        "To nie jest numer telefonu. Wpisz same cyfry, bez numeru wewnętrznego.",
        "Это не номер телефона. Введите только цифры, без добавочного.",
        "This is not a phone number. Enter digits only, without an extension.",
    ),
    "bad_country": (
        "Do tego kraju nie dzwonimy. Dzwonimy pod numery {countries}.",
        "В эту страну мы не звоним. Звоним на номера {countries}.",
        "We do not call this country. We call numbers of {countries}.",
    ),
    "bad_consent": (
        "Zaznacz zgodę, abyśmy mogli zadzwonić.",
        "Отметьте согласие, чтобы мы могли позвонить.",
        "Tick the box so that we may call you.",
    ),
    "bad_slot": ("Wybierz dzień i godzinę.", "Выберите день и время.", "Choose a day and a time."),
    "requested": ("Mamy Twoją prośbę", "Заявка принята", "We have your request"),
    "requested_text": (
        "Łączymy z konsultantem. Nie odkładaj telefonu.",
        "Соединяем с оператором. Держите телефон под рукой.",
        "We are getting an agent. Keep your phone at hand.",
    ),
    "ringing": ("Twój telefon dzwoni", "Ваш телефон звонит", "Your phone is ringing"),
    "ringing_text": (
        "Odbierz — konsultant już czeka.",
        "Ответьте — оператор уже на линии.",
        "Pick up: the agent is on the line.",
    ),
    "connected": ("Połączono", "Соединено", "Connected"),
    "connected_text": ("Miłej rozmowy!", "Приятного разговора!", "Enjoy your conversation!"),
    "failed": ("Nie udało się połączyć", "Не удалось соединиться", "We could not reach you"),
    "failed_text": (
        "Spróbuj ponownie lub zadzwoń do nas.",
        "Попробуйте ещё раз или позвоните нам.",
        "Try again, or give us a call.",
    ),
    "again": ("Zadzwonimy ponownie: {time}.", "Позвоним ещё раз: {time}.", "We will call again: {time}."),
    "sms": ("Wysłaliśmy też SMS.", "Мы также отправили SMS.", "We have sent you a text message, too."),
    "scheduled": ("Umówione!", "Договорились!", "It is a date!"),
    "scheduled_text": ("Zadzwonimy: {time}.", "Позвоним: {time}.", "We will call you: {time}."),
    "cancelled": ("Prośba anulowana", "Заявка отменена", "Request cancelled"),
    "cancelled_text": ("Nie będziemy dzwonić.", "Мы не будем звонить.", "We will not call."),
    "step_requested": ("Prośba", "Заявка", "Requested"),
    "step_ringing": ("Dzwonimy", "Звоним", "Ringing"),
    "step_connected": ("Rozmowa", "Разговор", "Connected"),
    "consent": (
        "Naciskając przycisk, zgadzam się na kontakt telefoniczny w sprawie mojej prośby.",
        "Нажимая кнопку, я соглашаюсь на звонок по моей заявке.",
        "By pressing the button I agree to be called about my request.",
    ),
}

# What a visitor is told when the request is not taken, by reason; the others are "refused_other".
_REFUSED: dict[str, tuple[str, str, str]] = {
    "invalid": (
        "Taki numer nie istnieje. Sprawdź cyfry.",
        "Такого номера нет. Проверьте цифры.",
        "There is no such number. Check the digits.",
    ),
    "destination": (
        "Pod ten numer nie możemy zadzwonić.",
        "На этот номер мы не можем позвонить.",
        "We cannot call this number.",
    ),
    "limit": (
        "Za dużo próśb. Spróbuj później lub zadzwoń do nas.",
        "Слишком много заявок. Попробуйте позже или позвоните нам.",
        "Too many requests. Try later, or give us a call.",
    ),
    "open": (
        "Mamy już prośbę o ten numer — wkrótce zadzwonimy.",
        "Заявка с этим номером уже есть — скоро позвоним.",
        "We already have a request for this number and will call soon.",
    ),
    "slot": (
        "Ta pora jest już niedostępna. Wybierz inną.",
        "Это время уже недоступно. Выберите другое.",
        "This time is not available any more. Choose another one.",
    ),
    "consent": (
        "Treść zgody się zmieniła. Przeczytaj ją i spróbuj ponownie.",
        "Текст согласия изменился. Прочитайте его и попробуйте ещё раз.",
        "The wording of the consent has changed. Read it and try again.",
    ),
    "other": (
        "Teraz nie możemy przyjąć prośby. Zadzwoń do nas.",
        "Сейчас не можем принять заявку. Позвоните нам.",
        "We cannot take the request now. Please give us a call.",
    ),
}

NAMES = frozenset(_WORDS)
_KINDS = {"invalid": "invalid", "open": "open", "slot": "slot", "hours": "slot", "consent": "consent"}
_LIMITS = ("limit", "banned", "work")
_NUMBERS = frozenset(
    (
        *("foreign", "premium", "shared_cost", "toll_free", "blocked", "emergency", "personal"),
        *("pager", "uan", "voicemail", "unknown", "voip", "fixed"),
    )
)


def words(language: Language) -> dict[str, str]:
    """All words of a language, by name."""
    at = LANGUAGES.index(language)
    return {name: texts[at] for name, texts in _WORDS.items()}


def refused(reason: str, language: Language) -> str:
    """What the visitor is told of a refusal."""
    kind = _KINDS.get(reason, "other")
    if reason.startswith(_LIMITS):
        kind = "limit"
    elif reason in _NUMBERS:
        kind = "destination"
    return _REFUSED[kind][LANGUAGES.index(language)]


def within(text: str, seconds: int, language: Language) -> str:
    """`text` with its {seconds}, in the right number: Russian says 21 otherwise than 22."""
    if language == "ru" and seconds % 10 == 1 and seconds % 100 != 11:
        text = text.replace("{seconds} секунд", "{seconds} секунды")
    return text.replace("{seconds}", str(seconds))


def language_of(asked: str, otherwise: Language) -> Language:
    """The language that "pl-PL,en;q=0.8" or "ru" means, else the other."""
    wanted = asked.strip().lower()[:2]
    return next((language for language in LANGUAGES if language == wanted), otherwise)

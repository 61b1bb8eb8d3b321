"""What callbacks say, in every language: to customers who ask for one, to those who are called, to agents."""

from __future__ import annotations

from collections.abc import Mapping

from pbx.config import Config, Language
from pbx.language.grammar import Case
from pbx.language.nouns import Counted
from pbx.language.words import counted, duration

Text = Mapping[str, str]

# -- to a caller who asks in the queue ---------------------------------------------------------------------------
OFFER: Text = {
    "pl": "Oddzwonimy na numer {number}. Aby potwierdzić, naciśnij jeden. Aby podać inny numer, naciśnij dwa. "
    "Aby czekać dalej, naciśnij gwiazdkę.",
    "ru": "Мы перезвоним вам на номер {number}. Чтобы подтвердить, нажмите один. Чтобы указать другой номер, нажмите "
    "два. Чтобы остаться на линии, нажмите звёздочку.",
    "en": "We will call you back on {number}. To confirm, press one. To enter another number, press two. "
    "To keep holding, press star.",
}
ENTER: Text = {
    "pl": "Podaj numer telefonu i zakończ krzyżykiem.",
    "ru": "Введите номер телефона и нажмите решётку.",
    "en": "Enter the phone number, followed by the hash key.",
}
NOT_POSSIBLE: Text = {
    "pl": "Na ten numer nie możemy oddzwonić.",
    "ru": "На этот номер мы не можем перезвонить.",
    "en": "We cannot call that number back.",
}
TOO_MANY: Text = {
    "pl": "Nie możemy teraz przyjąć kolejnego zamówienia rozmowy. Prosimy czekać na linii.",
    "ru": "Сейчас мы не можем принять ещё одну заявку на звонок. Пожалуйста, оставайтесь на линии.",
    "en": "We cannot take another request right now. Please keep holding.",
}
_ACCEPTED: Text = {
    "pl": "Dziękujemy. Zachowują Państwo swoje miejsce w kolejce.",
    "ru": "Спасибо. Ваше место в очереди сохраняется.",
    "en": "Thank you. You keep your place in the queue.",
}
_WITHIN: Text = {
    "pl": "Oddzwonimy w ciągu {time}.",
    "ru": "Мы перезвоним вам в течение {time}.",
    "en": "We will call you back within {time}.",
}
_SOON: Text = {
    "pl": "Oddzwonimy, gdy tylko będzie wolny konsultant.",
    "ru": "Мы перезвоним, как только освободится оператор.",
    "en": "We will call you back as soon as an agent is free.",
}
_GOODBYE: Text = {"pl": "Do usłyszenia.", "ru": "До свидания.", "en": "Goodbye."}

# -- to a customer who was called --------------------------------------------------------------------------------
_CONFIRM: Text = {
    "pl": "Dzień dobry{company}. Oddzwaniamy do Państwa. Aby porozmawiać z konsultantem, naciśnij jeden. "
    "Jeśli rozmowa nie jest już potrzebna, naciśnij dziewięć.",
    "ru": "Здравствуйте{company}. Мы вам перезваниваем. Чтобы поговорить с оператором, нажмите один. "
    "Если звонок вам больше не нужен, нажмите девять.",
    "en": "Hello{company}. We are calling you back. To speak with an agent, press one. "
    "If you no longer need the call, press nine.",
}
_COMPANY: Text = {"pl": ", tu {name}", "ru": ", это {name}", "en": ", this is {name}"}
REFUSED: Text = {
    "pl": "Dziękujemy za informację. Do widzenia.",
    "ru": "Спасибо, что сообщили. До свидания.",
    "en": "Thank you for telling us. Goodbye.",
}
CONNECTING: Text = {
    "pl": "Łączymy z konsultantem.",
    "ru": "Соединяем вас с оператором.",
    "en": "We are connecting you with an agent.",
}

# -- to an agent -------------------------------------------------------------------------------------------------
AGENT_CONFIRM: Text = {
    "pl": "Oddzwonienie do klienta. Aby połączyć, naciśnij jeden.",
    "ru": "Обратный звонок клиенту. Чтобы соединить, нажмите один.",
    "en": "Callback to a customer. To connect, press one.",
}
GONE: Text = {
    "pl": "Oddzwonienie nie jest już potrzebne.",
    "ru": "Обратный звонок больше не нужен.",
    "en": "The callback is no longer needed.",
}
FAILED: Mapping[str, Text] = {
    "busy": {"pl": "Numer klienta jest zajęty.", "ru": "Номер клиента занят.", "en": "The customer is busy."},
    "no_answer": {"pl": "Klient nie odbiera.", "ru": "Клиент не отвечает.", "en": "The customer does not answer."},
    "refused": {
        "pl": "Klient nie potrzebuje już rozmowy.",
        "ru": "Клиенту звонок больше не нужен.",
        "en": "The customer no longer needs the call.",
    },
    "": {
        "pl": "Nie udało się połączyć z klientem.",
        "ru": "Не удалось связаться с клиентом.",
        "en": "The customer could not be reached.",
    },
}


def spelled(number: str) -> str:
    """A number as it is read out: digit by digit, the plus as zero zero."""
    return " ".join(number.replace("+", "00"))


def offer(number: str) -> dict[str, str]:
    """We will call `number`: is that right?"""
    return {language: text.format(number=spelled(number)) for language, text in OFFER.items()}


def accepted(promise_s: float | None) -> dict[str, str]:
    """The request is taken, and when we will call; None: nobody can honestly say."""
    return {
        language: f"{thanks} {_promise(promise_s, language)} {_GOODBYE[language]}"  # type: ignore[arg-type]
        for language, thanks in _ACCEPTED.items()
    }


def confirm(company: str) -> dict[str, str]:
    """Who calls, and that a key is wanted."""
    return {
        language: text.format(company=_COMPANY[language].format(name=company) if company else "")
        for language, text in _CONFIRM.items()
    }


def failed(outcome: str) -> Text:
    """Why the customer was not reached, for the agent."""
    return FAILED.get(outcome, FAILED[""])


def _promise(promise_s: float | None, language: Language) -> str:
    """Whole minutes, rounded up: what is promised is kept. After "within" stands the genitive."""
    if promise_s is None:
        return _SOON[language]
    minutes = max(1, -int(-promise_s // 60))
    if minutes < 60:
        return _WITHIN[language].format(time=counted(minutes, Counted.MINUTE, language, Case.GENITIVE))
    quarters = -(-minutes // 15) * 15
    return _WITHIN[language].format(time=duration(quarters * 60, language, Case.GENITIVE))


def spoken(config: Config) -> list[tuple[str, str]]:
    """(text, language) of what is said often; nothing while callbacks are not enabled."""
    if not config.callback.enabled:
        return []
    companies = sorted({queue.callback.company for queue in config.queue if queue.callback.confirm != "none"})
    languages = sorted({config.server.language, *(flow.language for flow in config.flow if flow.language)})
    return [(text[language], language) for text in preloaded(companies) for language in languages]


def preloaded(companies: list[str]) -> list[Text]:
    """What is said often."""
    fixed = [ENTER, NOT_POSSIBLE, TOO_MANY, REFUSED, CONNECTING, AGENT_CONFIRM, GONE, *FAILED.values()]
    promises = [accepted(None), *(accepted(minutes * 60) for minutes in range(1, 11))]
    return [*fixed, *promises, *(confirm(company) for company in companies)]

"""What waiting callers hear: grammar in three languages, times, and that it never delays anything."""

from __future__ import annotations

import pytest

from pbx.config import Language, Queue
from pbx.events import Kind
from pbx.queue.announcements import position_text, spoken_minutes, texts_to_preload, wait_text
from tests.pbx.queue.house import House

# The genitive of the minutes after "około" and "около", word for word; the endings of the rest follow below.
POLISH = [
    "jednej minuty",
    "dwóch minut",
    "trzech minut",
    "czterech minut",
    "pięciu minut",
    "sześciu minut",
    "siedmiu minut",
    "ośmiu minut",
    "dziewięciu minut",
    "dziesięciu minut",
    "jedenastu minut",
    "dwunastu minut",
    "trzynastu minut",
    "czternastu minut",
    "piętnastu minut",
    "szesnastu minut",
    "siedemnastu minut",
    "osiemnastu minut",
    "dziewiętnastu minut",
    "dwudziestu minut",
    "dwudziestu jeden minut",
    "dwudziestu dwóch minut",
    "dwudziestu trzech minut",
]
RUSSIAN = [
    "одной минуты",
    "двух минут",
    "трёх минут",
    "четырёх минут",
    "пяти минут",
    "шести минут",
    "семи минут",
    "восьми минут",
    "девяти минут",
    "десяти минут",
    "одиннадцати минут",
    "двенадцати минут",
    "тринадцати минут",
    "четырнадцати минут",
    "пятнадцати минут",
    "шестнадцати минут",
    "семнадцати минут",
    "восемнадцати минут",
    "девятнадцати минут",
    "двадцати минут",
    "двадцати одной минуты",
    "двадцати двух минут",
    "двадцати трёх минут",
]
TENS = {
    "pl": {30: "trzydziestu", 40: "czterdziestu", 50: "pięćdziesięciu"},
    "ru": {30: "тридцати", 40: "сорока", 50: "пятидесяти"},
}


def test_minutes_in_polish_and_russian_word_for_word() -> None:
    for number, (polish, russian) in enumerate(zip(POLISH, RUSSIAN, strict=True), 1):
        assert wait_text(number, "pl") == f"Przewidywany czas oczekiwania: około {polish}."
        assert wait_text(number, "ru") == f"Примерное время ожидания: около {russian}."


def test_minutes_up_to_an_hour() -> None:
    for number in range(24, 60):
        tens, unit = number // 10 * 10, number % 10
        for language, words, one, many in (("pl", POLISH, "minut", "minut"), ("ru", RUSSIAN, "минуты", "минут")):
            start = {**TENS[language], 20: words[19].split()[0]}[tens]
            if unit == 0:
                expected = f"{start} {many}"
            elif unit == 1:
                expected = f"{start} jeden {one}" if language == "pl" else f"{start} одной {one}"
            else:
                expected = f"{start} {words[unit - 1]}"
            assert wait_text(number, language).endswith(f" {expected}."), (number, language)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minutes", "polish", "russian", "english"),
    [
        (60, "jednej godziny", "одного часа", "one hour"),
        (61, "jednej godziny jednej minuty", "одного часа одной минуты", "one hour one minute"),
        (75, "jednej godziny piętnastu minut", "одного часа пятнадцати минут", "one hour fifteen minutes"),
        (120, "dwóch godzin", "двух часов", "two hours"),
        (300, "pięciu godzin", "пяти часов", "five hours"),
    ],
)
def test_hours(minutes: int, polish: str, russian: str, english: str) -> None:
    assert wait_text(minutes, "pl").endswith(f"około {polish}.")
    assert wait_text(minutes, "ru").endswith(f"около {russian}.")
    assert wait_text(minutes, "en").endswith(f"about {english}.")


def test_less_than_a_minute() -> None:
    assert wait_text(0, "pl") == "Przewidywany czas oczekiwania: poniżej minuty."
    assert wait_text(0, "ru") == "Примерное время ожидания: меньше минуты."
    assert wait_text(0, "en") == "The expected wait is less than a minute."


@pytest.mark.parametrize("language", ["pl", "ru", "en"])
def test_no_digit_is_left_to_the_voice(language: Language) -> None:
    said = [wait_text(minutes, language) for minutes in range(121)]
    said += [position_text(position, language) for position in range(1, 51)]
    assert not any(mark.isdigit() for text in said for mark in text)
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("position", "polish", "russian", "english"),
    [
        (1, "jeden", "один", "one"),
        (2, "dwa", "два", "two"),
        (3, "trzy", "три", "three"),
        (5, "pięć", "пять", "five"),
        (12, "dwanaście", "двенадцать", "twelve"),
        (19, "dziewiętnaście", "девятнадцать", "nineteen"),
        (21, "dwadzieścia jeden", "двадцать один", "twenty-one"),
        (22, "dwadzieścia dwa", "двадцать два", "twenty-two"),
        (34, "trzydzieści cztery", "тридцать четыре", "thirty-four"),
        (40, "czterdzieści", "сорок", "forty"),
        (50, "pięćdziesiąt", "пятьдесят", "fifty"),
    ],
)
def test_positions(position: int, polish: str, russian: str, english: str) -> None:
    assert position_text(position, "pl") == f"Numer w kolejce: {polish}."
    assert position_text(position, "ru") == f"Ваш номер в очереди: {russian}."
    assert position_text(position, "en") == f"You are number {english} in the queue."


def test_spoken_minutes_are_rounded() -> None:
    seconds = (0, 44, 45, 89, 90, 125, 599, 630, 690, 800, 1600, 3300, 3599, 3900, 7000)
    assert [spoken_minutes(value) for value in seconds] == [0, 0, 1, 1, 2, 2, 10, 10, 10, 15, 25, 55, 60, 60, 120]


def test_minutes_never_fall_while_the_wait_grows() -> None:
    said = [spoken_minutes(seconds) for seconds in range(20_000)]
    assert said == sorted(said)


def test_what_is_said_most_is_rendered_before_the_first_call() -> None:
    texts = texts_to_preload(Queue(name="q"), "pl")
    assert position_text(3, "pl") in texts
    assert wait_text(2, "pl") in texts
    assert texts_to_preload(Queue(name="q", announce_position=False, announce_wait=False), "pl") == []


ANNOUNCED = {"announce_position": True, "announce_wait": True, "announce_first_s": 5.0, "announce_every_s": 30.0}


def spoken(heard: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """(seconds since the call, text) of what was said, music left out."""
    return [(at - heard[0][0], text) for at, text in heard if not text.startswith("music")]


async def test_position_and_wait_are_said_in_time_and_music_goes_on() -> None:
    house = House({"101": {"answer_after_s": 1}}, **ANNOUNCED)
    house.call()
    await house.sleep(2)
    caller = house.call()
    await house.sleep(40)
    first, second = spoken(caller.heard)[:2], spoken(caller.heard)[2:]
    assert [text for _, text in first] == [
        "en:You are number one in the queue.",
        "en:The expected wait is about five minutes.",
    ]
    assert first[0][0] == pytest.approx(5, abs=0.01)
    assert second[0][0] == pytest.approx(35, abs=0.01)
    assert caller.media.playing == ["music:default"]
    announced = house.journey(Kind.QUEUE_ANNOUNCED, caller.call and caller)[0].data
    assert announced == {"queue": "sales", "position": 1, "wait_s": 300}
    await house.close()


async def test_the_bridge_does_not_wait_for_an_announcement() -> None:
    house = House({"101": {"answer_after_s": 5.5}}, **ANNOUNCED)
    caller = house.call()
    await house.sleep(5.4)
    assert caller.media.playing[0].startswith("en:You are number")
    await house.sleep(0.11)
    assert caller.media.partner is not None
    assert caller.media.playing == []
    await house.sleep(120)
    assert caller.media.playing == []  # neither music nor announcements come back
    assert len(house.journey(Kind.QUEUE_ANNOUNCED)) == 1
    await house.close()


async def test_slow_speech_delays_neither_bridge_nor_music() -> None:
    house = House({"101": {"answer_after_s": 8}}, **ANNOUNCED)
    house.harness.prompts.delay_s = 60.0
    caller = house.call()
    await house.sleep(7.9)
    assert caller.media.playing == ["music:default"]
    await house.sleep(0.2)
    assert caller.media.partner is not None
    await house.close()


async def test_speech_that_fails_costs_the_announcement_only(caplog: pytest.LogCaptureFixture) -> None:
    house = House({"101": {"answer_after_s": 12}}, **ANNOUNCED)

    async def broken(text: str, language: str) -> None:
        raise OSError("no voice")

    house.harness.prompts.get = broken  # type: ignore[assignment, method-assign]
    caller = house.call()
    await house.sleep(13)
    assert caller.media.partner is not None
    assert "announcement of queue sales failed" in caplog.text
    await house.close()


async def test_the_spoken_wait_never_rises() -> None:
    house = House({name: {"answer_after_s": 1} for name in ("101", "102", "103", "104")}, **ANNOUNCED)
    for _ in range(4):
        house.call()
    await house.sleep(2)
    caller = house.call()
    await house.sleep(10)
    for name in ("101", "102", "103"):  # three of four agents leave: the estimate is four times as long now
        house.queues.agent(name).clear_next()
        house.queues.set_agent(name, "offline")
        house.phones[name].hang_up()
    await house.sleep(1)
    house.queues.queues["sales"].estimator.aht_s = 3600
    assert (house.queues.queues["sales"].waiting[caller.call.id]._estimate() or 0) > 1000
    await house.sleep(100)
    waits = [event.data["wait_s"] for event in house.journey(Kind.QUEUE_ANNOUNCED, caller)]
    assert len(waits) >= 3
    assert waits == sorted(waits, reverse=True)
    await house.close()


async def test_nobody_on_duty_no_wait_is_promised() -> None:
    house = House({"101": {}}, signed_in=False, **ANNOUNCED)
    caller = house.call()
    await house.sleep(10)
    assert [text for _, text in spoken(caller.heard)] == ["en:You are number one in the queue."]
    assert house.one(Kind.QUEUE_ANNOUNCED)["wait_s"] is None
    await house.close()


async def test_announcements_speak_the_callers_language() -> None:
    house = House({"101": {"answer_after_s": None}}, **ANNOUNCED)

    async def polish(call) -> None:  # type: ignore[no-untyped-def]
        call.language = "pl"
        await house.queues.join(call, "sales")

    caller = house.harness.call(polish)
    await house.sleep(10)
    assert spoken(caller.heard)[0][1] == "pl:Numer w kolejce: jeden."
    await house.close()


async def test_once_means_once() -> None:
    house = House({"101": {"answer_after_s": None}}, **{**ANNOUNCED, "announce_every_s": 0.0}, ring_timeout_s=600)
    caller = house.call()
    await house.sleep(300)
    assert len(house.journey(Kind.QUEUE_ANNOUNCED, caller)) == 1
    await house.close()

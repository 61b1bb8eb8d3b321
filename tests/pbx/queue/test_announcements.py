"""What waiting callers hear: grammar in three languages, times, and that it never delays anything."""

from __future__ import annotations

import pytest

from pbx.config import Language, Queue
from pbx.config_queue import Comfort
from pbx.queue.phrases import Minutes, position_text, spoken_range, texts_to_preload, wait_text

# The genitive of the minutes after od, do, от and до, word for word; the endings of the rest follow below.
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


def test_the_upper_end_in_polish_and_russian_word_for_word() -> None:
    for number, (polish, russian) in enumerate(zip(POLISH, RUSSIAN, strict=True), 1):
        if number > 1:
            assert wait_text(Minutes(0, number), "pl") == f"Przewidywany czas oczekiwania: do {polish}."
            assert wait_text(Minutes(0, number), "ru") == f"Примерное время ожидания: до {russian}."


def test_both_ends_in_polish_and_russian_word_for_word() -> None:
    for low in range(1, 22):
        begin_pl, begin_ru = POLISH[low - 1].rsplit(" ", 1)[0], RUSSIAN[low - 1].rsplit(" ", 1)[0]
        for high in range(low + 1, 24):
            polish, russian = POLISH[high - 1], RUSSIAN[high - 1]
            text = wait_text(Minutes(low, high), "pl")
            assert text == f"Przewidywany czas oczekiwania: od {begin_pl} do {polish}."
            assert wait_text(Minutes(low, high), "ru") == f"Примерное время ожидания: от {begin_ru} до {russian}."


def test_from_two_to_four_minutes() -> None:
    assert wait_text(Minutes(2, 4), "pl") == "Przewidywany czas oczekiwania: od dwóch do czterech minut."
    assert wait_text(Minutes(2, 4), "ru") == "Примерное время ожидания: от двух до четырёх минут."
    assert wait_text(Minutes(2, 4), "en") == "The expected wait is between two and four minutes."
    assert wait_text(Minutes(1, 2), "pl") == "Przewidywany czas oczekiwania: od jednej do dwóch minut."
    assert wait_text(Minutes(1, 2), "ru") == "Примерное время ожидания: от одной до двух минут."
    assert wait_text(Minutes(0, 3), "en") == "The expected wait is up to three minutes."


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
            text = wait_text(Minutes(10, number), language)  # type: ignore[arg-type]
            assert text.endswith(f" {expected}."), (number, language)


@pytest.mark.parametrize(
    ("low", "high", "polish", "russian", "english"),
    [
        (
            45,
            60,
            "od czterdziestu pięciu minut do jednej godziny",
            "от сорока пяти минут до одного часа",
            "between forty-five minutes and one hour",
        ),
        (
            50,
            75,
            "od pięćdziesięciu minut do jednej godziny piętnastu minut",
            "от пятидесяти минут до одного часа пятнадцати минут",
            "between fifty minutes and one hour fifteen minutes",
        ),
        (
            60,
            120,
            "od jednej godziny do dwóch godzin",
            "от одного часа до двух часов",
            "between one hour and two hours",
        ),
    ],
)
def test_hours(low: int, high: int, polish: str, russian: str, english: str) -> None:
    assert wait_text(Minutes(low, high), "pl").endswith(f": {polish}.")
    assert wait_text(Minutes(low, high), "ru").endswith(f": {russian}.")
    assert wait_text(Minutes(low, high), "en").endswith(f" {english}.")


def test_less_than_a_minute() -> None:
    assert wait_text(Minutes(0, 1), "pl") == "Przewidywany czas oczekiwania: poniżej minuty."
    assert wait_text(Minutes(0, 1), "ru") == "Примерное время ожидания: меньше минуты."
    assert wait_text(Minutes(0, 1), "en") == "The expected wait is less than a minute."


@pytest.mark.parametrize("language", ["pl", "ru", "en"])
def test_no_digit_is_left_to_the_voice(language: Language) -> None:
    said = [wait_text(Minutes(low, high), language) for high in range(2, 121) for low in range(high)]
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


@pytest.mark.parametrize(
    ("low_s", "high_s", "low", "high"),
    [
        (0, 0, 0, 1),
        (10, 60, 0, 1),
        (10, 60.1, 0, 2),
        (60, 119, 1, 2),
        (119, 121, 1, 3),
        (119, 600, 1, 10),
        (599, 601, 9, 15),
        (620, 1_000, 10, 20),
        (3_000, 3_700, 50, 75),
        (3_700, 7_000, 60, 120),
    ],
)
def test_a_range_is_never_narrower_than_what_is_known(low_s: float, high_s: float, low: int, high: int) -> None:
    assert spoken_range(low_s, high_s) == Minutes(low, high)


def test_a_range_never_falls_while_the_wait_grows() -> None:
    said = [spoken_range(seconds, seconds * 1.5) for seconds in range(10_000)]
    assert [minutes.low for minutes in said] == sorted(minutes.low for minutes in said)
    assert [minutes.high for minutes in said] == sorted(minutes.high for minutes in said)
    for seconds, minutes in enumerate(said):
        assert minutes.low * 60 <= seconds
        assert minutes.high * 60 >= seconds * 1.5


def test_what_is_said_most_is_rendered_before_the_first_call() -> None:
    comfort = [Comfort(text={"pl": "Prosimy czekać."}), Comfort(sound="thanks")]
    texts = texts_to_preload(Queue(name="q", comfort=comfort), "pl")
    assert position_text(3, "pl") in texts
    assert wait_text(Minutes(2, 4), "pl") in texts
    assert "Prosimy czekać." in texts
    assert texts_to_preload(Queue(name="q", announce_position=False, announce_wait=False), "pl") == []

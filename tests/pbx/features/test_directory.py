"""The directory by name: how names are spelled on keys, and the way from a few letters to a phone."""

import pytest

from pbx.events import Kind
from pbx.features.spelling import latin, spellings
from tests.pbx.features.world import Company


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Łukasz Żółć", "lukasz zolc"),
        ("Юлия Хрущёва", "iuliia khrushcheva"),
        ("Émile O'Neill", "emile o neill"),
        ("Anna-Maria", "anna maria"),
        ("Jürgen Groß", "jurgen gross"),
        ("101", ""),
    ],
)
def test_latin(name: str, written: str) -> None:
    assert latin(name) == written


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Anna Nowak", "2662"),  # anna
        ("Anna Nowak", "66925"),  # nowak
        ("Łukasz Żółć", "9652"),  # zolc
        ("Юлия Иванова", "985494"),  # yuliya
        ("Юлия Иванова", "9449"),  # юлия by the Russian layout
        ("Иван Хохлов", "4645"),  # hohl
        ("Иван Хохлов", "5465"),  # khok
    ],
)
def test_spellings(name: str, keys: str) -> None:
    forms = spellings(name)
    assert any(form.startswith(keys[:4]) for form in forms), sorted(forms)


PEOPLE = [
    {"number": "101", "name": "Anna Nowak"},
    {"number": "102", "name": "Anna Mazur"},
    {"number": "103", "name": "Jan Kot"},
    {"number": "104", "name": "Secret", "directory": False},
]


async def test_one_fits() -> None:
    company = Company(extension=PEOPLE)
    phone = company.phone("103", talk_s=1)
    caller = company.call("directory")
    await company.sleep(1)
    caller.press("526#")
    await caller.over()
    assert phone.sessions
    assert company.journey(caller.call, Kind.DIRECTORY_FOUND)[0].data == {"extension": "103", "spelled": "526"}
    await company.close()


async def test_a_choice_is_spoken() -> None:
    company = Company(extension=PEOPLE)
    phone = company.phone("101", talk_s=1)
    caller = company.call("directory")
    await company.sleep(1)
    caller.press("266#")
    await company.sleep(6)
    assert [text for _, text in caller.heard][1:] == ["en:For Anna Mazur, press 1.", "en:For Anna Nowak, press 2."]
    caller.press("2")
    await caller.over()
    assert phone.sessions
    await company.close()


async def test_nobody_is_found_and_who_is_hidden_is_not() -> None:
    company = Company(extension=PEOPLE)
    caller = company.call("directory")
    await company.sleep(1)
    caller.press("732738#")
    await company.sleep(8)
    assert caller.heard[1][1] == "en:There is nobody of that name."
    caller.press("9#")  # too few letters
    await caller.over()
    assert caller.heard[-1][1] == "en:Goodbye."
    await company.close()


async def test_too_many_fit() -> None:
    people = [{"number": str(n), "name": f"Anna {chr(ord('A') + n - 200)}"} for n in range(200, 212)]
    company = Company(extension=people)
    caller = company.call("directory")
    await company.sleep(1)
    caller.press("2662#")
    await company.sleep(1)
    assert caller.heard[1][1] == "en:Too many names fit. Please spell more letters."
    await company.close()


async def test_who_does_not_answer() -> None:
    company = Company(extension=PEOPLE)
    company.phone("103", answer_after_s=None)
    caller = company.call("directory")
    await company.sleep(1)
    caller.press("526#")
    await caller.over()
    assert company.journey(caller.call, Kind.CALL_ENDED)[0].data["cause"] == "no_answer"
    await company.close()

"""Templates: what is read, what is filled, and what every mistake is answered with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.language.samples import samples
from pbx.language.template import Template, TemplateError


def test_fixed_text_has_no_names() -> None:
    template = Template.parse("Naciśnij jeden. {{to nie jest zmienna}}")
    assert template.fixed
    assert template.render({}, "pl") == "Naciśnij jeden. {to nie jest zmienna}"


def test_names_in_order_of_appearance() -> None:
    template = Template.parse("{queue.sales.waiting|count:person} {call.did} {queue.sales.waiting}")
    assert template.names == ("queue.sales.waiting", "call.did")


def test_counted_in_the_language_of_the_call() -> None:
    template = Template.parse("{wait|count:minute}")
    assert template.render({"wait": 21}, "pl") == "dwadzieścia jeden minut"
    assert template.render({"wait": 21}, "ru") == "двадцать одна минута"
    assert template.render({"wait": 21}, "en") == "twenty-one minutes"


def test_case_after_a_preposition() -> None:
    assert Template.parse("через {n|count:minute,accusative}").render({"n": 2}, "ru") == "через две минуты"
    assert Template.parse("za {n|count:minute,accusative}").render({"n": 1}, "pl") == "za jedną minutę"


def test_written_has_digits_and_no_marks() -> None:
    template = Template.parse("Oddzwonimy<break 300ms> za <em>{n|count:minute,accusative}</em>.")
    assert template.render({"n": 5}, "pl", written=True) == "Oddzwonimy za 5 minut ."


def test_default_stands_for_a_value_that_is_missing() -> None:
    template = Template.parse("Witaj, {name|default:szanowny kliencie}!")
    assert template.render({}, "pl") == "Witaj, szanowny kliencie!"
    assert template.render({"name": "Anno"}, "pl") == "Witaj, Anno!"


def test_a_value_smuggles_in_no_marks() -> None:
    assert Template.parse("{name}").render({"name": "A<break 10s>\r\nB"}, "en") == "A break 10s B"


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("a {b", 2, "not closed"),
        ("a } b", 2, "closes nothing"),
        ("{}", 0, "not the name"),
        ("{a b}", 0, "not the name"),
        ("{a|nothing}", 0, "no filter 'nothing'"),
        ("{a|count}", 0, "what is counted"),
        ("{a|count:minute,blue}", 0, "'blue'"),
        ("{a|number|digits}", 0, "two filters"),
        ("x <brake 3s>", 2, "no mark"),
        ("x <break 30s>", 2, "too long"),
        ("<em>x", 0, "not closed"),
        ("x</em>", 1, "without <em>"),
        ("<em>a <em>b</em></em>", 6, "inside"),
        ("{a}" * 101, 300, "101 variables"),
        ("x" * 4001, 4000, "4001 characters"),
    ],
)
def test_mistakes_name_place_and_remedy(text: str, position: int, said: str) -> None:
    with pytest.raises(TemplateError, match=said) as caught:
        Template.parse(text)
    assert caught.value.position == position
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "no value"), ("", "no value"), ("x", "not a number"), ([], "not a number"), (1e9, "too large")],
)
def test_values_that_do_not_fit(value: object, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        Template.parse("{n|count:minute}").render({"n": value}, "pl")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_remedy(text: str) -> None:
    problem: TemplateError | None = None
    try:
        template = Template.parse(text)
    except TemplateError as error:
        problem = error
    else:
        assert isinstance(template.render(dict.fromkeys(template.names, 1), "ru"), str)
    if problem is not None:
        assert problem.remedy
        assert 0 <= problem.position <= len(text)


def test_samples_show_every_form() -> None:
    texts = [text for _, text in samples(Template.parse("{n|count:minute}, {name|default:nikt}"), "pl")]
    assert texts == [
        "jedna minuta, name",
        "dwie minuty, name",
        "pięć minut, name",
        "dwadzieścia jeden minut, name",
        "dwadzieścia dwie minuty, name",
        "jedna minuta, nikt",
    ]
    assert [text for _, text in samples(Template.parse("Dzień dobry"), "pl")] == ["Dzień dobry"]

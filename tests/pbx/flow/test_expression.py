"""The language of conditions: what it says, what it refuses, and that nothing else can come of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pbx.flow.errors import ExpressionError
from pbx.flow.expression import STEPS, Expression
from pbx.flow.functions import FUNCTIONS
from pbx.flow.tokens import MAX_CHARS, WORDS
from pbx.flow.values import MAX_NUMBER, MAX_TEXT

KNOWN: dict[str, Any] = {
    "call.region": "Mazowieckie",
    "call.caller": "+48600100200",
    "queue.sales-pl.waiting": 3,
    "http.body": {"stock": [5, 0], "name": "Ada"},
    "menu.key": "1",
    "ivr.yes": True,
    "ivr.long": "a" * MAX_TEXT,
    "ivr.huge": 10**4000,
    "ivr.none": float("nan"),
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("-2 * -3", 6),
        ("7 % 4 / 2", 1.5),
        ("2 < 3 and not 3 < 2", True),
        ("not 1 == 2", True),
        ("true or nothing < 3", True),
        ("false and nothing < 3", False),
        ("1 and 2", True),
        ("0 or ''", False),
        ("1 == true", False),
        ("1 == 1.0", True),
        ("null == missing.name", True),
        ('call.region == "Mazowieckie"', True),
        ("'b' in ['a', 'b']", True),
        ("'b' not in ['a', 'b']", False),
        ("'zow' in call.region", True),
        ("'stock' in http.body", True),
        ("'x' in missing", False),
        ("true in [1]", False),
        ("call.caller matches '+4860*'", True),
        ("call.caller matches '+48###'", False),
        ("call.caller not matches '+48#########'", False),
        ("call.region matches 'mazo?ieck*'", True),
        ("'' matches '*'", True),
        ("`queue.sales-pl.waiting` >= 3", True),
        ('http.body["stock"][0]', 5),
        ('http.body["stock"][-1]', 0),
        ('http.body["stock"][7]', None),
        ('http.body["none"]["deeper"]', None),
        ('lower("ŁÓDŹ") + upper("x")', "łódźX"),
        ("len(call.caller)", 12),
        ("len(missing)", 0),
        ("starts(call.caller, '+49', '+48')", True),
        ("ends(call.caller, '200')", True),
        ("contains(call.region, 'ZOW')", True),
        ("number(menu.key) + 1", 2),
        ("number('2,5')", 2.5),
        ("number('many')", None),
        ("text(2.0)", "2"),
        ("digits('+48 (600)')", "48600"),
        ("date('2026-12-24') - date('2026-12-01')", 23),
        ("minutes('17:30')", 1050),
        ("replace('a-b', '-', '')", "ab"),
        ("slice(call.caller, 0, 3)", "+48"),
        ("slice(call.caller, -3)", "200"),
        ("split('a, b', ',')[1]", "b"),
        ("round(2.5)", 3),
        ("round(2.345, 2)", 2.35),
        ("floor(2.9) + ceil(2.1) + abs(-1)", 6),
        ("min(3, 1, 2) + max(3, 1)", 4),
        ("first(missing, '', 'x')", "x"),
        ("if(ivr.yes, 'a', 'b')", "a"),
        (r'"a\"b\\" + ' + r"'\''", "a\"b\\'"),
    ],
)
def test_what_an_expression_comes_to(source: str, value: Any) -> None:
    assert Expression.parse(source).value(KNOWN) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "a value is missing (character 1); write a name, a number, or a text in quotes"),
        ("1 +", "a value is missing (character 4); write a name, a number, or a text in quotes"),
        ("a = 1", "'=' is not understood (character 3); write =="),
        ("a && b", "'&' is not understood (character 3); write and"),
        ("Call.region", "'C' is not understood (character 1); names, words and functions are written in lower case"),
        ("a b", "'b' is not expected here (character 3); join both with an operator"),
        ("'open", "a text that is not closed (character 1); close it with '"),
        (r"'\d'", "a \\ that escapes nothing (character 2)"),
        ("(1", "'(' is not closed (character 1); close it with ')'"),
        ("http[1", "'[' is not closed (character 5); close it with ']'"),
        ("1 < 2 < 3", "a comparison of a comparison (character 7); compare two at a time and join with and"),
        ("lne('x')", "there is no function 'lne' (character 1); did you mean len()?"),
        ("len()", "len() cannot take 0 values (character 1); len(text or list)"),
        ("9" * 16, "the number has more than 15 digits (character 1)"),
        ("x" * (MAX_CHARS + 1), "the expression has 1001 characters, more than 1000"),
        ("(" * 50 + "1" + ")" * 50, "nested deeper than 40"),
        ("1" + "+1" * 60, "more than 40 operations in one another"),
        ("__import__('os')", "there is no function '__import__'"),
    ],
)
def test_what_cannot_be_read_is_explained(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(source)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("'a' < 1", "a text cannot be compared with a number (character 5)"),
        ("missing < 1", "null cannot be compared with a number"),
        ("'a' - 1", "a text where a number is needed (character 5); turn it into one with number(...)"),
        ("'a' + 1", "a text where a number is needed"),
        ("true + 1", "true or false where a number is needed"),
        ("1 / 0", "a division by zero (character 3)"),
        ("5 % 0.0", "a division by zero"),
        ("lower(5)", "a number where a text is needed"),
        ("1 in 5", "nothing is in a number"),
        ("http.body[0]", "a number chooses nothing from a table"),
        ("ivr.huge / 3", "a number beyond 10^15"),
        ("floor(ivr.none)", "a number beyond 10^15"),
        ("len(5)", "a number has no length"),
        ("text(http.body)", "a table is no text"),
        ("date('soon')", "'soon' is no date"),
        ("minutes('25:00')", "'25:00' is no time of day"),
        ("999999999999999 * 99", "a number beyond 10^15 comes out"),
        ("ivr.long + 'b'", "a text of more than 4096 characters comes out"),
        ("replace(ivr.long, 'a', 'bb')", "the text becomes too long"),
        ("split('a', '')", "a text split at nothing"),
        ("ivr.long matches '*aaaaaaaaaaaaaaaab*'", "the evaluation takes too long"),
    ],
)
def test_what_has_no_value_is_explained(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(source).value(KNOWN)
    assert str(caught.value).startswith(message)


def test_the_names_that_are_read_are_known() -> None:
    read = Expression.parse("ivr.a > 1 and (`queue.x-y.waiting` == ivr.a or len(b) > 0)")
    assert read.names == {"ivr.a": 0, "queue.x-y.waiting": 15, "b": 51}


PIECES = [
    *WORDS,
    *FUNCTIONS,
    *KNOWN,
    *("(", ")", "[", "]", ",", "+", "-", "*", "/", "%", "<", "<=", "==", "!=", "'a'", '"+48*"', "'", "`", "\\"),
    *("0", "1", "2.5", "999999999999999", "ivr.long"),
]


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join)))
@example("-" * 999)
@example("not " * 240)
@example("[" * 500)
@example("if(" * 300)
@example("ivr.long matches '" + "*a" * 400 + "b'")
def test_no_text_does_more_than_be_refused(source: str) -> None:
    """Reading and evaluating raise nothing but ExpressionError, and what comes out has a bounded size."""
    refused: ExpressionError | None = None
    try:
        assert_bounded(Expression.parse(source).value(KNOWN))
    except ExpressionError as error:
        refused = error
    assert refused is None or 0 <= refused.position <= len(source)


def assert_bounded(value: Any) -> None:
    if isinstance(value, str):
        assert len(value) <= MAX_TEXT
    elif isinstance(value, (int, float)):
        assert abs(value) <= MAX_NUMBER
    elif isinstance(value, list):
        for member in value:
            assert_bounded(member)


def test_the_steps_of_an_evaluation_are_counted() -> None:
    class Counting(dict[str, Any]):
        reads = 0

        def get(self, name: str, default: Any = None) -> Any:
            self.reads += 1
            return super().get(name, default)

    known = Counting({"a": "x"})
    Expression.parse(" or ".join(["a == 'y'"] * 70)).value(known)
    assert known.reads == 70 < STEPS

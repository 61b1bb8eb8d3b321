"""Number patterns: what they match, which of several wins, and what is no pattern."""

import pytest

from pbx.call.patterns import Pattern, PatternError, PatternTable


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("_2XX", ["200", "299"], ["20", "2000", "300", "2a0"]),
        ("_0ZXX", ["0100", "0999"], ["0000", "010"]),
        ("_N", ["2", "9"], ["0", "1", "22"]),
        ("_[13-5]0", ["10", "30", "50"], ["20", "60"]),
        ("_00.", ["001", "0044123"], ["00", "0"]),
        ("_*7X", ["*70"], ["*7", "770"]),
        ("_+48.", ["+4822"], ["4822", "+48"]),
        ("0", ["0", "0123"], ["10"]),
    ],
)
def test_match(pattern: str, matching: list[str], other: list[str]) -> None:
    parsed = Pattern.of(pattern)
    assert [number for number in matching + other if parsed.matches(number)] == matching


@pytest.mark.parametrize("text", ["_", "_2.X", "_[12", "_[]", "_[9-1]", "_[a]", "_2Y", "_[1-]*-2]"])
def test_what_is_no_pattern_says_why(text: str) -> None:
    with pytest.raises(PatternError, match=r".+"):
        Pattern.parse(text)


def test_the_most_specific_pattern_wins() -> None:
    patterns = ["0", "_0.", "_0Z.", "_0ZXX", "_022X", "_02[12]X", "_X."]
    table = PatternTable([(text, text) for text in patterns])
    assert table.find("0221") == "_022X"
    assert table.find("0211") == "_02[12]X"
    assert table.find("0299") == "_0ZXX"
    assert table.find("02991") == "_0Z."
    assert table.find("00") in ("0", "_0.")
    assert table.find("77") == "_X."
    assert table.find("7") is None
    assert next(pattern.text for pattern, _ in table.matching("0221")) == "_022X"


def test_a_pattern_that_is_not_wanted_is_passed_over() -> None:
    table = PatternTable([("_1X", 1), ("_XX", 2)])
    assert table.find("12", lambda value: value != 1) == 2

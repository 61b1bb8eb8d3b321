"""Settings as documents over the file: whatever was written comes back, in whatever order it was written."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pbx.config import Config
from pbx.configfile.piecewise import MANY, config_of
from pbx.configfile.problem import ConfigError
from pbx.settings.diff import diff, indexed
from pbx.settings.documents import document_of, entry_of, masked, unmasked
from pbx.settings.overlay import effective, overlaid
from pbx.settings.sections import AREAS, LISTS, TABLES, TECHNICAL, all_entries
from pbx.settings.yaml_text import dump, export, parse, wanted_of

NAMES = st.text("abcdefghij", min_size=1, max_size=3)
NUMBERS = st.text("0123456789", min_size=2, max_size=4)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
LISTED = st.lists(NAMES, max_size=3, unique=True)
QUEUE = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "agents": LISTED,
        "strategy": st.sampled_from(["ring-all", "linear", "skills"]),
        "ring_timeout_s": st.floats(0.5, 600),
        "skills": st.dictionaries(NAMES, st.integers(1, 9), max_size=2),
        "keys": st.dictionaries(st.sampled_from("123"), TEXT, max_size=2),
        "comfort": st.lists(st.fixed_dictionaries({"text": st.dictionaries(st.just("pl"), TEXT)}), max_size=2),
        "callback": st.fixed_dictionaries({}, optional={"mode": st.just("customer_first"), "company": TEXT}),
        "incall_codes": st.none() | st.booleans(),
    },
)
EXTENSION = st.fixed_dictionaries(
    {"number": NUMBERS, "secret": TEXT.map("hush-hush-".__add__)},
    optional={"name": TEXT, "outbound": st.booleans(), "speed_dials": st.dictionaries(NUMBERS, NUMBERS, max_size=2)},
)
ROUTE = st.fixed_dictionaries({"match": NUMBERS}, optional={"hours": NAMES, "trunk": NAMES, "strip": st.integers(0, 3)})


def unique(entries: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    return list({tuple(entry.get(key, "") for key in keys): entry for entry in entries}.values())


@st.composite
def configurations(draw: st.DrawFn) -> Config:
    return Config.model_validate(
        {
            "queue": unique(draw(st.lists(QUEUE, max_size=4)), "name"),
            "extension": unique(draw(st.lists(EXTENSION, max_size=4)), "number"),
            "route": unique(draw(st.lists(ROUTE, max_size=3)), "match", "hours"),
            "speed_dials": draw(st.dictionaries(NUMBERS, NUMBERS, max_size=2)),
            "callback": draw(st.fixed_dictionaries({}, optional={"ring_s": st.floats(1, 100)})),
            "sms": {"template": [{"name": "a", "text": {"pl": draw(TEXT)}}], "max_parts": draw(st.integers(1, 9))},
        }
    )


def between(base: Config, wanted: Config) -> dict[Any, Any]:
    """What makes `wanted` of `base`."""
    before, after = all_entries(base), all_entries(wanted)
    return {place: after.get(place) for place in (*before, *after) if before.get(place) != after.get(place)}


def by_key(config: Config) -> dict[Any, Any]:
    return all_entries(config)


@given(configurations(), configurations(), st.randoms())
def test_an_overlay_holds_in_whatever_order_it_was_made(base: Config, wanted: Config, chance: random.Random) -> None:
    changes = list(between(base, wanted).items())
    chance.shuffle(changes)
    overlay: dict[Any, Any] = {}
    for place, entry in changes:
        overlay = overlaid(base, overlay, {place: entry})
    found = effective(base, overlay)
    assert by_key(found) == by_key(wanted)
    assert effective(base, overlaid(base, {}, dict(changes))) == found
    assert Config.model_validate(found.model_dump()) == found
    assert overlaid(base, overlay, {place: by_key(base).get(place) for place, _ in changes}) == {}


@given(configurations(), configurations())
def test_differences(one: Config, other: Config) -> None:
    assert diff(indexed(one), indexed(one.model_copy(deep=True))) == []
    there, back = diff(indexed(one), indexed(other)), diff(indexed(other), indexed(one))
    assert {(change.section, change.key) for change in there} == set(between(one, other))
    assert {(change.section, change.key) for change in back} == set(between(one, other))
    flipped = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(change.section, change.key, flipped[change.what]) for change in there} == {
        (change.section, change.key, change.what) for change in back
    }
    for change in there:
        assert change.fields
        for field in change.fields:
            if field.field == "secret":
                assert {field.before, field.after} <= {None, "***"}


@given(configurations(), st.booleans(), st.booleans())
def test_an_import_of_an_export_changes_nothing(config: Config, secrets: bool, merge: bool) -> None:
    text = dump(export(config, secrets=secrets))
    if not secrets:
        assert "hush-hush" not in text
    wanted = wanted_of(parse(text), config, merge=merge)
    assert effective(config, overlaid(config, {}, wanted)) == config


@given(configurations(), configurations())
def test_an_export_makes_another_house_the_same(one: Config, other: Config) -> None:
    """With its empty sections and its secrets."""
    text = dump(export(one, AREAS, secrets=True))
    assert by_key(effective(other, overlaid(other, {}, wanted_of(parse(text), other)))) == by_key(one)


@given(EXTENSION, EXTENSION)
def test_masks(one: dict[str, Any], other: dict[str, Any]) -> None:
    area = AREAS["extension"]
    document = document_of(area, entry_of(area, one))
    hidden = masked(area, document)
    assert hidden["secret"] == "***"
    assert unmasked(area, ("extension", one["number"]), hidden, document) == document
    with pytest.raises(ConfigError, match="not there yet"):
        unmasked(area, ("extension", one["number"]), hidden, None)
    assert unmasked(area, ("extension", "1"), other | {"secret": "new"}, document)["secret"] == "new"


def test_every_section_is_decided() -> None:
    """A new section is business, and follows changes, or is technical, for a reason."""
    decided = {name.partition(".")[0] for name in (*LISTS, *TABLES)} | set(TECHNICAL)
    assert decided == set(Config.model_fields)
    assert not set(LISTS) & set(TECHNICAL)
    assert not set(TABLES) & set(TECHNICAL)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("queue: [", "is not YAML"),
        ("- a", "is no table of sections"),
        ("queue:\n  name: a", "is a list of entries"),
        ("queue:\n- name: a\n- name: a", "comes twice"),
        ("queue:\n- name: a\n  name: b", "'name' comes twice"),
        ("? [a, b]\n: c", "is no name"),
        ("queue: " + "[" * 100_000, "nested more than"),  # the parser would run out of its stack, and the process end
        ("queue:\n- name: " + "1:" * 100_000 + "1", "put quotes around it"),  # a number of base 60: seconds
        ("queue: &a\n- name: x\nteam: *a", "alias"),
        ("extension:\n- number: 101\n  secret: x", 'put it in quotes: "..."'),
        ("queue:\n- name: a\n  ring_timeout_s: -1", "queue.a.ring_timeout_s"),
        ("queue:\n- nmae: a", "is not a known key"),
        ("media: {port_min: 1}", "cannot be changed while the PBX runs"),
        ("quene: []", "is no section"),
        ("sms: {template: []}", "is a section of its own"),
        ("extension:\n- {number: '9', secret: '***'}", "not there yet"),
    ],
)
def test_what_cannot_be_imported_says_where_and_why(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        wanted_of(parse(text), Config())
    assert words in str(refused.value)


def test_a_long_list_is_read_one_by_one_with_the_same_faults() -> None:
    entries: list[dict[str, Any]] = [{"number": str(2000 + at), "secret": "s" * 12} for at in range(MANY + 1)]
    assert config_of({"extension": entries}) == Config.model_validate({"extension": entries})
    entries[7] = {"number": "2007", "secret": "s" * 12, "max_calls": "many"}
    faults = []
    for read in (config_of, Config.model_validate):
        with pytest.raises(ValidationError) as raised:
            read({"extension": entries})
        faults.append([(error["loc"], error["msg"]) for error in raised.value.errors()])
    assert faults[0] == faults[1]
    assert faults[0][0][0] == ("extension", 7, "max_calls")

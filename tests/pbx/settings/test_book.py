"""What holds: the file with the database over it. What does not fit is set aside, and the PBX starts in any case."""

from __future__ import annotations

import json

import pytest

from pbx.app.checks import all_problems
from pbx.config import Config, Extension
from pbx.configfile.problem import ConfigError
from pbx.settings.book import Book, Draft
from pbx.settings.history import Stored
from pbx.settings.secrets import Seal, SealError
from pbx.sip.digest import Credentials
from pbx.sip.hashed_secret import hashed_secret, hashes_in

KEY = bytes(32)
BASE = Config.model_validate(
    {
        "sip": {"domain": "pbx.test"},
        "extension": [{"number": "101", "secret": "anna-secret"}, {"number": "102", "secret": "bert-secret"}],
        "queue": [{"name": "sales", "agents": ["101"]}, {"name": "spare", "agents": ["102"]}],
        "number": [{"number": "600", "application": "queue:sales"}],
    }
)


def book(base: Config = BASE, rows: dict[tuple[str, str], str] | None = None) -> Book:
    found = Book(base, Seal(KEY), all_problems)
    found.open(Stored(len(rows or ()), rows or {}))
    return found


def take(found: Book, draft: Draft) -> dict[tuple[str, str], str | None]:
    found.take(draft, found.revision + 1)
    return draft.rows


def test_changes_come_back_from_the_database() -> None:
    found = book()
    rows: dict[tuple[str, str], str | None] = {}
    new = found.entry("extension", "103", {"secret": "carla-secret", "name": "Carla"})
    rows |= take(found, found.change({("extension", "103"): new}))
    rows |= take(found, found.change({("queue", "spare"): None}))
    voicemail = found.entry("voicemail", "103", {"extension": "103", "pin": "4711"})
    rows |= take(found, found.change({("voicemail", "103"): voicemail}))
    kept = {place: row for place, row in rows.items() if row is not None}
    assert kept["queue", "spare"] == ""
    assert "carla-secret" not in json.dumps(list(kept.values()))
    assert "4711" not in json.dumps(list(kept.values()))
    again = book(rows=kept)
    assert again.config == found.config
    assert [queue.name for queue in again.config.queue] == ["sales"]
    assert again.config.voicemail[0].pin == "4711"
    assert again.origin("extension", "103") == "database"
    assert again.origin("extension", "101") == "file"
    back = again.restore(dict.fromkeys(kept))
    assert back.config == BASE
    assert len(back.changes) == 3


def test_a_password_is_kept_as_what_digest_needs() -> None:
    found = book()
    take(found, found.change({("extension", "101"): Extension(number="101", secret="anna-secret", name="Anna")}))
    (anna,) = [entry for entry in found.config.extension if entry.number == "101"]
    hashes = hashes_in(anna.secret)
    assert hashes is not None
    expected = Credentials.from_password("101", "pbx.test", "anna-secret")
    assert (hashes.md5, hashes.sha256) == (expected.ha1_md5, expected.ha1_sha256)
    assert Credentials.from_password("101", "pbx.test", anna.secret) == expected
    assert Credentials.from_password("101", "other.test", anna.secret) != expected
    (change,) = found.change({("extension", "101"): BASE.extension[0]}).changes
    assert [field.field for field in change.fields] == ["name"]  # the password is the same one
    wrong = BASE.model_copy(update={"sip": BASE.sip.model_copy(update={"domain": "moved.test"})})
    assert "was hashed for the realm 'pbx.test'" in str(
        book(
            wrong,
            {("extension", "101"): json.dumps({"number": "101", "secret": hashed_secret("101", "pbx.test", "x")})},
        ).aside
    )


def test_mistakes_are_refused_with_section_key_and_remedy() -> None:
    found = book()
    with pytest.raises(ConfigError, match=r"number\.600\.application: 'sales' is no queue"):
        found.change({("queue", "sales"): None})
    with pytest.raises(ConfigError, match=r"queue\.new\.strategy: 'loud' is not accepted"):
        found.entry("queue", "new", {"strategy": "loud"})
    with pytest.raises(ConfigError, match=r"queue\.new\.agents.*'999' is no extension"):
        found.change({("queue", "new"): found.entry("queue", "new", {"agents": ["999"]})})
    with pytest.raises(ConfigError, match="cannot be changed while the PBX runs"):
        found.entry("media", "", {})
    assert found.config is BASE


@pytest.mark.parametrize(
    ("rows", "aside"),
    [
        ({("queue", "sales"): ""}, {("queue", "sales")}),  # the file's number leads there
        ({("queue", "late"): '{"name": "late", "agents": ["999"]}'}, {("queue", "late")}),
        ({("queue", "late"): '{"name": "late", "colour": "red"}'}, {("queue", "late")}),  # of another version
        ({("gone", "x"): "{}"}, {("gone", "x")}),
        ({("media", ""): "{}"}, {("media", "")}),
        ({("room", "a"): '{"name": "a", "pin": "{SEALED}AAAA"}'}, {("room", "a")}),
    ],
)
def test_what_does_not_fit_is_set_aside_and_the_rest_holds(
    rows: dict[tuple[str, str], str], aside: set[tuple[str, str]]
) -> None:
    good = {("team", "office"): '{"name": "office", "members": ["101"]}'}
    found = book(rows={**rows, **good})
    assert set(found.aside) == aside
    assert [team.name for team in found.config.team] == ["office"]
    assert not all_problems(found.config)
    (place,) = aside
    draft = found.restore({place: None})
    found.take(draft)
    assert not found.aside


def test_the_file_may_change_beneath() -> None:
    found = book(rows={("queue", "spare"): "", ("team", "office"): '{"name": "office", "members": ["101"]}'})
    data = BASE.model_dump()
    data["media"]["port_min"] = 30_000
    data["queue"] = [data["queue"][0]]
    data["extension"].append({"number": "104", "secret": "dora-secret"})
    draft = found.rebase(Config.model_validate(data))
    assert draft.restart == ["media"]
    assert draft.config.media == BASE.media
    assert [(change.what, change.section, change.key) for change in draft.changes] == [("added", "extension", "104")]
    found.take(draft)
    assert found.overlay.keys() == {("team", "office")}  # there is nothing left to delete
    data["extension"] = data["extension"][1:]
    with pytest.raises(ConfigError, match=r"'101' is no"):
        found.rebase(Config.model_validate(data))


def test_seals() -> None:
    seal = Seal(KEY)
    text = seal.seal("hush")
    assert text != seal.seal("hush")
    assert seal.open(text) == "hush"
    assert seal.open("plain") == "plain"
    with pytest.raises(SealError):
        Seal(b"x" * 32).open(text)
    assert seal.tag({"a": 1}) == seal.tag({"a": 1}) != seal.tag({"a": 2})

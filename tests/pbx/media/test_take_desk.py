"""Recordings that stand for prompts: taken in, replaced, removed, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pbx.config_speech import Speech
from pbx.media import take_desk
from pbx.media.engine import MediaEngine
from pbx.media.prompts import Prompts
from pbx.media.speech import SpeechError
from pbx.media.take_desk import TakeDesk
from pbx.media.takes import Takes
from tests.pbx.media.fake_worker import FakeWorker


class Shelf:
    """A TakeStore that may be broken."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.broken = False

    async def load(self) -> Iterable[Mapping[str, Any]]:
        return list(self.rows.values())

    async def save(self, row: Mapping[str, Any]) -> None:
        if self.broken:
            raise RuntimeError("the disk is full")
        self.rows[row["language"], row["text"]] = row

    async def remove(self, language: str, text: str) -> None:
        del self.rows[language, text]


async def make(media: MediaEngine, tmp_path: Path) -> tuple[Prompts, TakeDesk, Shelf]:
    prompts = Prompts(
        media, Speech(), cache_dir=tmp_path / "speech", takes_dir=tmp_path / "prompts", worker=FakeWorker()
    )  # type: ignore[arg-type]
    await prompts.start()
    shelf = Shelf()
    await prompts.takes.attach(shelf)
    return prompts, TakeDesk(prompts, lambda: 1_790_000_000.0), shelf


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "prompts").iterdir())


async def test_a_recording_is_heard_and_survives(media: MediaEngine, tmp_path: Path) -> None:
    prompts, desk, shelf = await make(media, tmp_path)
    rendered = await prompts.get("Dzień dobry.", "pl")
    take = await desk.override(b"sound", "Dzień  <em>dobry.</em>", "pl", source="studio.mp3", author="anna")
    heard = await prompts.get("Dzień dobry.", "pl")
    assert heard is not rendered
    assert heard.key == f"take:{take.sound}"
    assert (take.text, take.source, take.author, take.duration_s) == ("Dzień dobry.", "studio.mp3", "anna", 1.0)
    assert len(files(tmp_path)) == 3
    again = Takes()
    await again.attach(shelf)
    assert again.find("Dzień dobry.", "pl") == take
    assert await prompts.get("Dzień dobry.", "en") is not heard


async def test_replaced_and_removed_files_go(media: MediaEngine, tmp_path: Path) -> None:
    prompts, desk, shelf = await make(media, tmp_path)
    await desk.override(b"one", "Raz", "pl")
    await desk.override(b"one", "Raz, raz", "pl")  # the same sound for two texts
    first = files(tmp_path)
    await desk.override(b"two", "Raz", "pl")
    assert len(files(tmp_path)) == 6
    assert set(first) < set(files(tmp_path))
    await desk.override(b"two", "Raz, raz", "pl")
    assert len(files(tmp_path)) == 3
    assert await desk.remove("Nic", "pl") is None
    await desk.remove("Raz", "pl")
    await desk.remove("Raz, raz", "pl")
    assert files(tmp_path) == []
    assert shelf.rows == {}
    assert (await prompts.get("Raz", "pl")).key.startswith("say:")


async def test_what_is_refused_changes_nothing(
    media: MediaEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts, desk, shelf = await make(media, tmp_path)
    for data, text, language, use, said in (
        (b"x", "Raz", "de", "always", "no language"),
        (b"x", " ", "pl", "always", "give the text"),
        (b"x", "<brake>", "pl", "always", "give the text"),
        (b"x", "Raz", "pl", "sometimes", "no use"),
        (b"", "Raz", "pl", "always", "0 octets"),
    ):
        with pytest.raises(ValueError, match=said):
            await desk.override(data, text, language, use=use)  # type: ignore[arg-type]
    with pytest.raises(SpeechError, match="no sound file"):
        await desk.override(b"bad", "Raz", "pl")
    shelf.broken = True
    with pytest.raises(RuntimeError, match="disk is full"):
        await desk.override(b"x", "Raz", "pl")
    assert prompts.takes.all() == []
    monkeypatch.setattr(take_desk, "MAX_TAKES", 0)
    with pytest.raises(ValueError, match="0 recordings already"):
        await desk.override(b"x", "Raz", "pl")

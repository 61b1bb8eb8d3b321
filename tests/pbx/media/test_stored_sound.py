"""Any part of a recording, sealed or not, is what the whole of it has there; and what HTTP makes of it."""

from __future__ import annotations

import io
import os
import random
import wave
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pbx.api.rest.ranges import sound_answer
from pbx.media.sealing import SEGMENT, Description, Sealer, SealError
from pbx.media.stored_sound import open_below, open_sound

KEY = bytes(range(32))
FRAMES = bytes(random.Random(3).randbytes(3 * SEGMENT + 1234))


def wav(frames: bytes = FRAMES) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(frames)
    return target.getvalue()


def sealed(path: Path, kind: str = "pcm", *, last: bool = True) -> Path:
    with path.open("wb") as file:
        sealer = Sealer(file.write, KEY, Description(kind, 8000, 2))
        sealer.seal(FRAMES[:1000])
        sealer.seal(FRAMES[1000:], last=last)
    return path


def test_parts_of_a_sealed_recording_are_those_of_its_sound(tmp_path: Path) -> None:
    sound = open_sound(sealed(tmp_path / "a.wav.sealed"), KEY)
    whole = wav()
    assert (sound.size, sound.media_type) == (len(whole), "audio/wav")
    chance = random.Random(5)
    for _ in range(200):
        start, count = chance.randrange(sound.size), chance.randrange(1, 2 * SEGMENT)
        assert sound.read(start, count) == whole[start : start + count]
    assert sound.read(0, sound.size) == whole
    sound.close()


def test_a_recording_that_was_cut_ends_with_its_last_whole_segment(tmp_path: Path) -> None:
    path = sealed(tmp_path / "a.ogg.sealed", "ogg", last=False)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 7)
    sound = open_sound(path, KEY)
    assert sound.media_type == "audio/ogg"
    assert sound.size == 1000 + 3 * SEGMENT
    assert sound.read(0, sound.size) == FRAMES[: sound.size]
    sound.close()


@pytest.mark.parametrize("key", [b"", bytes(32)])
def test_another_key_opens_nothing(tmp_path: Path, key: bytes) -> None:
    with pytest.raises(SealError):
        open_sound(sealed(tmp_path / "a.wav.sealed"), key)


def test_what_was_changed_is_not_played(tmp_path: Path) -> None:
    path = sealed(tmp_path / "a.wav.sealed")
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    sound = open_sound(path, KEY)
    with pytest.raises(SealError):
        sound.read(sound.size - 100, 100)
    sound.close()


@pytest.mark.parametrize("name", ["../secret.wav", "/etc/passwd", "link.wav", ""])
def test_nothing_outside_the_folder_is_opened(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (tmp_path / "secret.wav").write_bytes(wav())
    os.symlink(tmp_path / "secret.wav", folder / "link.wav")
    with pytest.raises(FileNotFoundError):
        open_below(str(folder), name, KEY)


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    path = sealed(tmp_path / "a.wav.sealed")

    async def answer(request: Request) -> Response:
        return await sound_answer(request, open_sound(path, KEY), "a.wav")

    app = Starlette(routes=[Route("/a", answer, methods=["GET", "HEAD"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pbx")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-99999", 10, 100_000),
        ("bytes=100-", 100, len(wav())),
        ("bytes=-50", len(wav()) - 50, len(wav())),
        ("bytes=-99999999", 0, len(wav())),
        (f"bytes=5-{10**9}", 5, len(wav())),
    ],
)
async def test_a_range(client: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    answer = await client.get("/a", headers={"range": asked})
    assert answer.status_code == 206
    assert answer.content == wav()[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(wav())}"
    head = await client.head("/a", headers={"range": asked})
    assert (head.status_code, head.content, head.headers["content-length"]) == (206, b"", str(end - start))


@pytest.mark.parametrize("asked", ["bytes=9-3", "bytes=0-1,5-6", "lines=0-1", "bytes=-", "bytes=x-", ""])
async def test_what_is_no_single_range_gets_all_of_it(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get("/a", headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, wav())
    assert (answer.headers["accept-ranges"], answer.headers["content-type"]) == ("bytes", "audio/wav")


@pytest.mark.parametrize("asked", [f"bytes={len(wav())}-", "bytes=-0"])
async def test_behind_the_end(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get("/a", headers={"range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(wav())}"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_conditions(client: httpx.AsyncClient) -> None:
    whole = await client.get("/a")
    tag, date = whole.headers["etag"], whole.headers["last-modified"]
    assert (await client.get("/a", headers={"if-none-match": f'"other", {tag}'})).status_code == 304
    assert (await client.get("/a", headers={"if-none-match": "*"})).status_code == 304
    part = {"range": "bytes=0-9"}
    for held in (tag, date):
        assert (await client.get("/a", headers={**part, "if-range": held})).status_code == 206
    for changed in ('"other"', "Sat, 01 Jan 2000 00:00:00 GMT", "nonsense"):
        assert (await client.get("/a", headers={**part, "if-range": changed})).status_code == 200

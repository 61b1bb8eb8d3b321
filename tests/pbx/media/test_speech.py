"""The speech worker: a real one where espeak-ng is there, and small stand-ins that die, hang or cannot start."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from core.signal import dtmf
from pbx.media import speech
from pbx.media.speech import SpeechError, SpeechUnavailable, SpeechWorker
from tests.pbx.media.conftest import needs_espeak

HELLO = '{"ready": true, "version": "1", "voices": []}'


def stand_in(tmp_path: Path, body: str, hello: str = HELLO) -> list[str]:
    """A worker of a few lines: `answer(id)` says a job is done, `requests` are the jobs, `lives` counts the starts."""
    path = tmp_path / "worker.py"
    path.write_text(
        textwrap.dedent("""
            import json, os, pathlib, sys, time, signal
            starts = pathlib.Path(__file__).with_suffix(".starts")
            lives = int(starts.read_text()) + 1 if starts.exists() else 1
            starts.write_text(str(lives))
            def answer(request, **more):
                print(json.dumps({"id": request["id"], "ok": True, "duration_s": 1.0} | more), flush=True)
            print(HELLO, flush=True)
            for line in sys.stdin:
                request = json.loads(line)
        """).replace("HELLO", repr(hello))
        + textwrap.indent(textwrap.dedent(body), "    ")
    )
    return [sys.executable, str(path)]


@pytest_asyncio.fixture
async def worker() -> Iterator[SpeechWorker]:
    worker = SpeechWorker()
    await worker.start()
    yield worker
    await worker.stop()


def is_there(folder: str) -> bool:
    return os.path.isdir(folder)


def length_s(path: Path) -> float:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return file.getnframes() / 8000


@needs_espeak
@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("pl", "Dzień dobry, dodzwoniłeś się do naszej firmy."),
        ("ru", "Здравствуйте, вы позвонили в нашу компанию."),
        ("en-gb", "Hello, you have reached our company."),
    ],
)
async def test_three_languages(worker: SpeechWorker, tmp_path: Path, voice: str, text: str) -> None:
    out = tmp_path / "out.wav"
    duration_s = await worker.say(text, voice, 150, out)
    assert 1.5 < duration_s < 6.0
    assert length_s(out) == pytest.approx(duration_s, abs=0.001)
    assert out.stat().st_mode & 0o777 == 0o600


@needs_espeak
async def test_a_long_text_is_split_and_joined(worker: SpeechWorker, tmp_path: Path) -> None:
    text = "Это длинное сообщение для проверки. " * 85  # 3,060 characters
    duration_s = await worker.say(text, "ru", 200, tmp_path / "long.wav")
    assert duration_s > len(text) * 0.03
    assert duration_s == pytest.approx(length_s(tmp_path / "long.wav"), abs=0.001)


@needs_espeak
async def test_wrong_input_is_named_and_the_worker_goes_on(worker: SpeechWorker, tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="no voice 'klingon'") as raised:
        await worker.say("Hello", "klingon", 150, tmp_path / "a.wav")
    assert raised.value.kind == "voice"
    with pytest.raises(SpeechError, match="No such file or directory") as raised:
        await worker.say("Hello", "en-gb", 150, tmp_path / "missing" / "a.wav")
    assert raised.value.kind == "file"
    with pytest.raises(SpeechError, match="nothing to say") as raised:
        await worker.say(" \n", "en-gb", 150, tmp_path / "a.wav")
    assert raised.value.kind == "input"
    assert await worker.say("Hello there", "en-gb", 150, tmp_path / "a.wav") > 0.3
    assert worker.started == 1


@needs_espeak
async def test_voices_do_not_stick(worker: SpeechWorker, tmp_path: Path) -> None:
    """An engine that kept the last voice would speak Polish with a Russian tongue."""
    for name, voice in (("1", "pl"), ("2", "ru"), ("3", "pl")):
        await worker.say("Numer jeden, dwa, trzy", voice, 150, tmp_path / f"{name}.wav")
    polish, russian, again = (length_s(tmp_path / f"{name}.wav") for name in "123")
    assert again == pytest.approx(polish, abs=0.05)
    assert abs(russian - polish) > 0.1


@needs_espeak
async def test_killed_in_the_middle_the_worker_comes_back(worker: SpeechWorker, tmp_path: Path) -> None:
    assert worker._process is not None
    assert worker._hello is not None
    scratch = worker._hello.folder
    assert is_there(scratch)
    os.kill(worker._process.pid, signal.SIGSEGV)
    assert await worker.say("Hello there", "en-gb", 150, tmp_path / "a.wav") > 0.3
    assert worker.started == 2
    assert not is_there(scratch)
    scratch = worker._hello.folder
    await worker.stop()
    assert not is_there(scratch)


@needs_espeak
def test_probe_says_what_is_there() -> None:
    hello = speech.probe()
    assert hello.version[0].isdigit()
    assert "zlw/pl" in hello.voices


@needs_espeak
async def test_music_and_conversion(worker: SpeechWorker, tmp_path: Path) -> None:
    source = tmp_path / "jingle.wav"
    with wave.open(str(source), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(b"\x00\x20\x00\xe0" * 88200)
    wide = {16000: tmp_path / "out-16000.wav"}
    assert await worker.convert(source, tmp_path / "out.wav", wide) == pytest.approx(2.0, abs=0.001)
    with wave.open(str(wide[16000])) as file:
        assert (file.getframerate(), file.getnframes()) == (16000, 32000)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(source.read_bytes()[:30])
    with pytest.raises(SpeechError, match=r"broken.wav is not a WAV file .* sox broken.wav"):
        await worker.convert(broken, tmp_path / "out.wav")


async def test_a_job_that_kills_the_worker_is_tried_again_once(tmp_path: Path) -> None:
    worker = SpeechWorker(stand_in(tmp_path, "if lives == 1: os.kill(os.getpid(), signal.SIGSEGV)\nanswer(request)"))
    await worker.start()
    assert await worker.say("a", "en", 150, tmp_path / "a.wav") == 1.0
    assert worker.restarts == 1
    await worker.stop()


async def test_a_job_that_always_kills_the_worker_is_refused_and_the_next_done(tmp_path: Path) -> None:
    body = "if request.get('text') == 'poison': os.kill(os.getpid(), signal.SIGSEGV)\nanswer(request)"
    worker = SpeechWorker(stand_in(tmp_path, body))
    await worker.start()
    poisoned = asyncio.create_task(worker.say("poison", "en", 150, tmp_path / "a.wav"))
    good = asyncio.create_task(worker.say("fine", "en", 150, tmp_path / "b.wav"))
    with pytest.raises(SpeechError, match="died over 'poison'") as raised:
        await poisoned
    assert raised.value.kind == "died"
    assert await good == 1.0
    await worker.stop()


async def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    body = "if lives == 1: time.sleep(60)\nanswer(request)"
    worker = SpeechWorker(stand_in(tmp_path, body), job_timeout_s=0.3)
    await worker.start()
    began = time.monotonic()
    assert await worker.say("a", "en", 150, tmp_path / "a.wav") == 1.0
    assert time.monotonic() - began < 5
    await worker.stop()


async def test_noise_on_stdout_is_a_death_not_an_answer(tmp_path: Path) -> None:
    worker = SpeechWorker(stand_in(tmp_path, "print('Audio saved', flush=True)\nanswer(request)"))
    await worker.start()
    with pytest.raises(SpeechError, match="died over"):
        await worker.say("a", "en", 150, tmp_path / "a.wav")
    await worker.stop()


async def test_without_espeak_the_remedy_is_named_and_music_still_made(tmp_path: Path) -> None:
    hello = '{"ready": false, "error": "RuntimeError: no espeak"}'
    worker = SpeechWorker(stand_in(tmp_path, "answer(request)", hello))
    with pytest.raises(SpeechUnavailable, match="apt-get install --no-install-recommends espeak-ng"):
        await worker.start()
    with pytest.raises(SpeechUnavailable):
        await worker.say("a", "en", 150, tmp_path / "a.wav")
    assert await worker.music(tmp_path / "m.wav") == 1.0
    await worker.stop()


async def test_a_worker_that_cannot_start_tells_why_and_is_left_alone_for_a_while(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import module_that_is_not_there")
    worker = SpeechWorker([sys.executable, str(broken)])
    for _ in range(3):
        with pytest.raises(SpeechUnavailable, match="module_that_is_not_there"):
            await worker.start()
    assert worker.started == 1
    await worker.stop()


async def test_urgent_jobs_pass_those_that_fill_the_cache(tmp_path: Path) -> None:
    log = tmp_path / "order"
    body = f"open({str(log)!r}, 'a').write(request['text'])\ntime.sleep(0.05)\nanswer(request)"
    worker = SpeechWorker(stand_in(tmp_path, body))
    await worker.start()
    jobs = [
        asyncio.create_task(worker.say(text, "en", 150, tmp_path / "x.wav", priority=speech.BACKGROUND))
        for text in "abcd"
    ]
    await asyncio.sleep(0.02)
    await worker.say("!", "en", 150, tmp_path / "x.wav")
    await asyncio.gather(*jobs)
    assert log.read_text() == "a!bcd"
    await worker.stop()


async def test_stop_ends_waiting_jobs_and_leaves_no_process(tmp_path: Path) -> None:
    worker = SpeechWorker(stand_in(tmp_path, "time.sleep(60)"))
    await worker.start()
    assert worker._process is not None
    process = worker._process
    jobs = [asyncio.create_task(worker.say("a", "en", 150, tmp_path / "a.wav")) for _ in range(3)]
    await asyncio.sleep(0.05)
    await worker.stop()
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert all(isinstance(result, SpeechError) for result in results)
    assert process.returncode is not None
    with pytest.raises(SpeechError, match="not started"):
        await worker.say("a", "en", 150, tmp_path / "a.wav")


def test_the_worker_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENTRALA_EXTENSION__0__SECRET", "hidden")
    assert "hidden" not in speech.worker_environment().values()


@needs_espeak
async def test_our_own_voices_are_no_digits(worker: SpeechWorker, tmp_path: Path) -> None:
    """T8 of the DTMF procedures on a small scale: speech at -15 dBm0. Hours of it were tried by hand."""
    texts = {
        "pl": "Twoja pozycja w kolejce: dwa, cztery, sześć. Przewidywany czas oczekiwania: pięć minut. ",
        "ru": "Ваша позиция в очереди: два, четыре, шесть. Ожидаемое время ожидания: пять минут. ",
        "en-gb": "You are number two, four, six in the queue. The estimated waiting time is five minutes. ",
    }
    for voice, text in texts.items():
        out = tmp_path / f"{voice}.wav"
        assert await worker.say(text * 10, voice, 150, out) > 45
        with wave.open(str(out)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") * 10 ** (5 / 20)
        assert dtmf.Detector().feed(np.clip(samples, -32768, 32767).astype("<i2").tobytes()) == ""

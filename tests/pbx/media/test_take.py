"""A human's recording on its way in: read, checked, trimmed and levelled."""

from __future__ import annotations

import math
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pbx.media import shaping
from pbx.media.loudness import loudness_lufs
from pbx.media.speech_worker import write
from pbx.media.take import take

RATE = 44100


def tone(level_db: float, seconds: float = 1.0, hertz: float = 997.0, rate: int = 48000) -> shaping.Samples:
    return 10 ** (level_db / 20) * np.sin(2 * math.pi * hertz * np.arange(int(seconds * rate)) / rate)


def wav(path: Path, samples: shaping.Samples, rate: int = RATE) -> Path:
    write(path, shaping.to_pcm(samples), rate)
    return path


def request(tmp_path: Path, source: Path) -> dict[str, Any]:
    return {
        "source": str(source),
        "out": str(tmp_path / "8.wav"),
        "wide": {"16000": str(tmp_path / "16.wav")},
        "master": str(tmp_path / "48.wav"),
    }


def read(path: Path) -> tuple[shaping.Samples, int]:
    with wave.open(str(path)) as file:
        return shaping.from_pcm(file.readframes(file.getnframes())), file.getframerate()


@pytest.mark.parametrize(
    ("samples", "lufs"),
    [
        (tone(0.0), -3.01),  # the recommendation's own check: a full-scale sine of 997 Hz
        (tone(-20.0, 5.0), -23.01),
        (np.concatenate([tone(-20.0, 5.0), np.zeros(48000 * 5)]), -23.01),  # silence is gated out
        (np.concatenate([tone(-20.0, 5.0), tone(-36.0, 5.0)]), -23.01),  # and what is 10 LU below the rest
    ],
)
def test_loudness_has_the_values_of_the_recommendation(samples: shaping.Samples, lufs: float) -> None:
    assert loudness_lufs(samples, 48000) == pytest.approx(lufs, abs=0.25)


def test_high_tones_count_more_and_low_ones_less() -> None:
    middle, high, low = (loudness_lufs(tone(-20.0, 1.0, hertz), 48000) for hertz in (997.0, 6000.0, 40.0))
    assert high - middle == pytest.approx(3.3, abs=0.4)
    assert middle - low > 5.0
    assert loudness_lufs(np.zeros(48000), 48000) == -math.inf


def test_silence_goes_and_levels_come_right(tmp_path: Path) -> None:
    speech = np.concatenate([np.zeros(RATE), tone(-30.0, 2.0, 800.0, RATE), np.zeros(RATE)])
    made = take(request(tmp_path, wav(tmp_path / "in.wav", speech)))
    assert made["duration_s"] == pytest.approx(2.15, abs=0.05)
    assert made["peak_dbov"] == pytest.approx(-30.0, abs=0.2)
    master, rate = read(tmp_path / "48.wav")
    assert rate == 48000
    assert loudness_lufs(master, rate) == pytest.approx(-19.0, abs=0.3)
    for name, wanted in (("8.wav", 8000), ("16.wav", 16000)):
        sound, rate = read(tmp_path / name)
        assert rate == wanted
        assert len(sound) / rate == pytest.approx(made["duration_s"], abs=0.01)
        assert shaping.active_level_dbov(sound, rate) == pytest.approx(-26.0, abs=0.3)


@pytest.mark.parametrize("kind", ["mp3", "ogg", "flac"])
def test_other_kinds_of_files_are_read(tmp_path: Path, kind: str) -> None:
    import av

    path = tmp_path / f"in.{kind}"
    codec = {"mp3": "mp3", "ogg": "libopus", "flac": "flac"}[kind]
    sound = (tone(-20.0, 1.5, 800.0) * 32767).astype("<i2")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48000, 0
        layout = stream.codec_context.format.name
        for piece in av.AudioResampler(format=layout, layout="mono", rate=48000, frame_size=960).resample(frame):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    assert take(request(tmp_path, path))["duration_s"] == pytest.approx(1.5, abs=0.2)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros(RATE), "it is silent"),
        (np.zeros(0), "it is silent"),
        (tone(-70.0, 1.0, 800.0, RATE), "it is silent"),
        (np.clip(tone(6.0, 1.0, 800.0, RATE), -1, 1), "of it is clipped; record it again at a lower level"),
        (tone(-20.0, 0.05, 800.0, RATE), "0.2 s are the least"),
        (tone(-20.0, 181.0, 800.0, 8000), "180 s are allowed"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_remedy(tmp_path: Path, samples: shaping.Samples, said: str) -> None:
    rate = 8000 if len(samples) > 100 * 8000 else RATE
    with pytest.raises(ValueError, match=said):
        take(request(tmp_path, wav(tmp_path / "in.wav", samples, rate)))
    assert not (tmp_path / "8.wav").exists()


def test_no_sound_file_at_all(tmp_path: Path) -> None:
    path = tmp_path / "in.wav"
    for content in (b"", b"<html>", b"RIFF\x00\x00\x00\x00WAVE"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"WAV, MP3, Ogg or FLAC|silent|no sound") as caught:
            take(request(tmp_path, path))
        assert str(tmp_path) not in str(caught.value), "where we keep uploads is nobody's"

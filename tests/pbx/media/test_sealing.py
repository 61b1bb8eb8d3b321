"""Sealed recordings as files: what is not ours is refused, what was cut is read as far as it goes."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path

import pytest

from pbx.config import Config, Media
from pbx.configfile.recording_key import check_recordings, read_recording_key
from pbx.media.conversion import convert, unseal
from pbx.media.sealing import SEGMENT, Description, Opened, Sealer, SealError

KEY, OTHER = bytes(range(32)), bytes(32)
SOUND = os.urandom(3 * SEGMENT + 1000)


def sealed(key: bytes = KEY, sound: bytes = SOUND, *, last: bool = True) -> bytes:
    out = io.BytesIO()
    sealer = Sealer(out.write, key, Description("pcm", 8000, 2))
    sealer.seal(sound[:5000])
    sealer.seal(sound[5000:], last=last)
    return out.getvalue()


def end_of_head(data: bytes) -> int:
    return 22 + int.from_bytes(data[20:22], "big")


def opened(data: bytes, key: bytes = KEY) -> tuple[bytes, bool]:
    file = Opened(io.BytesIO(data), key, "x")
    assert file.description == Description("pcm", 8000, 2)
    return b"".join(file.segments()), file.complete


def test_what_was_sealed_is_opened() -> None:
    data = sealed()
    assert opened(data) == (SOUND, True)
    assert SOUND[:64] not in data
    assert sealed() != data, "the same sound is sealed otherwise each time"


def test_a_file_without_its_last_segment_is_cut_and_not_complete() -> None:
    assert opened(sealed(last=False)) == (SOUND, False)
    data = sealed()
    for end in (len(data) - 1, len(data) - 1100, len(data) - SEGMENT):
        sound, complete = opened(data[:end])
        assert not complete
        assert SOUND.startswith(sound)
        assert len(sound) >= 5000


@pytest.mark.parametrize("at", [5, 30, 200, 5200, -20])
def test_a_changed_file_is_refused(at: int) -> None:
    data = bytearray(sealed())
    data[at] ^= 1
    with pytest.raises(SealError):
        opened(bytes(data))


def test_segments_cannot_be_left_out_or_moved() -> None:
    data = sealed()
    head = end_of_head(data)
    first = 4 + int.from_bytes(data[head : head + 4], "big")
    with pytest.raises(SealError, match="segment 0"):
        opened(data[:head] + data[head + first :])
    other = sealed()
    with pytest.raises(SealError, match="another one"):
        opened(other[: end_of_head(other)] + data[head:])


def test_another_key_and_other_files_are_named() -> None:
    with pytest.raises(SealError, match="the key is another one"):
        opened(sealed(), OTHER)
    with pytest.raises(SealError, match="no sealed recording"):
        opened(b"RIFF....WAVEfmt and so on, for long enough")


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY.hex() + "\n")
    path.chmod(0o600)
    assert read_recording_key(path) == KEY
    config = Config(media=Media(recordings_key_file=str(path)))
    assert list(check_recordings(config)) == []
    path.chmod(0o644)
    assert "chmod 600" in str(next(check_recordings(config)).remedy)
    path.write_text("secret")
    assert "64 hexadecimal digits" in next(check_recordings(config)).text
    assert "no such" in next(check_recordings(Config(media=Media(recordings_key_file="nowhere")))).text.lower()


def wav(path: Path, channels: int, seconds: int = 3) -> Path:
    import numpy as np

    t = np.arange(8000 * seconds) / 8000
    tones = [(6000 * np.sin(2 * np.pi * f * t)).astype("<i2") for f in (400, 1000)[:channels]]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.stack(tones, axis=1).tobytes())
    return path


def ogg_tones(path: Path) -> list[int]:
    """The loudest frequency of each channel."""
    import av
    import numpy as np

    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    sound = np.concatenate(frames, axis=1)
    assert sound.shape[1] == pytest.approx(3 * rate, rel=0.02)
    spectra = np.abs(np.fft.rfft(sound, axis=1))
    return [round(int(np.argmax(one)) * rate / sound.shape[1]) for one in spectra]


@pytest.mark.parametrize("channels", [1, 2])
def test_opus_keeps_the_sound_of_each_channel(tmp_path: Path, channels: int) -> None:
    source, target = wav(tmp_path / "a.wav", channels), tmp_path / "a.ogg"
    before = source.stat().st_size
    assert convert(str(source), str(target), b"") == target.stat().st_size < before / 4
    assert not source.exists()
    assert target.stat().st_mode & 0o777 == 0o600
    assert ogg_tones(target) == pytest.approx([400, 1000][:channels], abs=3)


def test_sealed_stays_sealed_through_the_conversion(tmp_path: Path) -> None:
    with wave.open(str(wav(tmp_path / "a.wav", 2))) as file:
        sound = file.readframes(file.getnframes())
    source, target = tmp_path / "b.wav.sealed", tmp_path / "b.ogg.sealed"
    source.write_bytes(sealed(sound=sound))
    convert(str(source), str(target), KEY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "b.ogg.sealed"]
    assert b"OggS" not in target.read_bytes()
    clear = tmp_path / "b.ogg"
    with clear.open("wb") as file:
        assert unseal(target, file, KEY)
    assert ogg_tones(clear) == pytest.approx([400, 1000], abs=3)


def test_what_cannot_be_converted_stays(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(b"no sound")
    with pytest.raises(Exception, match=r".+"):
        convert(str(source), str(tmp_path / "a.ogg"), b"")
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]

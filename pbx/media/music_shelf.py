"""Music on hold: the project's own, made at the first start, and the operator's WAV files and folders of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pbx.media.clip import Clip, as_long
from pbx.media.engine import MediaEngine
from pbx.media.sound_cache import SoundCache
from pbx.media.speech import SpeechError, SpeechWorker

MAX_MUSIC_S = 1800  # of one class of music: 29 MB, 86 with its sound at 16 kHz
RATE, WIDE = 8000, 16000
Sounds = dict[int, bytes]  # by their rates in Hz


class MusicShelf:
    """Clips by name: "default", and each file (without its ending) or sub-folder of the music folder."""

    def __init__(self, engine: MediaEngine, cache: SoundCache, worker: SpeechWorker, folder: str | Path = "") -> None:
        self._engine = engine
        self._cache = cache
        self._worker = worker
        self._folder = Path(folder) if folder else None
        self._clips: dict[str, Clip] = {}

    @property
    def names(self) -> list[str]:
        """What there is."""
        return sorted(self._clips)

    def find(self, name: str) -> Clip:
        """The music of that name. Raises KeyError with the names."""
        clip = self._clips.get(name)
        if clip is None:
            raise KeyError(f"no music is called {name!r}; there is {', '.join(self.names) or 'none before start'}")
        return clip

    def clear(self) -> None:
        """Forgets all."""
        self._clips.clear()

    async def load(self) -> None:
        """Makes or reads all music. Raises SpeechError for what cannot be had."""
        path = await asyncio.to_thread(self._cache.path, "music", composition=1)
        self._clips["default"] = self._clip_of("default", await self._load_sound(path, None))
        if self._folder is None:
            return
        if not self._folder.is_dir():
            raise SpeechError(f"{self._folder} is not a folder; correct media.music_dir", "file")
        for source in sorted(self._folder.glob("*.wav")):
            self._clips[source.stem] = self._clip_of(source.stem, await self._sound_of(source))
        for folder in sorted(entry for entry in self._folder.iterdir() if entry.is_dir()):
            pieces = [await self._sound_of(source) for source in sorted(folder.glob("*.wav"))]
            if pieces:  # a class of several pieces, one after the other
                joined = {rate: b"".join(piece[rate] for piece in pieces) for rate in self._rates}
                self._clips[folder.name] = self._clip_of(folder.name, joined)

    @property
    def _rates(self) -> tuple[int, ...]:
        # Not at 48 kHz: six times the memory for what hardly any music on hold has.
        return (RATE, WIDE) if WIDE in self._engine.clip_rates else (RATE,)

    async def _sound_of(self, source: Path) -> Sounds:
        """The operator's WAV as mono of the rates that calls may hear, from the cache when it was converted before."""
        return await self._load_sound(await asyncio.to_thread(self._converted, source), source)

    def _converted(self, source: Path) -> Path:
        """Where the cache keeps what is made of `source`, as it is now."""
        made = source.stat()
        return self._cache.path("music", source=str(source.absolute()), size=made.st_size, changed_ns=made.st_mtime_ns)

    def _clip_of(self, name: str, sounds: Sounds) -> Clip:
        """Raises SpeechError for music that would take too much memory."""
        if len(sounds[RATE]) > MAX_MUSIC_S * 2 * RATE:
            text = f"music {name!r} lasts over {MAX_MUSIC_S // 60} minutes; take files out of {self._folder}"
            raise SpeechError(text, "file")
        return self._engine.clip(sounds[RATE], f"music:{name}", pinned=True, wide=sounds)

    def _read(self, path: Path) -> Sounds | None:
        """What is kept of a sound, each rate as long as the first; None when one is missing."""
        sounds: Sounds = {}
        for rate in self._rates:
            pcm = self._cache.read(SoundCache.wide(path, rate), rate)
            if pcm is None:
                return None
            sounds[rate] = as_long(pcm, rate // RATE * len(sounds.get(RATE, pcm)))
        return sounds

    async def _load_sound(self, path: Path, source: Path | None) -> Sounds:
        sounds = await asyncio.to_thread(self._read, path)
        if sounds is None:
            wide = {rate: SoundCache.wide(path, rate) for rate in self._rates[1:]}
            if source is None:
                await self._worker.music(path, wide)
            else:
                await self._worker.convert(source, path, wide)
            sounds = await asyncio.to_thread(self._read, path)
        if sounds is None:
            raise SpeechError(f"{path} vanished after it was rendered", "file")
        return sounds

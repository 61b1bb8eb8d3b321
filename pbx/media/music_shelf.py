"""Music on hold: the project's own, made at the first start, and the operator's WAV files and folders of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pbx.media.clip import Clip
from pbx.media.engine import MediaEngine
from pbx.media.sound_cache import SoundCache
from pbx.media.speech import SpeechError, SpeechWorker

MAX_MUSIC_S = 1800  # of one class of music: 29 MB


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
                self._clips[folder.name] = self._clip_of(folder.name, b"".join(pieces))

    async def _sound_of(self, source: Path) -> bytes:
        """The operator's WAV as 8 kHz mono, from the cache when it was converted before."""
        return await self._load_sound(await asyncio.to_thread(self._converted, source), source)

    def _converted(self, source: Path) -> Path:
        """Where the cache keeps what is made of `source`, as it is now."""
        made = source.stat()
        return self._cache.path("music", source=str(source.absolute()), size=made.st_size, changed_ns=made.st_mtime_ns)

    def _clip_of(self, name: str, pcm: bytes) -> Clip:
        """Raises SpeechError for music that would take too much memory."""
        if len(pcm) > MAX_MUSIC_S * 2 * 8000:
            text = f"music {name!r} lasts over {MAX_MUSIC_S // 60} minutes; take files out of {self._folder}"
            raise SpeechError(text, "file")
        return self._engine.clip(pcm, f"music:{name}", pinned=True)

    async def _load_sound(self, path: Path, source: Path | None) -> bytes:
        pcm = await asyncio.to_thread(self._cache.read, path)
        if pcm is None:
            if source is None:
                await self._worker.music(path)
            else:
                await self._worker.convert(source, path)
            pcm = await asyncio.to_thread(self._cache.read, path)
        if pcm is None:
            raise SpeechError(f"{path} vanished after it was rendered", "file")
        return pcm

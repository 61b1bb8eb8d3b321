"""Everything that callers hear from us: spoken prompts, music on hold, tones. All as clips that the media threads hold.

A prompt is looked for in memory, then on disk, then made by the speech worker; callers that ask for the same one
while it is being made wait for the same rendering. Nothing here blocks the event loop, and a prompt that cannot be
made raises SpeechError at its caller only: the call goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.media import speech, tones
from pbx.media.clip import Clip
from pbx.media.engine import MediaEngine
from pbx.media.sound_cache import CacheError, SoundCache
from pbx.media.speech import SpeechError, SpeechUnavailable, SpeechWorker

if TYPE_CHECKING:
    from pbx.config import Speech as SpeechConfig

ENGINE = "espeak-ng"
MAX_TEXT_CHARS = 4000
MAX_MUSIC_S = 1800  # of one class of music: 29 MB
PATIENCE_S = 8.0  # what a caller waits for a prompt that is being made, at most
log = logging.getLogger("centrala.speech")
Progress = Callable[[int, int], None]


class Prompts:
    """The sounds of one server. `start` first; `get` and `preload` are coroutines, `music` and `tone` are not."""

    def __init__(
        self,
        engine: MediaEngine,
        config: SpeechConfig,
        *,
        cache_dir: str | Path = "speech",
        music_dir: str | Path = "",
        worker: SpeechWorker | None = None,
    ) -> None:
        """`cache_dir` is used when the configuration names none; `music_dir` holds the operator's WAV files, if any."""
        self._engine = engine
        self._config = config
        self._cache = SoundCache(Path(config.cache_dir or cache_dir))
        self._music_dir = Path(music_dir) if music_dir else None
        self._worker = worker or SpeechWorker()
        self._version = ""
        self._pending: dict[str, asyncio.Task[Clip]] = {}
        self._music: dict[str, Clip] = {}
        self._tones: dict[str, Clip] = {}
        self.rendered = 0
        self.from_disk = 0
        self.failed = 0

    @property
    def worker(self) -> SpeechWorker:
        """The speech worker, for its counters."""
        return self._worker

    @property
    def music_names(self) -> list[str]:
        """What `music` knows."""
        return sorted(self._music)

    async def start(self) -> None:
        """Makes the tones, starts the worker, loads the music (made at the first start, about a second).

        Where there is no text to speech, an alarm says so and what is in the cache is still played. Raises CacheError
        for a folder that cannot be used, SpeechError for music that cannot be had.
        """
        await asyncio.to_thread(self._cache.prepare)
        for name, cadence in tones.TONES.items():
            self._tones[name] = self._engine.clip(tones.render(cadence), f"tone:{name}", pinned=True)
        try:
            self._version = (await self._worker.start()).version
            await asyncio.to_thread(self._cache.remember, "engine-version", self._version)
        except SpeechUnavailable as error:
            self._version = await asyncio.to_thread(self._cache.recall, "engine-version")
            self._engine.alarm("speech_unavailable", str(error), True)
        await self._load_music()

    async def stop(self) -> None:
        """Ends the worker and forgets what is being made; idempotent."""
        pending = list(self._pending.values())
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        self._pending.clear()
        await self._worker.stop()
        self._music.clear()
        self._tones.clear()

    def cached(self, text: str, language: str) -> Clip | None:
        """The prompt if it is in memory now: for callers that cannot wait."""
        return self._engine.clips.find(_key(text, language))

    async def get(self, text: str, language: str) -> Clip:
        """The prompt as a clip, for a call: at once from memory, 1 ms from disk, 15 to 100 ms when it must be made.

        Never raises for a prompt that cannot be had within 8 s: the caller then hears a second of silence and the
        call goes on, while the log, the counter `failed` and the alarm "speech_unavailable" tell the operator.
        `require` raises.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.require(text, language, priority=speech.URGENT)
        except TimeoutError:
            problem = f"it took more than {PATIENCE_S:.0f} s to make"
        except (SpeechError, CacheError, ValueError, MemoryError) as error:
            problem = str(error)
        self.failed += 1
        text = f"a caller did not hear the {language!r} prompt {text[:60]!r}: {problem}"
        log.error("%s", text)
        self._engine.alarm("speech_unavailable", text, True)
        return self.tone("silence")

    async def require(self, text: str, language: str, *, priority: int = speech.BACKGROUND) -> Clip:
        """The prompt as a clip, or the reason why not.

        Raises ValueError for an empty text, one over 4,000 characters or a language without a voice; SpeechError when
        it cannot be made (SpeechUnavailable names the package to install); CacheError when it cannot be kept on disk.
        """
        key = _key(text, language)
        clip = self._engine.clips.find(key)
        if clip is not None:
            return clip
        task = self._pending.get(key)
        if task is None:
            voice = self._check(text, language)
            task = asyncio.create_task(self._load(key, text, voice, priority), name="prompt")
            self._pending[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        # A caller that hangs up must not stop the rendering that others wait for.
        return await asyncio.shield(task)

    async def preload(self, texts: Iterable[tuple[str, str]], progress: Progress | None = None) -> list[str]:
        """Brings prompts into memory, making what is missing; `progress(done, all)` is called after each.

        Returns what could not be had, one line each, so that a start can say it; raises nothing for a single prompt.
        """
        wanted = list(dict.fromkeys(texts))
        problems: list[str] = []
        for done, (text, language) in enumerate(wanted, 1):
            try:
                await self.require(text, language)
            except (SpeechError, CacheError, ValueError, MemoryError) as error:
                problems.append(f"{language} {text[:60]!r}: {error}")
            if progress is not None:
                progress(done, len(wanted))
        return problems

    def music(self, name: str = "default") -> Clip:
        """Music on hold: "default", or a file (without its ending) or sub-folder of the music folder.

        Raises KeyError with the names.
        """
        clip = self._music.get(name)
        if clip is None:
            raise KeyError(
                f"no music is called {name!r}; there is {', '.join(self.music_names) or 'none before start'}"
            )
        return clip

    def tone(self, name: str) -> Clip:
        """A tone by name: ringback (1 s on, 4 s off), busy, congestion, beep, silence (1 s).

        Raises KeyError with the names.
        """
        clip = self._tones.get(name)
        if clip is None:
            raise KeyError(f"no tone is called {name!r}; there is {', '.join(sorted(tones.TONES))}")
        return clip

    def ringback(self) -> Clip:
        """Ringing as a caller hears it, one round of 5 s."""
        return self.tone("ringback")

    def busy(self) -> Clip:
        """Busy tone, one round of 1 s."""
        return self.tone("busy")

    def beep(self) -> Clip:
        """The signal before a recording."""
        return self.tone("beep")

    def _check(self, text: str, language: str) -> str:
        if not text.strip():
            raise ValueError("a prompt has no text")
        if len(text) > MAX_TEXT_CHARS:
            raise ValueError(f"a prompt of {len(text)} characters is too long; {MAX_TEXT_CHARS} are allowed")
        voice = {str(name): voice for name, voice in self._config.voices.items()}.get(language, "")
        if not voice:
            raise ValueError(f"language {language!r} has no voice; set speech.voices.{language}")
        return voice

    async def _load(self, key: str, text: str, voice: str, priority: int) -> Clip:
        rate = self._config.rate
        try:
            path = await asyncio.to_thread(
                self._cache.path, "say", engine=ENGINE, version=self._version, voice=voice, rate=rate, text=text
            )
            pcm = await asyncio.to_thread(self._cache.read, path)
            if pcm is None:
                await self._worker.say(text, voice, rate, path, priority=priority)
                self.rendered += 1
                self._engine.alarm("speech_unavailable", "text to speech works again", False)
                pcm = await asyncio.to_thread(self._cache.read, path)
            else:
                self.from_disk += 1
        except SpeechError as error:
            if error.kind != "input":
                self._engine.alarm("speech_unavailable", str(error), True)
            raise
        except OSError as error:
            raise CacheError(f"{self._cache.folder} cannot hold rendered speech ({error})") from error
        if pcm is None:
            raise SpeechError(f"{path} vanished after it was rendered", "file")
        return self._engine.clip(pcm, key)

    def _forget(self, key: str, task: asyncio.Task[Clip]) -> None:
        self._pending.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen, also when every caller has gone

    async def _load_music(self) -> None:
        path = await asyncio.to_thread(self._cache.path, "music", composition=1)
        self._music["default"] = self._clip_of("default", await self._load_sound(path, None))
        if self._music_dir is None:
            return
        if not self._music_dir.is_dir():
            raise SpeechError(f"{self._music_dir} is not a folder; correct media.music_dir", "file")
        for source in sorted(self._music_dir.glob("*.wav")):
            self._music[source.stem] = self._clip_of(source.stem, await self._sound_of(source))
        for folder in sorted(entry for entry in self._music_dir.iterdir() if entry.is_dir()):
            pieces = [await self._sound_of(source) for source in sorted(folder.glob("*.wav"))]
            if pieces:  # a class of several pieces, one after the other
                self._music[folder.name] = self._clip_of(folder.name, b"".join(pieces))

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
            text = f"music {name!r} lasts over {MAX_MUSIC_S // 60} minutes; take files out of {self._music_dir}"
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


def _key(text: str, language: str) -> str:
    return f"say:{language}:{text}"

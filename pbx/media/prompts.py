"""Everything that callers hear from us: spoken prompts, music on hold, tones. All as clips that the media threads hold.

A prompt is a human's recording where there is one; else it is looked for in memory, then on disk, then made by a speech
worker; callers that ask for the same one while it is being made wait for the same rendering. Nothing here blocks the
event loop. A voice that cannot speak is stood in for (pbx.media.voices), at the last by a tone: the call goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pbx.language import marks
from pbx.media import speech, tones
from pbx.media.clip import Clip
from pbx.media.engine import MediaEngine
from pbx.media.music_shelf import MusicShelf
from pbx.media.sound_cache import CacheError, SoundCache
from pbx.media.speakers import Speakers
from pbx.media.speech import SpeechError, SpeechUnavailable, SpeechWorker
from pbx.media.takes import Take, Takes
from pbx.media.voices import ESPEAK, Voice, Voices

if TYPE_CHECKING:
    from pbx.config_speech import Speech as SpeechConfig

MAX_TEXT_CHARS = 4000
TAKE_HZ = 16000  # the rate above 8 kHz at which a recording is kept at the level of speech
PRUNE_EVERY = 500  # renderings between two looks at how much the cache takes
MAX_KNOWN = 20_000  # texts that are listed
TAKES = "takes"  # the folder of recordings, in that of the cache's parent
FAILURES = (SpeechError, CacheError, ValueError, MemoryError, TimeoutError)
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
        takes_dir: str | Path = "",
        worker: SpeechWorker | None = None,
    ) -> None:
        """`cache_dir` is used when the configuration names none; `music_dir` holds the operator's WAV files, if any.

        `takes_dir` holds what humans have spoken; without it they lie beside the cache.
        """
        self._engine = engine
        self._config = config
        self.cache = SoundCache(Path(config.cache_dir or cache_dir))
        self.takes = Takes()
        self.takes_dir = Path(takes_dir) if takes_dir else self.cache.folder / TAKES
        self.voices = Voices(config)
        self.speakers = Speakers(config, worker)
        self._music = MusicShelf(engine, self.cache, self.speakers.first, music_dir)
        self._pending: dict[str, asyncio.Task[Clip]] = {}
        self._tones: dict[str, Clip] = {}
        self._pruning: asyncio.Task[None] | None = None
        self.known: dict[tuple[str, str, str], None] = {}  # text, language, voice of what was preloaded
        self._ailing: set[str] = set()  # engines that failed and have not spoken since
        self.rendered = 0
        self.from_disk = 0
        self.failed = 0
        self.fallbacks: Counter[tuple[str, str]] = Counter()  # by language and what was heard: voice, recording, tone

    @property
    def worker(self) -> SpeechWorker:
        """The speech worker of espeak-ng, for its counters."""
        return self.speakers.first

    @property
    def music_names(self) -> list[str]:
        """What `music` knows."""
        return self._music.names

    async def start(self) -> None:
        """Makes the tones, starts the workers, loads the music (made at the first start, about a second).

        Where there is no text to speech, an alarm says so and what is in the cache is still played. Raises CacheError
        for a folder that cannot be used, SpeechError for music that cannot be had.
        """
        await asyncio.to_thread(self.cache.prepare)
        for name, cadence in tones.TONES.items():
            self._tones[name] = self._engine.clip(tones.render(cadence), f"tone:{name}", pinned=True)
        try:
            version = await self.speakers.start()
            await asyncio.to_thread(self.cache.remember, "engine-version", version)
        except SpeechUnavailable as error:
            self.speakers.assume(await asyncio.to_thread(self.cache.recall, "engine-version"))
            self._engine.alarm("speech_unavailable", str(error), True)
        await self._music.load()
        await self._prune()

    async def stop(self) -> None:
        """Ends the workers and forgets what is being made; idempotent."""
        pending: list[asyncio.Task[Any]] = [*self._pending.values(), *([self._pruning] if self._pruning else [])]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        self._pending.clear()
        await self.speakers.stop()
        self._music.clear()
        self._tones.clear()

    def cached(self, text: str, language: str, voice: str = "") -> Clip | None:
        """The prompt if it is in memory now: for callers that cannot wait."""
        take = self.takes.find(text, language)
        if take is not None and take.use == "always":
            return self._engine.clips.find(_take_key(take))
        try:
            return self._engine.clips.find(_key(text, language, self.voices.choose(language, voice)))
        except ValueError:
            return None

    async def get(self, text: str, language: str, voice: str = "") -> Clip:
        """The prompt as a clip, for a call: at once from memory, 1 ms from disk, 15 to 100 ms when it must be made.

        `voice` is a [[speech.voice]], else that of the language. Never raises for a prompt that cannot be had: after
        `speech.patience_s` a voice is given up; a recording that stands in, other voices and at last a beep are what
        the caller then hears, while the log, `fallbacks` and an alarm tell the operator. `require` raises.
        """
        clip = self.cached(text, language, voice)
        if clip is not None:
            return clip
        take = self.takes.find(text, language)
        problems: list[str] = []
        if take is not None and take.use == "always":
            clip = await self._try_take(take, problems)
            if clip is not None:
                return clip
            take = None
        who = self._who(text, language, voice, problems)
        for number, one in enumerate(who):
            if number and take is not None and (clip := await self._try_take(take, problems)) is not None:
                return self._fell(text, language, "recording", problems, clip)
            try:
                async with asyncio.timeout(self._config.patience_s):
                    clip = await self._spoken(text, language, one, speech.URGENT, last=one is who[-1])
            except TimeoutError:
                self.speakers.rest(one.engine)
                self._ailing.add(one.engine)
                problems.append(f"{one.engine} took more than {self._config.patience_s:g} s")
            except FAILURES as error:
                problems.append(str(error))
            else:
                return self._fell(text, language, "voice", problems, clip) if problems else clip
        if take is not None and (clip := await self._try_take(take, problems)) is not None:
            return self._fell(text, language, "recording", problems, clip)
        self.failed += 1
        return self._fell(text, language, "tone", problems, self.beep())

    async def require(self, text: str, language: str, voice: str = "", *, priority: int = speech.BACKGROUND) -> Clip:
        """The prompt as a clip, or the reason why not: no other voice stands in.

        Raises ValueError for an empty text, one over 4,000 characters, broken marks, or a language or voice that is
        not there; SpeechError when it cannot be made (SpeechUnavailable names the package to install); CacheError
        when it cannot be kept on disk.
        """
        take = self.takes.find(text, language)
        if take is not None and take.use == "always":
            return await self._take_clip(take)
        _check(text)
        return await self._spoken(text, language, self.voices.choose(language, voice), priority)

    async def preload(self, texts: Iterable[tuple[str, ...]], progress: Progress | None = None) -> list[str]:
        """Brings prompts (text, language, and the voice if not that of the language) into memory, making what is
        missing; `progress(done, all)` is called after each.

        Returns what could not be had, one line each, so that a start can say it; raises nothing for a single prompt.
        """
        wanted = list(dict.fromkeys(texts))
        problems: list[str] = []
        for done, (text, language, *rest) in enumerate(wanted, 1):
            voice = rest[0] if rest else ""
            self._remember(text, language, voice)
            try:
                await self.require(text, language, voice)
            except FAILURES as error:
                problems.append(f"{language} {text[:60]!r}: {error}")
            if progress is not None:
                progress(done, len(wanted))
        return problems

    async def file(self, text: str, language: str, voice: str = "", rate: int = 8000) -> Path:
        """Where the sound of a prompt lies, made if need be, at a rate that is kept (Hz). Raises as `require`."""
        await self.require(text, language, voice)
        take = self.takes.find(text, language)
        if take is not None and take.use == "always":
            return take.file(self.takes_dir, rate)
        path = await self._path(text, self.voices.choose(language, voice))
        if not await asyncio.to_thread(SoundCache.wide(path, rate).exists):
            raise ValueError(f"prompts are not kept at {rate} Hz; add it to speech.wide_rates")
        return SoundCache.wide(path, rate)

    def music(self, name: str = "default") -> Clip:
        """Music on hold: "default", or a file (without its ending) or sub-folder of the music folder.

        Raises KeyError with the names.
        """
        return self._music.find(name)

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

    def _remember(self, text: str, language: str, voice: str) -> None:
        self.known.pop((text, language, voice), None)
        self.known[text, language, voice] = None
        if len(self.known) > MAX_KNOWN:
            del self.known[next(iter(self.known))]

    def _who(self, text: str, language: str, voice: str, problems: list[str]) -> list[Voice]:
        """Who is asked to speak, in order; for a name that is not there the language's own voice."""
        for name in dict.fromkeys([voice, ""]):
            try:
                _check(text)
                return self.voices.order(language, name)
            except ValueError as error:
                problems.append(str(error))
        return []

    def _fell(self, text: str, language: str, heard: str, problems: list[str], clip: Clip) -> Clip:
        """Tells the operator that a caller hears `heard` instead."""
        self.fallbacks[language, heard] += 1
        said = f"a caller heard a {heard} for the {language!r} prompt {text[:60]!r}: {'; '.join(problems)}"
        log.error("%s", said)
        self._engine.alarm("speech_unavailable" if heard == "tone" else "prompt_fallback", said, True)
        return clip

    async def _try_take(self, take: Take, problems: list[str]) -> Clip | None:
        try:
            return await self._take_clip(take)
        except FAILURES as error:
            problems.append(str(error))
            return None

    async def _take_clip(self, take: Take) -> Clip:
        """Raises CacheError for a recording whose file is gone."""
        clip = self._engine.clips.find(_take_key(take))
        if clip is None:
            path = take.file(self.takes_dir, 8000)
            pcm = await asyncio.to_thread(self.cache.read, path, keep=True)
            if pcm is None:
                raise CacheError(f"the recording {path} of {take.text[:60]!r} cannot be read; upload it again")
            wide: bytes | None = None
            if TAKE_HZ in self._engine.clip_rates:
                wide = await asyncio.to_thread(self.cache.read, take.file(self.takes_dir, TAKE_HZ), TAKE_HZ, keep=True)
            clip = self._engine.clip(pcm, _take_key(take), wide={TAKE_HZ: wide or b""})
        return clip

    async def _spoken(self, text: str, language: str, voice: Voice, priority: int, *, last: bool = True) -> Clip:
        """With the voice; `last` of those who are asked tries also when it failed a moment ago."""
        key = _key(text, language, voice)
        clip = self._engine.clips.find(key)
        if clip is not None:
            return clip
        task = self._pending.get(key)
        if task is None:
            task = asyncio.create_task(self._load(key, text, voice, priority, last), name="prompt")
            self._pending[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        # A caller that hangs up must not stop the rendering that others wait for.
        return await asyncio.shield(task)

    async def _path(self, text: str, voice: Voice) -> Path:
        made = self.speakers.made_by(voice.engine)
        return await asyncio.to_thread(self.cache.path, "say", **made, voice=voice.voice, rate=voice.rate, text=text)

    async def _load(self, key: str, text: str, voice: Voice, priority: int, last: bool) -> Clip:
        try:
            path = await self._path(text, voice)
            pcm = await asyncio.to_thread(self.cache.read, path)
            if pcm is None:
                if not last and self.speakers.rests(voice.engine):
                    raise SpeechError(f"{voice.engine} failed a moment ago", "resting")
                wide: dict[int, Path] = {rate: SoundCache.wide(path, rate) for rate in self._config.wide_rates}
                await self.speakers.say(voice, text, path, wide, priority)
                self.rendered += 1
                if self.rendered % PRUNE_EVERY == 0:
                    self._pruning = asyncio.create_task(self._prune(), name="prune-speech")
                self._speaks_again(voice.engine)
                pcm = await asyncio.to_thread(self.cache.read, path)
            else:
                self.from_disk += 1
        except SpeechError as error:
            if error.kind not in ("input", "resting"):
                self._ailing.add(voice.engine)
                name = "speech_unavailable" if voice.engine == ESPEAK else "prompt_fallback"
                self._engine.alarm(name, str(error), True)
            raise
        except OSError as error:
            raise CacheError(f"{self.cache.folder} cannot hold rendered speech ({error})") from error
        if pcm is None:
            raise SpeechError(f"{path} vanished after it was rendered", "file")
        return self._engine.clip(pcm, key, wide=await self._wide(path))

    async def _wide(self, path: Path) -> dict[int, bytes]:
        """The sound at the rates above 8 kHz at which calls may hear it, where it was kept."""
        found: dict[int, bytes] = {}
        for rate in self._engine.clip_rates:
            if rate in self._config.wide_rates:
                pcm: bytes | None = await asyncio.to_thread(self.cache.read, SoundCache.wide(path, rate), rate)
                found[rate] = pcm or b""
        return found

    async def _prune(self) -> None:
        try:
            gone = await asyncio.to_thread(self.cache.prune, self._config.cache_mb << 20)
        except OSError as error:
            log.warning("%s is not tidied: %s", self.cache.folder, error)
            return
        if gone:
            log.info("%d prompts left the cache of rendered speech (speech.cache_mb)", gone)

    def _speaks_again(self, engine: str) -> None:
        """The alarms go when the last of the engines that failed has spoken."""
        self._ailing.discard(engine)
        if not self._ailing:
            for name in ("speech_unavailable", "prompt_fallback"):
                self._engine.alarm(name, f"{engine} speaks again", False)

    def _forget(self, key: str, task: asyncio.Task[Clip]) -> None:
        self._pending.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen, also when every caller has gone


def _check(text: str) -> None:
    """Raises ValueError for what cannot be spoken."""
    if not text.strip():
        raise ValueError("a prompt has no text")
    if len(text) > MAX_TEXT_CHARS:
        raise ValueError(f"a prompt of {len(text)} characters is too long; {MAX_TEXT_CHARS} are allowed")
    if "<" in text:
        marks.check(text)


def _key(text: str, language: str, voice: Voice) -> str:
    return f"say:{language}:{voice.engine}/{voice.voice}/{voice.rate}:{text}"


def _take_key(take: Take) -> str:
    return f"take:{take.sound}"

"""Where recordings of humans come in and go out: made by the speech worker, kept as files and in the store."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from pbx.language import marks
from pbx.media.prompts import MAX_TEXT_CHARS, Prompts
from pbx.media.sound_cache import CacheError
from pbx.media.takes import USES, Take, Use, plain, sound_name

MAX_UPLOAD = 20 * 1024 * 1024
MAX_TAKES = 10_000
RATES = (8000, 16000, 48000)
MASTER = 48000


class TakeDesk:
    """Takes recordings in for `prompts`. `now` gives seconds since 1970 UTC."""

    def __init__(self, prompts: Prompts, now: Callable[[], float] = time.time) -> None:
        self._prompts = prompts
        self._now = now
        self._busy = asyncio.Lock()  # two uploads for one text follow each other

    async def override(
        self, data: bytes, text: str, language: str, *, use: Use = "always", source: str = "", author: str = ""
    ) -> Take:
        """From now on `data` (a WAV, MP3, Ogg or FLAC file) is heard for `text`; returns after it is durable.

        Raises ValueError for a text or file that cannot be used, SpeechError for a sound that cannot, CacheError for
        a disk that is full, and what the store raises; then nothing has changed.
        """
        self._check(data, text, language, use)
        async with self._busy:
            folder = self._prompts.takes_dir
            stem = sound_name(data)
            try:
                await asyncio.to_thread(folder.mkdir, 0o700, True, True)
                upload = folder / f".upload-{stem}{Path(source).suffix[:8]}"
                await asyncio.to_thread(_write, upload, data)
            except OSError as error:
                raise CacheError(f"{folder} cannot hold recordings ({error})") from error
            paths = {rate: folder / f"{stem}-{rate}.wav" for rate in RATES}
            try:
                made = await self._prompts.worker.take(upload, paths[8000], {16000: paths[16000]}, paths[MASTER])
            finally:
                await asyncio.to_thread(upload.unlink, missing_ok=True)
            measures = {name: float(made[name]) for name in ("duration_s", "loudness_lufs", "peak_dbov")}
            take = Take(language, plain(text), use, stem, source[:200], author[:100], self._now(), **measures)
            before = await self._prompts.takes.put(take)
            await self._tidy(before)
        return take

    async def remove(self, text: str, language: str) -> Take | None:
        """The prompt is rendered again from now on; None when there was no recording of it."""
        async with self._busy:
            take = await self._prompts.takes.remove(text, language)
            await self._tidy(take)
        return take

    def _check(self, data: bytes, text: str, language: str, use: str) -> None:
        if language not in ("pl", "ru", "en"):
            raise ValueError(f"{language!r} is no language of prompts; give pl, ru or en")
        if use not in USES:
            raise ValueError(f"{use!r} is no use of a recording; give {' or '.join(USES)}")
        if not plain(text) or len(text) > MAX_TEXT_CHARS:
            raise ValueError(f"give the text that is spoken, of 1 to {MAX_TEXT_CHARS} characters")
        marks.check(text)
        if not data or len(data) > MAX_UPLOAD:
            raise ValueError(f"the file has {len(data)} octets; 1 to {MAX_UPLOAD} are allowed")
        takes = self._prompts.takes
        if len(takes.all()) >= MAX_TAKES and takes.find(text, language) is None:
            raise ValueError(f"there are {MAX_TAKES} recordings already; remove some")

    async def _tidy(self, gone: Take | None) -> None:
        """Files that no take needs any more go."""
        if gone is None or self._prompts.takes.uses(gone.sound):
            return
        for rate in RATES:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(gone.file(self._prompts.takes_dir, rate).unlink, missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)

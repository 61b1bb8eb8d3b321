"""Rendered sounds on disk: one WAV a sound, named by the hash of everything that it was made from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import wave
from pathlib import Path

NARROW = 8000  # Hz: what every telephone plays
DIGEST_END = len("say-") + 64  # of a rendered prompt's name: what follows is a rate
log = logging.getLogger("centrala.media")
FORMAT_VERSION = 3  # raise it when rendering changes, so that old files are not used


class CacheError(OSError):
    """The cache folder cannot be used; the message names it and the remedy."""


class SoundCache:
    """The folder. Its methods block for a disk access: call them from a thread while serving."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Makes the folder (mode 0700). Raises CacheError when that is not possible or it cannot be written."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(13, "no right to write")
        except OSError as error:
            raise CacheError(
                f"{self.folder} cannot hold rendered speech ({error}); correct speech.cache_dir"
            ) from error

    def path(self, kind: str, **made_from: object) -> Path:
        """Where a sound of that kind made from these things lies; makes its folder."""
        text = json.dumps({"format": FORMAT_VERSION, "kind": kind, **made_from}, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        folder = self.folder / digest[:2]
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{kind}-{digest}.wav"

    @staticmethod
    def wide(path: Path, rate: int) -> Path:
        """Where the same sound lies at `rate` Hz."""
        return path if rate == NARROW else path.with_name(f"{path.stem}-{rate}.wav")

    def read(self, path: Path, rate: int = 8000, *, keep: bool = False) -> bytes | None:
        """The samples of a file (mono s16le, `rate` Hz), or None when there is none.

        A broken file is removed, since it can be made again; not with `keep`.
        """
        try:
            with wave.open(str(path), "rb") as file:
                if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (rate, 1, 2):
                    raise wave.Error(f"it is not {rate} Hz mono of 16 bits")
                frames = file.getnframes()
                data = file.readframes(frames)
                if not data or len(data) != 2 * frames:
                    raise wave.Error("it is shorter than its header says")
            with contextlib.suppress(PermissionError):  # another user's file: it can be played all the same
                os.utime(path)  # `prune` keeps what was read lately
            return data
        except FileNotFoundError:
            return None
        except (wave.Error, EOFError) as error:
            log.warning("the sound %s is broken (%s)%s", path, error, "" if keep else " and will be made again")
            if not keep:
                path.unlink(missing_ok=True)
            return None

    def prune(self, most: int) -> int:
        """Removes the rendered prompts that were not read for the longest time while all take over `most` octets.

        Returns how many; each goes with its sounds at other rates. Texts with numbers in them come up once and never
        again. Raises OSError.
        """
        groups: dict[str, list[tuple[Path, os.stat_result]]] = {}
        for path in sorted(self.folder.glob("[0-9a-f][0-9a-f]/say-*.wav")):
            groups.setdefault(path.stem[:DIGEST_END], []).append((path, path.stat()))
        left = sum(found.st_size for group in groups.values() for _, found in group)
        gone = 0
        for group in sorted(groups.values(), key=lambda group: max(found.st_mtime_ns for _, found in group)):
            if left <= most:
                break
            for path, found in reversed(group):  # the narrow one is looked for: it goes first (pbx.media.prompts)
                path.unlink(missing_ok=True)
                left -= found.st_size
            gone += 1
        return gone

    def remember(self, name: str, value: str) -> None:
        """Keeps a small fact beside the sounds (the engine's version), for a start without the engine."""
        scratch = self.folder / f".{name}.{os.getpid()}"
        scratch.write_text(value, encoding="utf-8")
        scratch.replace(self.folder / name)

    def recall(self, name: str) -> str:
        """What `remember` kept, or an empty string."""
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except OSError:
            return ""

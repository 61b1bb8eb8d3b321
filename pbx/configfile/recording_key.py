"""The key that recordings are encrypted with: a file of its own, so that the configuration may be shown around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pbx.config import Config
from pbx.configfile.problem import Problem

KEY_OCTETS = 32
MAKE = f"openssl rand -hex {KEY_OCTETS} makes one; chmod 600 keeps it to the server"


def read_recording_key(path: Path) -> bytes:
    """The key in a file of 64 hexadecimal digits. Raises ValueError with the remedy, OSError."""
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_OCTETS:
        raise ValueError(f"{path} does not hold {2 * KEY_OCTETS} hexadecimal digits: {MAKE}")
    return key


def check_recordings(config: Config) -> Iterator[Problem]:
    """The key file is there, holds a key, and is nobody else's to read."""
    name = config.media.recordings_key_file
    if not name:
        return
    where = ("media", "recordings_key_file")
    try:
        read_recording_key(Path(name))
        open_to_others = Path(name).stat().st_mode & 0o077
    except (OSError, ValueError) as error:
        yield Problem(where, str(error), MAKE)
        return
    if open_to_others:
        yield Problem(where, f"{name!r} can be read by others", f"chmod 600 {name}")

"""The key of digest nonces, kept over a restart."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

KEY_BYTES = 32


def nonce_key(path: Path) -> bytes:
    """The key in the file at `path`, made once with mode 0600: phones need no new challenge after a restart."""
    with contextlib.suppress(FileNotFoundError):
        found = path.read_bytes()
        if len(found) == KEY_BYTES:
            return found
        path.unlink()
    made = os.urandom(KEY_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made)
    return made

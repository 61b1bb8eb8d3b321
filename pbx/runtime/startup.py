"""Checks before anything is started; each failure is one sentence with its remedy."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from pbx.config import Config

PER_STREAM = 2  # descriptors: RTP and RTCP
PER_MUXED_STREAM = 1  # once rtcp-mux (RFC 5761) was agreed on
SPARE = 128  # database, log, HTTP connections, worker process


class StartError(Exception):
    """The PBX cannot start; the text says what to do."""


def check_core() -> None:
    """The Cython core is built, and `core` is ours: it is a common name, and another package may shadow it."""
    import core

    ours = Path(__file__).resolve().parent.parent.parent / "core"
    found = Path(str(core.__file__)).resolve().parent
    if found != ours:
        raise StartError(f"another package named `core` is imported from {found}; remove it, or run from {ours.parent}")
    try:
        import core.engine.engine
    except ImportError as error:
        raise StartError(f"the Cython core is not built ({error}); run `make setup`") from None


def descriptors_needed(config: Config) -> int:
    """How many descriptors the configured calls could take: two legs a call, as far as the RTP range goes."""
    pairs = (config.media.port_max - config.media.port_min + 1) // 2
    return min(2 * config.sip.max_calls, pairs) * PER_STREAM + SPARE


def raise_descriptor_limit(config: Config) -> str:
    """Lifts the soft limit as far as it may go; returns a warning when that is not enough, "" otherwise."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = descriptors_needed(config)
    unlimited = hard == resource.RLIM_INFINITY
    if soft < need:
        soft = need if unlimited else min(need, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft >= need:
        return ""
    calls = max(0, (soft - SPARE) // (2 * PER_STREAM))
    muxed = max(0, (soft - SPARE) // (2 * PER_MUXED_STREAM))
    return (
        f"{soft} descriptors allow about {calls} calls ({muxed} where both sides take rtcp-mux), "
        f"sip.max_calls is {config.sip.max_calls}; "
        f"raise the limit (ulimit -n {need}, LimitNOFILE= in systemd) or lower sip.max_calls"
    )


def make_folder(path: Path) -> None:
    """Makes a folder that only we may read (0700); raises StartError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"{path} cannot be made: {error.strerror}; set server.data_dir to a writable folder") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise StartError(f"{path} is not writable; set server.data_dir, or give the folder to this user")

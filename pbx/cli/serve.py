"""`centrala serve`: reads the configuration and runs the PBX until it is told to stop."""

from __future__ import annotations

import sys
from pathlib import Path

from pbx.app.checks import CHECKS
from pbx.configfile import ConfigError, load


def serve(path: Path) -> int:
    """Runs the PBX; returns the exit status: 0 after a stop, 1 when it could not run, 2 for a wrong configuration."""
    try:
        loaded = load(path, checks=CHECKS)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    from pbx.app import run

    return run(loaded.config, lambda: load(path, checks=CHECKS).config)

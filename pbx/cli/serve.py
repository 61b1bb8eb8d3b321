"""`centrala serve`: reads the configuration and runs the PBX until it is told to stop."""

from __future__ import annotations

import sys
from pathlib import Path

from pbx.call.trunks.tables import check_tables
from pbx.callback.checks import check_callbacks
from pbx.configfile import ConfigError, load
from pbx.features.checks import check_features
from pbx.flow.loader import check_flows
from pbx.sms.checks import check_sms


def serve(path: Path) -> int:
    """Runs the PBX; returns the exit status: 0 after a stop, 1 when it could not run, 2 for a wrong configuration."""
    try:
        loaded = load(path, checks=(check_flows, check_tables, check_features, check_callbacks, check_sms))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    from pbx.app import run

    return run(loaded.config)

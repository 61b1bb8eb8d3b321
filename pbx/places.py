"""Where things are, as far as the configuration does not say otherwise."""

from __future__ import annotations

DATA_DIR = "var"  # server.data_dir
CONTROL_SOCKET = "control.sock"  # in it

"""Logging off the event loop: records go into a queue, a thread writes them."""

from __future__ import annotations

import logging
import logging.handlers
import queue
import sys
import time


class LogWriter:
    """Sends everything under "centrala" to standard error, in UTC. `stop` writes what waits."""

    def __init__(self, level: str) -> None:
        formatter = logging.Formatter(
            "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        formatter.converter = time.gmtime
        stream = logging.StreamHandler(sys.stderr)
        stream.setFormatter(formatter)
        records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        self._handler = logging.handlers.QueueHandler(records)
        self._listener = logging.handlers.QueueListener(records, stream)
        self._root = logging.getLogger()
        self._root.setLevel(logging.WARNING)
        logging.getLogger("centrala").setLevel(level.upper())
        self._root.addHandler(self._handler)
        self._listener.start()

    def stop(self) -> None:
        self._root.removeHandler(self._handler)
        self._listener.stop()

"""The process: uvloop, signals, draining, exit status."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

import uvloop

from pbx.app.pbx import Pbx
from pbx.config import Config
from pbx.configfile import ConfigError
from pbx.media.speech import SpeechError
from pbx.runtime.logs import LogWriter
from pbx.runtime.startup import StartError
from pbx.store.errors import StoreError
from pbx.transport.base import ListenError
from pbx.transport.tls import CertificateError

log = logging.getLogger("centrala.app")

OURS_ONLY = 0o077  # umask: whatever is written, also by child processes, is ours alone (security.md R22)
DRAIN_S = 60.0  # running calls may end within this after SIGTERM
EXPECTED = (ConfigError, StartError, StoreError, ListenError, CertificateError, SpeechError, OSError)


def run(config: Config) -> int:
    """Runs the PBX until SIGTERM or SIGINT; returns the exit status (0 after a stop, 1 when it could not start)."""
    os.umask(OURS_ONLY)
    logs = LogWriter(config.server.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(config))
    finally:
        logs.stop()


async def _serve(config: Config) -> int:
    stopping = _Stopping()
    app = Pbx(config)
    try:
        await app.start()
    except EXPECTED as error:
        print(f"the PBX cannot start: {error}", file=sys.stderr)
        return 1
    log.info("%s serves", config.server.name)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, app)
    try:
        await stopping.first.wait()
        log.info("draining: new calls are refused, %d running ones may end within %g s", len(app.calls.calls), DRAIN_S)
        await _drain(app, stopping)
    finally:
        await app.stop()
    log.info("stopped")
    return 0


def _reload(app: Pbx) -> None:
    """SIGHUP: certificate and key are read again; calls notice nothing."""
    if not app.config.tls.certificate:
        log.info("SIGHUP: there is no certificate to read again")
        return
    try:
        app.certificates.reload()
    except CertificateError as error:
        log.warning("SIGHUP: %s", error)


async def _drain(app: Pbx, stopping: _Stopping) -> None:
    """Until the calls are over, DRAIN_S have passed, or a second signal came."""
    draining = asyncio.ensure_future(app.drain(DRAIN_S))
    impatient = asyncio.ensure_future(stopping.second.wait())
    done, pending = await asyncio.wait((draining, impatient), return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if draining in done and draining.result():
        log.warning("%d calls were ended after %g s", draining.result(), DRAIN_S)


class _Stopping:
    """SIGTERM or SIGINT: the first one drains, the second one stops at once."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        (self.second if self.first.is_set() else self.first).set()

"""The process: uvloop, signals, draining, exit status."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable

import uvloop

from pbx.app.pbx import Pbx
from pbx.app.reconfigure import SettingsRefused
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
_tasks: set[asyncio.Task[None]] = set()  # of signals; the loop holds tasks only weakly
EXPECTED = (ConfigError, StartError, StoreError, ListenError, CertificateError, SpeechError, OSError)


def run(config: Config, reload: Callable[[], Config] | None = None) -> int:
    """Runs the PBX until SIGTERM or SIGINT; returns the exit status (0 after a stop, 1 when it could not start, or
    had to end because another process has taken its database).

    `reload` reads the file of the configuration again.
    """
    os.umask(OURS_ONLY)
    logs = LogWriter(config.server.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(config, reload))
    finally:
        logs.stop()


async def _serve(config: Config, reload: Callable[[], Config] | None) -> int:
    stopping = _Stopping()
    app = Pbx(config, reload=reload)
    try:
        await app.start()
    except EXPECTED as error:
        print(f"the PBX cannot start: {error}", file=sys.stderr)
        return 1
    log.info("%s serves", config.server.name)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, app)
    try:
        taken = await _until_asked(app, stopping)
        log.info("draining: new calls are refused, %d running ones may end within %g s", len(app.calls.calls), DRAIN_S)
        await _drain(app, stopping)
    finally:
        await app.stop()
    log.info("stopped")
    return int(taken)


async def _until_asked(app: Pbx, stopping: _Stopping) -> bool:
    """Until a signal asks for the end, or another process has the database: then True, and there is no use in going on,
    for what customers were promised is that one's now.
    """
    taken = asyncio.ensure_future(app.store.taken.wait())
    asked = asyncio.ensure_future(stopping.first.wait())
    await asyncio.wait((taken, asked), return_when=asyncio.FIRST_COMPLETED)
    taken.cancel()
    asked.cancel()
    return app.store.taken.is_set()


def _reload(app: Pbx) -> None:
    """SIGHUP: the file of the configuration, certificate and key are read again; calls notice nothing."""
    _tasks.add(task := asyncio.get_running_loop().create_task(_reread(app)))
    task.add_done_callback(_tasks.discard)
    if not app.config.tls.certificate:
        return
    try:
        app.certificates.reload()
    except CertificateError as error:
        log.warning("SIGHUP: %s", error)


async def _reread(app: Pbx) -> None:
    try:
        done = await app.settings.reread()
    except (SettingsRefused, StoreError) as error:
        log.error("SIGHUP: the configuration stays as it is: %s", error)
        return
    log.info("SIGHUP: the file was read again, %d entries changed", len(done.changes))
    if done.restart:
        log.warning("SIGHUP: changes of %s wait for the next start", ", ".join(done.restart))


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

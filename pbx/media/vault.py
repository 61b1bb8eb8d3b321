"""The server's side of the process that seals and converts recordings: one child, started again when it dies.

Encryption and Opus stay out of the server's process: neither the event loop nor the writer thread waits for them. While
no child is there nothing is recorded that should be sealed: a recording is never written in the clear instead.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from fcntl import F_SETPIPE_SZ, fcntl
from typing import Any

from pbx.media.speech import worker_environment

log = logging.getLogger("centrala.recording")
PIPE_OCTETS = 1024 * 1024  # half a minute of stereo, while the child is busy
LARGEST = 64 * 1024
END_S = 5.0  # for what is on its way when the server stops

Answer = Callable[[dict[str, Any] | None], None]  # None: the child died


class Vault:
    """Gives jobs to the child; each answer goes to the callback of its job."""

    def __init__(self, loop: asyncio.AbstractEventLoop, key: bytes) -> None:
        self._loop = loop
        self._key = key
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: dict[int, Answer] = {}
        self._next = 0
        self.starts = 0
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                [sys.executable, "-m", "pbx.media.vault_worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=worker_environment(),
            )
        ours.setblocking(False)
        self._socket = ours
        self.starts += 1
        self._loop.add_reader(ours.fileno(), self._read)
        if self._key:
            ours.send(json.dumps({"op": "key", "key": self._key.hex()}).encode())

    def seal(self, file: int, channels: int, done: Answer) -> int:
        """A pipe whose frames are sealed into `file`; both are the receiver's to close. Raises OSError."""
        out, pipe = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            fcntl(pipe, F_SETPIPE_SZ, PIPE_OCTETS)
        except OSError:  # the limit of the system for all pipes is reached: 64 KiB are two seconds
            log.debug("a recording has a small pipe")
        try:
            self._send({"op": "seal", "channels": channels}, done, out, file)
        except OSError:
            os.close(pipe)
            raise
        finally:
            os.close(out)
        os.close(file)
        return pipe

    def convert(self, source: str, target: str, done: Answer) -> None:
        """To Ogg/Opus; the source is removed when the target is whole. Raises OSError."""
        self._send({"op": "convert", "source": source, "target": target}, done)

    def _send(self, request: dict[str, Any], done: Answer, *descriptors: int) -> None:
        if self._socket is None:
            self._start()
        assert self._socket is not None
        self._next += 1
        data = json.dumps({**request, "id": self._next}).encode()
        try:
            socket.send_fds(self._socket, [data], descriptors)
        except BlockingIOError as error:
            raise OSError(errno.EBUSY, "the process that seals recordings is behind") from error
        except (BrokenPipeError, ConnectionResetError) as error:
            raise OSError(errno.EPIPE, "the process that seals recordings has just ended") from error
        self._waiting[self._next] = done

    def _read(self) -> None:
        assert self._socket is not None
        while True:
            try:
                data = self._socket.recv(LARGEST)
            except BlockingIOError:
                return
            except ConnectionResetError:
                data = b""
            if not data:
                self._died()
                return
            self._answer(json.loads(data))

    def _answer(self, answer: dict[str, Any]) -> None:
        done = self._waiting.pop(answer["id"], None)
        if done is not None:
            done(answer)

    def _died(self) -> None:
        """The next job starts another one; those that it had are lost."""
        status = self._let_go()
        waiting, self._waiting = self._waiting, {}
        log.error("the process that seals recordings ended with status %s", status)
        for done in waiting.values():
            done(None)

    def _let_go(self) -> int | None:
        assert self._socket is not None
        assert self._process is not None
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._socket = None
        try:
            return self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def close(self) -> None:
        """Waits, a few seconds at most, until what was recorded is sealed. What was to be converted stays as it is."""
        if self._socket is None:
            return
        self._socket.shutdown(socket.SHUT_WR)
        self._socket.settimeout(END_S)
        try:
            while data := self._socket.recv(LARGEST):
                self._answer(json.loads(data))
        except (TimeoutError, ConnectionResetError):
            log.warning("the process that seals recordings does not end; it is stopped")
        self._let_go()
        self._waiting.clear()

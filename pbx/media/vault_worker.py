"""The process that seals and converts recordings: `python -m pbx.media.vault_worker <socket>` (pbx.media.vault).

Requests and answers are datagrams of JSON on the socket, descriptors go with them:
    {"op": "key", "key": "<hex>"}                               first, when recordings are encrypted
    {"op": "seal", "id": 1, "channels": 2} + pipe, file         frames come through the pipe until its end
    {"op": "convert", "id": 2, "source": path, "target": path}  to Ogg/Opus
Answers: {"id": 1, "ok": true, "octets": 1234} or {"id": 1, "ok": false, "error": "..."}.

Sound never lies on the disk in the clear once a key is set: frames are sealed as they come, a second at a time, and the
conversion reads and writes sealed files. When the server is gone the pipes end, what came is sealed, and the process
ends.
"""

from __future__ import annotations

import json
import os
import queue
import selectors
import signal
import socket
import sys
import threading
import time
from typing import Any

from pbx.media.sealing import SEGMENT, Description, Sealer

FLUSH_S = 1.0  # frames wait for so long at most before they are sealed
READ = 256 * 1024
LARGEST = 64 * 1024  # octets of a request
NICE = 10


class Tape:
    """One recording: frames from a pipe, segments into a file."""

    def __init__(self, number: int, pipe: int, file: int, key: bytes, channels: int) -> None:
        self.number = number
        self.pipe = pipe
        self._file = file
        self._waiting = bytearray()
        self._sealer = Sealer(self._write, key, Description("pcm", 8000, channels))
        self.octets = 0
        self.error = ""

    def _write(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            at += os.write(self._file, data[at:])

    def read(self) -> bool:
        """Takes what has come; False at the end of the pipe."""
        try:
            data = os.read(self.pipe, READ)
        except BlockingIOError:
            return True
        self._waiting += data
        if len(self._waiting) >= SEGMENT:
            self.flush()
        return bool(data)

    def flush(self, *, last: bool = False) -> None:
        """Seals what waits. A disk that refuses ends the recording: the server sees its pipe closed."""
        sound, self._waiting = bytes(self._waiting), bytearray()
        if self.error:
            return
        try:
            self._sealer.seal(sound, last=last)
            self.octets += len(sound)
            if last:
                os.fsync(self._file)
        except OSError as error:
            self.error = error.strerror or str(error)

    def close(self) -> None:
        """Both ends."""
        os.close(self.pipe)
        os.close(self._file)


class Vault:
    """Serves one server until its socket ends."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._tapes: dict[int, Tape] = {}  # by pipe
        self._key = b""
        self._conversions: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._converter = threading.Thread(target=self._convert_all, daemon=True)
        self._lock = threading.Lock()
        self._open = True

    def run(self) -> None:
        """Until the server is gone and every pipe has ended."""
        self._converter.start()
        flushed = time.monotonic()
        while self._open or self._tapes:
            for ready, _ in self._selector.select(FLUSH_S if self._tapes else None):
                if ready.fileobj is self._control:
                    self._take_request()
                else:
                    self._serve(self._tapes[ready.fd])
            if time.monotonic() - flushed >= FLUSH_S:
                flushed = time.monotonic()
                for tape in list(self._tapes.values()):
                    tape.flush()
                    self._give_up(tape)
        self._conversions.put(None)
        self._converter.join()

    def _take_request(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self._control, LARGEST, 2)
        if not data:
            self._open = False
            self._selector.unregister(self._control)
            return
        request = json.loads(data)
        if request["op"] == "key":
            self._key = bytes.fromhex(request["key"])
        elif request["op"] == "seal":
            self._start(request, *descriptors)
        elif request["op"] == "convert":
            self._conversions.put(request)

    def _start(self, request: dict[str, Any], pipe: int, file: int) -> None:
        os.set_blocking(pipe, False)
        try:
            tape = Tape(request["id"], pipe, file, self._key, request["channels"])
        except OSError as error:
            os.close(pipe)
            os.close(file)
            self.answer({"id": request["id"], "ok": False, "error": error.strerror})
            return
        self._tapes[pipe] = tape
        self._selector.register(pipe, selectors.EVENT_READ)

    def _serve(self, tape: Tape) -> None:
        if not tape.read():
            tape.flush(last=True)
            self._end(tape)
        else:
            self._give_up(tape)

    def _give_up(self, tape: Tape) -> None:
        if tape.error:
            self._end(tape)

    def _end(self, tape: Tape) -> None:
        self._selector.unregister(tape.pipe)
        del self._tapes[tape.pipe]
        tape.close()
        answer: dict[str, Any] = {"id": tape.number, "ok": not tape.error, "octets": tape.octets}
        self.answer(answer | ({"error": tape.error} if tape.error else {}))

    def answer(self, answer: dict[str, Any]) -> None:
        """Tells the server, if it is there still."""
        with self._lock:
            try:
                self._control.send(json.dumps(answer).encode())
            except OSError:
                self._open = False

    def _convert_all(self) -> None:
        from pbx.media.conversion import convert

        while (request := self._conversions.get()) is not None:
            try:
                octets = convert(request["source"], request["target"], self._key)
                self.answer({"id": request["id"], "ok": True, "octets": octets})
            except Exception as error:  # whatever a file is, the worker lives to convert the next
                self.answer({"id": request["id"], "ok": False, "error": f"{type(error).__name__}: {error}"})


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is the server's to handle
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends with its server, when all is sealed
    os.nice(NICE)
    Vault(socket.socket(fileno=int(sys.argv[1]))).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

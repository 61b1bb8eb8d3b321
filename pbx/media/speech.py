"""The server's side of the speech worker: one child process, restarted when it dies or hangs.

Rendering stays out of the server because espeak crashes now and then, is GPL-3, and would cost the event loop tens of
milliseconds a prompt. Jobs run one at a time, callers that wait first.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pbx

log = logging.getLogger("centrala.speech")

REMEDY = "install it with: apt-get install --no-install-recommends espeak-ng"
URGENT, BACKGROUND = 0, 1  # a caller waits; the cache is being filled

START_TIMEOUT_S = 30.0
JOB_TIMEOUT_S = 10.0
CONVERT_TIMEOUT_S = 120.0
TIMEOUT_S_PER_CHAR = 0.02
ATTEMPTS = 2  # a job that kills the worker twice is refused
GENTLE_END_S = 0.5
RETRY_START_S = 15.0  # how long a worker that could not start is left alone
SCRATCH_PREFIX = "centrala-speech-"  # nothing else is ever removed
_STDERR_KEPT = 2000


class SpeechError(RuntimeError):
    """A text or a sound could not be rendered; `kind` is "voice", "synthesis", "file", "input", "died" or "timeout"."""

    def __init__(self, text: str, kind: str = "internal") -> None:
        super().__init__(text)
        self.kind = kind


class SpeechUnavailable(SpeechError):
    """There is no text to speech on this machine; the message names the remedy."""

    def __init__(self, reason: str, remedy: str = REMEDY) -> None:
        super().__init__(f"text to speech does not work: {reason}; {remedy}", "unavailable")


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker says when it is up. `error` is why it cannot speak ("" when it can); music it can make anyway."""

    version: str
    voices: tuple[str, ...]
    error: str = ""
    folder: str = ""  # its scratch folder, for the server to remove when the worker can no longer


@dataclass(order=True, slots=True)
class _Job:
    priority: int
    number: int
    request: dict[str, Any] = field(compare=False)
    timeout_s: float = field(compare=False)
    result: asyncio.Future[dict[str, Any]] = field(compare=False)


def worker_command(*, configured: bool = False) -> list[str]:
    """The command line of the worker process; a `configured` one is told its engine on stdin."""
    return [sys.executable, "-m", "pbx.media.speech_worker", *(["--engine"] if configured else [])]


def worker_environment() -> dict[str, str]:
    """The server's environment without its secrets, and with this source tree on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("CENTRALA_")}
    root = str(Path(pbx.__file__).resolve().parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join(part for part in (root, kept.get("PYTHONPATH", "")) if part)
    kept["PYTHONUNBUFFERED"] = "1"
    kept.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy: one thread is enough, and 64 stacks are not free
    return kept


def _named(wide: Mapping[int, Path]) -> dict[str, str]:
    """Sounds by their rates, as JSON has them."""
    return {str(hertz): str(path) for hertz, path in wide.items()}


def _seconds(answer: Mapping[str, Any]) -> float:
    return float(answer["duration_s"])


def parse_hello(line: bytes) -> Hello:
    """The worker's first line. Raises ValueError when it is something else."""
    data = json.loads(line)
    if data.get("ready"):
        return Hello(str(data["version"]), tuple(data["voices"]), folder=str(data.get("folder", "")))
    return Hello("", (), str(data.get("error", "it gave no reason")))


def probe(timeout_s: float = START_TIMEOUT_S) -> Hello:
    """Starts a worker, asks who it is and ends it. Blocks up to `timeout_s`; for `doctor`, never for the event loop.

    Raises SpeechUnavailable.
    """
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and module)
            worker_command(), input=b"", capture_output=True, timeout=timeout_s, env=worker_environment(), check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpeechUnavailable(f"the worker did not answer: {error}") from error
    try:
        hello = parse_hello(done.stdout.splitlines()[0])
    except (ValueError, IndexError, KeyError) as error:
        tail = done.stderr.decode(errors="replace")[-300:].strip()
        raise SpeechUnavailable(f"the worker ended with status {done.returncode}: {tail}") from error
    if hello.error:
        raise SpeechUnavailable(hello.error)
    return hello


class SpeechWorker:
    """Renders texts and music to files, one job at a time, urgent ones first."""

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        job_timeout_s: float = JOB_TIMEOUT_S,
        engine: Mapping[str, Any] | None = None,
    ) -> None:
        """`engine` is the section of the configuration that describes it; espeak-ng without one."""
        self._command = list(command) if command is not None else worker_command(configured=engine is not None)
        self._engine = engine
        self._remedy = REMEDY if engine is None else f"correct [[speech.engine]] {engine['name']!r}"
        self._job_timeout_s = job_timeout_s
        self._jobs: asyncio.PriorityQueue[_Job] = asyncio.PriorityQueue()
        self._runner: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._hello: Hello | None = None
        self._not_before = 0.0
        self._start_error = ""
        self._drainer: asyncio.Task[None] | None = None
        self._stderr = b""
        self._note = ""
        self._starting = asyncio.Lock()
        self._numbers = 0
        self.rendered = 0
        self.failed = 0
        self.restarts = 0
        self.started = 0

    async def start(self) -> Hello:
        """Starts the worker and waits until it is up. Raises SpeechUnavailable when it cannot speak.

        Jobs are taken in either case: the worker is started again when one asks for it.
        """
        if self._runner is None:
            self._runner = asyncio.create_task(self._run(), name="speech-worker")
        hello = await self._ensure()
        if hello.error:
            raise SpeechUnavailable(hello.error, self._remedy)
        return hello

    async def stop(self) -> None:
        """Ends the worker; jobs that wait fail with SpeechError. Idempotent."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await runner
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            if not job.result.done():
                job.result.set_exception(SpeechError("the server is stopping", "died"))
        await self._end_process(gently=True)

    async def say(
        self,
        text: str,
        voice: str,
        rate: int,
        out: Path,
        *,
        priority: int = URGENT,
        wide: Mapping[int, Path] | None = None,
    ) -> float:
        """Renders `text` into a WAV of 8 kHz at `out`, and into those of `wide` by their rate in Hz.

        Gives its length in seconds. Raises SpeechError or SpeechUnavailable.
        """
        timeout_s = self._job_timeout_s + TIMEOUT_S_PER_CHAR * len(text)
        request: dict[str, Any] = {"op": "say", "text": text, "voice": voice, "rate": rate, "out": str(out)}
        if wide:
            request["wide"] = _named(wide)
        return _seconds(await self._submit(request, timeout_s, priority))

    async def music(self, out: Path, wide: Mapping[int, Path] | None = None) -> float:
        """Renders the project's own music into a WAV at `out`, and into those of `wide`. Raises SpeechError."""
        request = {"op": "music", "out": str(out), "wide": _named(wide or {})}
        return _seconds(await self._submit(request, CONVERT_TIMEOUT_S, BACKGROUND))

    async def take(self, source: Path, out: Path, wide: Mapping[int, Path], master: Path) -> dict[str, Any]:
        """Makes a prompt of what a human has spoken: its measures (pbx.media.take). Raises SpeechError with why not."""
        request = {"op": "take", "source": str(source), "out": str(out), "master": str(master), "wide": _named(wide)}
        return await self._submit(request, CONVERT_TIMEOUT_S, BACKGROUND)

    async def convert(self, source: Path, out: Path, wide: Mapping[int, Path] | None = None) -> float:
        """Renders an operator's WAV file into ones that can be played. Raises SpeechError naming the file."""
        request = {"op": "convert", "source": str(source), "out": str(out), "wide": _named(wide or {})}
        return _seconds(await self._submit(request, CONVERT_TIMEOUT_S, BACKGROUND))

    async def _submit(self, request: dict[str, Any], timeout_s: float, priority: int) -> dict[str, Any]:
        if self._runner is None:
            raise SpeechError("the speech worker is not started", "died")
        self._numbers += 1
        result: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(_Job(priority, self._numbers, request | {"id": self._numbers}, timeout_s, result))
        return await result

    async def _run(self) -> None:
        while True:
            job = await self._jobs.get()
            if job.result.done():  # whoever asked has gone
                continue
            try:
                answer = await self._attempt(job)
            except SpeechError as error:
                self.failed += 1
                if not job.result.done():
                    job.result.set_exception(error)
            except asyncio.CancelledError:
                if not job.result.done():
                    job.result.set_exception(SpeechError("the server is stopping", "died"))
                raise
            else:
                self.rendered += 1
                if not job.result.done():
                    job.result.set_result(answer)

    async def _attempt(self, job: _Job) -> dict[str, Any]:
        """Does a job; a worker that dies or hangs over it is replaced, and the job tried once more."""
        failure = SpeechError("the speech worker was not asked")
        for _ in range(ATTEMPTS):
            hello = await self._ensure()
            if hello.error and job.request["op"] == "say":
                raise SpeechUnavailable(hello.error, self._remedy)
            try:
                async with asyncio.timeout(job.timeout_s):
                    answer = await self._exchange(job.request)
            except (TimeoutError, OSError, EOFError, ValueError) as error:
                failure = await self._replace(job, error)
                continue
            if answer.get("ok"):
                self._heed(str(answer.get("note", "")))
                return answer
            raise SpeechError(str(answer.get("error")), str(answer.get("kind", "internal")))
        raise failure

    def _heed(self, note: str) -> None:
        """What the operator should know though it works, once."""
        if note and note != self._note:
            log.warning("speech: %s", note)
        self._note = note or self._note

    async def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EOFError("there is no worker")
        process.stdin.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
        await process.stdin.drain()
        while True:
            line = await process.stdout.readline()
            if not line:
                raise EOFError("the worker closed its answers")
            answer: dict[str, Any] = json.loads(line)
            if answer.get("id") == request["id"]:
                return answer

    async def _replace(self, job: _Job, error: Exception) -> SpeechError:
        """Ends the worker after a failure; returns the error to give if there is no further attempt."""
        await self._end_process()
        self.restarts += 1
        what = str(job.request.get("text") or job.request.get("source") or job.request["op"])[:80]
        if isinstance(error, TimeoutError):
            text, kind = f"the speech worker hung for {job.timeout_s:.0f} s over {what!r}", "timeout"
        else:
            text, kind = f"the speech worker died over {what!r} ({error})", "died"
        log.warning("%s; it is started again", text)
        return SpeechError(text, kind)

    async def _ensure(self) -> Hello:
        """The running worker's hello; starts one when there is none or when it could not speak a while ago."""
        async with self._starting:
            now = asyncio.get_running_loop().time()
            running = self._process is not None and self._process.returncode is None
            if running and self._hello is not None and (not self._hello.error or now < self._not_before):
                return self._hello
            if self._start_error and now < self._not_before:
                raise SpeechUnavailable(self._start_error, self._remedy)
            await self._end_process()
            self._not_before = now + RETRY_START_S
            try:
                self._hello = await self._spawn()
            except SpeechUnavailable:
                await self._end_process()
                raise
            self._start_error = ""
            return self._hello

    async def _spawn(self) -> Hello:
        self.started += 1
        self._stderr = b""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=worker_environment(),
                start_new_session=True,  # the terminal's Ctrl-C is the server's to handle
            )
            assert self._process.stdout is not None
            assert self._process.stderr is not None
            self._drainer = asyncio.create_task(self._keep_stderr(self._process.stderr))
            if self._engine is not None and self._process.stdin is not None:
                self._process.stdin.write(json.dumps(dict(self._engine)).encode() + b"\n")
                await self._process.stdin.drain()
            async with asyncio.timeout(START_TIMEOUT_S):
                line = await self._process.stdout.readline()
            return parse_hello(line)
        except (OSError, TimeoutError, ValueError, KeyError) as error:
            await asyncio.sleep(0)  # what it wrote before it died
            tail = self._stderr.decode(errors="replace")[-300:].strip()
            self._start_error = f"the worker did not start: {type(error).__name__} {error} {tail}".strip()
            raise SpeechUnavailable(self._start_error, self._remedy) from error

    async def _keep_stderr(self, stream: asyncio.StreamReader) -> None:
        """Reads what the libraries print, so that the pipe never fills, and keeps the end for error messages."""
        while chunk := await stream.read(4096):
            self._stderr = (self._stderr + chunk)[-_STDERR_KEPT:]

    async def _end_process(self, *, gently: bool = False) -> None:
        """Ends the worker: `gently` gives it half a second to go by itself, as it does when its stdin ends."""
        process, self._process = self._process, None
        drainer, self._drainer = self._drainer, None
        hello, self._hello = self._hello, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            if gently:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), GENTLE_END_S)
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
            if hello is not None and os.path.basename(hello.folder).startswith(SCRATCH_PREFIX):
                await asyncio.to_thread(shutil.rmtree, hello.folder, ignore_errors=True)
        if drainer is not None:
            drainer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await drainer

"""A headless Chromium with a softphone in it (JsSIP), a process of its own: `python -m harness.browser SETTINGS.json`.

It registers over WebSocket, calls or is called, sends a tone from a file as its microphone, and ends with status 0 when
it heard the tone that it was to hear for long enough. What happens is told on standard output, a line each.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np

BROWSER = Path(__file__).resolve().parent.parent / "browser"
RATE = 48000
TONE_S = 4.0
TELLING = (
    *("console", "error", "failed", "connection", "accepted", "confirmed", "ended", "heard", "wrong:"),
    *("consulted", "referred", "transferred", "consultation-ended"),
)
START_S = 60.0  # a busy machine may take long to start Chromium
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--ignore-certificate-errors",
]


def missing() -> str:
    """What this machine lacks for a browser behaviour; "" when nothing."""
    if shutil.which("chromium") is None:
        return "Chromium is missing (apt-get install chromium)"
    if not (BROWSER / "node_modules" / ".bin" / "esbuild").exists():
        return "the softphone library is missing (npm ci in sip-tests/browser)"
    return ""


def bundle(folder: Path) -> Path:
    """page.js with its library in one file; made once for a run of the tests."""
    target = folder / "page.js"
    if not target.exists() or target.stat().st_mtime < (BROWSER / "page.js").stat().st_mtime:
        folder.mkdir(parents=True, exist_ok=True)
        command = [str(BROWSER / "node_modules" / ".bin" / "esbuild"), "page.js", "--bundle", "--format=iife"]
        made = folder / f"page-{time.monotonic_ns()}.js"
        subprocess.run([*command, f"--outfile={made}", "--log-level=error"], cwd=BROWSER, check=True)
        made.replace(target)
    return target


class Browser:
    """A running browser, with as much of `harness.sipp.Sipp` as the runner needs."""

    def __init__(
        self, settings: dict[str, Any], folder: Path, label: str, timeout_s: float, module: str = "harness.browser"
    ) -> None:
        self.label = label
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{label}.json"
        path.write_text(json.dumps({**settings, "timeout_s": timeout_s}), encoding="utf-8")
        self._deadline = time.monotonic() + START_S + timeout_s + 10
        self._lines: list[str] = []
        command = [sys.executable, "-m", module, str(path)]
        self._process = subprocess.Popen(
            command, cwd=BROWSER.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with (self.folder / f"{self.label}.log").open("w", encoding="utf-8") as log:
            for line in self._process.stdout:
                text = line.decode(errors="replace").rstrip()
                self._lines.append(text)
                log.write(text + "\n")
                log.flush()

    def await_registered(self) -> bool:
        """Until the softphone is registered; False when that failed."""
        deadline = time.monotonic() + START_S
        while self.running() and time.monotonic() < deadline:
            if any(line.startswith("registered") for line in self._lines):
                return True
            time.sleep(0.02)
        return False

    def running(self) -> bool:
        return self._process.poll() is None

    def rtp_lines(self) -> list[tuple[str, int, int]]:
        return []

    def messages(self) -> list[tuple[bool, str]]:
        return []

    def overdue(self) -> bool:
        return time.monotonic() > self._deadline

    def finish(self) -> int:
        try:
            status = self._process.wait(timeout=max(0.1, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            status = 97
        self._reader.join(timeout=5)
        return status

    def kill(self) -> None:
        if self.running():
            self._process.terminate()  # it closes its Chromium
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def explain(self, status: int) -> str:
        return f"{self.label}: the browser ended with {status}\n" + "\n".join(
            line for line in self._lines if line.partition(" ")[0] in TELLING
        )


def write_tone(path: Path, hertz: float) -> None:
    """The microphone: a tone that goes round without a click."""
    whole = round(TONE_S * hertz) / hertz  # full periods
    count = round(whole * RATE)
    samples = 0.3 * np.sin(2 * np.pi * hertz * np.arange(count) / RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


class _Page:
    """Drives one page; `told` is called by it."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self.events: list[tuple[str, str]] = []

    def told(self, what: str, detail: str) -> None:
        self.events.append((what, detail))
        print(f"{what} {detail}".rstrip(), flush=True)

    def _trace(self, socket: Any) -> None:
        """Every SIP message goes into the log."""
        socket.on("framesent", lambda text: print(f"-- sent\n{text}", flush=True))
        socket.on("framereceived", lambda text: print(f"-- received\n{text}", flush=True))

    def happened(self, *names: str) -> bool:
        return any(what in names for what, _ in self.events)

    def heard_ms(self) -> float:
        return max((float(detail) for what, detail in self.events if what == "heard"), default=0.0)

    def run(self, page: Any, script: str) -> str:
        """The call, from the registration to its end; what was wrong, or ""."""
        wanted = self._settings
        page.expose_function("told", self.told)
        page.on("console", lambda message: print(f"console {message.text}"[:300], flush=True))
        page.on("pageerror", lambda error: print(f"error {error}", flush=True))
        page.on("websocket", self._trace)
        # Any page of the PBX: Chromium lets nobody else open a WebSocket to a loopback address.
        page.goto(wanted["page"])
        page.add_script_tag(path=script)
        page.evaluate("wanted => window.start(wanted)", wanted)
        if not self._until(page, START_S, "registered", "failed"):
            return "not registered"
        if not self._until(page, wanted["timeout_s"], "confirmed", "failed", "ended"):
            return "no call"
        begun = time.monotonic()
        while time.monotonic() - begun < wanted["talk_ms"] / 1000 and not self.happened("ended", "failed"):
            page.wait_for_timeout(50)
        if not self.happened("ended", "failed"):
            if wanted["hang_up"]:
                page.evaluate("() => window.session.terminate()")
            self._until(page, wanted["timeout_s"], "ended", "failed")
        page.evaluate("() => window.ua.stop()")
        page.wait_for_timeout(300)
        if self.happened("failed"):
            return "the call failed"
        if wanted["consult"] and not self.happened("transferred"):
            return "the transfer was not told as done"
        if wanted["hear"] and self.heard_ms() < wanted["for_ms"]:
            return f"{wanted['hear']:g} Hz was heard for {self.heard_ms():.0f} ms, {wanted['for_ms']:.0f} were expected"
        return ""

    def _until(self, page: Any, limit_s: float, *names: str) -> bool:
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if self.happened(*names):
                return not self.happened("failed") or "failed" not in names or "ended" in names
            page.wait_for_timeout(50)
        return False


def main() -> int:
    """One browser, one call."""
    from playwright.sync_api import sync_playwright

    path = Path(sys.argv[1])
    settings = json.loads(path.read_text(encoding="utf-8"))
    tone = path.with_suffix(".wav")
    write_tone(tone, settings["send"])
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[*FLAGS, f"--use-file-for-fake-audio-capture={tone}"],
        )
        try:
            context = chromium.new_context(ignore_https_errors=True, bypass_csp=True)
            wrong = _Page(settings).run(context.new_page(), settings["script"])
        finally:
            chromium.close()
    if wrong:
        print(f"wrong: {wrong}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""One SIPp run: the scenario filled in, without a terminal, its exit status and its traces kept."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import time
from pathlib import Path

from harness.template import BadScenario, fill

EXIT_WORDS = {1: "a call failed", 97: "it ran into its time limit", 99: "no call was made", 255: "a fatal error"}
_MESSAGE = re.compile(r"message (sent|received) [^\n]*:\n\n(.*?)(?=\n-{20,}|\Z)", re.DOTALL)


class Sipp:
    """A running SIPp. `rtp_lines()` gives what the scenario logged about RTP since the last call."""

    def __init__(
        self,
        scenario: Path,
        own_parts: Path,
        folder: Path,
        *,
        label: str,
        address: str,
        port: int,
        remote: str,
        mode: str,
        media: str,
        keys: dict[str, str],
        calls: int,
        rate: float,
        timeout_s: float,
        extra: list[str],
    ) -> None:
        binary = shutil.which("sipp")
        if binary is None:
            raise BadScenario("SIPp is missing: apt-get install sip-tester, or make setup")
        self.label = label
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{label}.xml"
        text = fill(scenario.read_text(encoding="utf-8"), keys, own_parts)
        path.write_text(text, encoding="utf-8")
        self._log = folder / f"{label}.log"
        self._errors = folder / f"{label}.errors"
        for stale in (self._log, self._errors):  # of an earlier run: its addresses would be taken for this one's
            stale.unlink(missing_ok=True)
        self._log_at = 0
        self._deadline = time.monotonic() + timeout_s + 10
        command = [binary, remote, "-sf", str(path), "-i", address, "-p", str(port), "-mi", media]
        command += ["-m", str(calls), "-r", str(rate), "-timeout", str(int(timeout_s)), "-timeout_error", "-nostdin"]
        command += ["-t", mode, "-recv_timeout", str(int(timeout_s * 1000))]
        command += ["-trace_logs", "-log_file", str(self._log), "-trace_err", "-error_file", str(self._errors)]
        command += ["-trace_msg", "-message_file", str(folder / f"{label}.messages"), *extra]
        with (folder / f"{label}.screen").open("wb") as screen:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen)

    def running(self) -> bool:
        return self._process.poll() is None

    def rtp_lines(self) -> list[tuple[str, int, int]]:
        """(address, port, which of the endpoint's ports sends) of each `rtp` line logged since the last call."""
        if not self._log.exists():
            return []
        text = self._log.read_text(errors="replace")
        whole = text.rfind("\n") + 1
        new, self._log_at = text[self._log_at : whole], max(whole, self._log_at)
        found = re.finditer(r"^.*rtp ([\dA-Fa-f.:]+) (\d+)(?: (\d))?", new, re.MULTILINE)
        return [(line[1], int(line[2]), int(line[3] or 1)) for line in found]

    def crypto_key(self, suite: str) -> bytes:
        """The key that the far end's last a=crypto line of that suite names; b"" when there is none (RFC 4568)."""
        for sent, message in reversed(self.messages()):
            found = re.search(rf"^a=crypto:\d+ {suite} inline:([A-Za-z0-9+/=]+)", message, re.MULTILINE)
            if found and not sent:
                return base64.b64decode(found[1])
        return b""

    def messages(self) -> list[tuple[bool, str]]:
        """Everything sent (True) and received so far, in order."""
        path = self.folder / f"{self.label}.messages"
        text = path.read_text(errors="replace") if path.exists() else ""
        return [(how == "sent", message) for how, message in _MESSAGE.findall(text.replace("\r", ""))]

    def overdue(self) -> bool:
        return time.monotonic() > self._deadline

    def finish(self) -> int:
        """Waits for its end (killing it when it overran its own time limit); returns the exit status."""
        try:
            return self._process.wait(timeout=max(0.1, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            return 97

    def kill(self) -> None:
        if self.running():
            self._process.kill()
            self._process.wait()

    def explain(self, status: int) -> str:
        """What went wrong, with the first lines of SIPp's own account."""
        detail = ""
        if self._errors.exists():
            detail = "\n".join(self._errors.read_text(errors="replace").splitlines()[:12])
        if not detail:
            screen = (self.folder / f"{self.label}.screen").read_text(errors="replace")
            detail = "\n".join(screen.strip().splitlines()[-6:])
        return f"{self.label}: SIPp status {status}, {EXIT_WORDS.get(status, 'unknown')}\n{detail}"

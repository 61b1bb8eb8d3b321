"""The SIPp phones: three agents that register and answer, twenty callers; each has an address and a process."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
from importlib.resources import files
from pathlib import Path

from pbx.demo import sounds
from pbx.demo.company import AGENTS, HOTLINE, Company, DemoError

SIP_PORT = 5060
CALL_LIMIT_S = 110
REGISTER_LIMIT_S = 10
REGISTER_EXPIRES_S = 86_400  # the phones of the demo never register again
RING_MS = 600
TALK_MS = (3200, 4600)
KEY = "1"
PR_SET_PDEATHSIG = 1
STATUS_WORDS = {1: "a call failed", 97: "it ran into its time limit", 99: "no call was made"}


class Phone:
    """One SIPp process; its screen, errors and messages are kept under the demo's folder."""

    def __init__(self, company: Company, label: str, address: str, xml: str, *arguments: str) -> None:
        self.label = label
        self._folder = company.folder / "sipp"
        self._folder.mkdir(parents=True, exist_ok=True)
        scenario = self._folder / f"{label}.xml"
        scenario.write_text(xml, encoding="utf-8")
        command = [_sipp(), f"{company.reach}:{company.sip_port}", "-sf", scenario.name]
        command += ["-i", address, "-p", str(SIP_PORT), "-mi", address, "-mp", str(sounds.MEDIA_PORT), "-t", "u1"]
        command += ["-nostdin", "-trace_err", "-error_file", f"{label}.errors", *arguments]
        (self._folder / f"{label}.errors").unlink(missing_ok=True)
        with (self._folder / f"{label}.screen").open("wb") as screen:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command, no shell
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
                preexec_fn=_before_exec,
            )

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    def wait(self, limit_s: float) -> int:
        try:
            return self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return 97

    def finish(self) -> None:
        """Asks it to end when the calls it has are over."""
        if self.status is None:
            self._process.send_signal(signal.SIGUSR1)

    def kill(self) -> None:
        if self.status is None:
            self._process.kill()
            self._process.wait()

    def explain(self) -> str:
        """What went wrong, with SIPp's own words."""
        status = self.status
        errors = self._folder / f"{self.label}.errors"
        detail = errors.read_text(errors="replace") if errors.exists() else ""
        first = next((line.strip() for line in detail.splitlines() if line.strip()), "")
        words = STATUS_WORDS.get(status or 0, "an error")
        return f"{self.label}: SIPp status {status} ({words}){': ' + first if first else ''}; traces in {self._folder}"


def _before_exec() -> None:
    """Twenty SIPps poll their sockets a thousand times a second each: on a small machine the PBX goes first."""
    os.nice(10)
    end_with_parent()


def end_with_parent() -> None:
    """Runs in the child before exec: the kernel ends it when the demo is gone, however it went."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def register_agents(company: Company, expires_s: int = REGISTER_EXPIRES_S) -> None:
    """Every agent's phone registers with its password. Raises DemoError."""
    phones = []
    for number in AGENTS:
        xml = fill("register.xml", user=number, secret=company.passwords[number], expires=str(expires_s))
        arguments = ("-m", "1", "-timeout", str(REGISTER_LIMIT_S), "-timeout_error")
        phones.append(Phone(company, f"register-{number}", company.agent_address(number), xml, *arguments))
    for phone in phones:
        if phone.wait(REGISTER_LIMIT_S + 2) != 0:
            raise DemoError(phone.explain())


def start_agents(company: Company) -> list[Phone]:
    """The agents' phones, ready to be called."""
    phones = []
    for index, number in enumerate(AGENTS):
        sounds.write_tone(_sound(company, f"agent-{number}.alaw"), sounds.agent_tone(index))
        xml = fill(
            "agent.xml",
            user=number,
            tone=f"agent-{number}.alaw",
            ring_ms=str(RING_MS),
            talk_ms_min=str(TALK_MS[0]),
            talk_ms_max=str(TALK_MS[1]),
        )
        phones.append(Phone(company, f"agent-{number}", company.agent_address(number), xml))
    return phones


class Callers:
    """Makes callers one by one; all of them press the same key in the way this machine allows."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self.captures = sounds.may_replay_captures()
        if self.captures:
            sounds.write_key_capture(_sound(company, "key.pcap"), KEY)
        else:
            sounds.write_key_tones(_sound(company, "key.alaw"), KEY)

    @property
    def method(self) -> str:
        """How keys are pressed, in words."""
        return "RFC 4733" if self.captures else "in-band tones (SIPp replays RFC 4733 only as root)"

    def start(self, index: int, listen_ms: int) -> Phone:
        """Caller number `index` (from 0) dials the hotline and presses the key after `listen_ms`."""
        tone = f"caller-{index + 1:02d}.alaw"
        sounds.write_tone(_sound(self._company, tone), sounds.caller_tone(index))
        xml = fill(
            "caller.xml",
            name=f"Caller {index + 1}",
            number=caller_number(index),
            tone=tone,
            listen_ms=str(listen_ms),
            press_key=self._press(tone),
            event_format=" 101" if self.captures else "",
            event_lines="\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15" if self.captures else "",
        )
        address = self._company.caller_address(index)
        limits = ("-m", "1", "-timeout", str(CALL_LIMIT_S), "-timeout_error")
        return Phone(self._company, f"caller-{index + 1:02d}", address, xml, "-s", HOTLINE, *limits)

    def _press(self, tone: str) -> str:
        if self.captures:  # the voice pauses while the key is down, as in a phone
            steps = ['rtp_stream="pause"', 'play_pcap_audio="key.pcap"']
            after = 'rtp_stream="resume"'
        else:
            steps = ['rtp_stream="key.alaw,1,8"']
            after = f'rtp_stream="{tone},-1,8"'
        actions = "".join(f"<exec {step}/>" for step in steps)
        return (
            f'<nop><action>{actions}</action></nop><pause milliseconds="360"/>'
            f"<nop><action><exec {after}/></action></nop>"
        )


def caller_number(index: int) -> str:
    """The number that caller `index` (from 0) shows."""
    return f"+4860010{index + 1:04d}"


def fill(scenario: str, **values: str) -> str:
    """A scenario of this package with {{key}} replaced."""
    text = files("pbx.demo").joinpath("sipp", scenario).read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match.group(1)], text)


def _sound(company: Company, name: str) -> Path:
    folder = company.folder / "sipp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _sipp() -> str:
    path = shutil.which("sipp")
    if path is None:
        raise DemoError("SIPp is missing: apt-get install sip-tester, or make setup")
    return path

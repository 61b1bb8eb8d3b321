"""Runs one behaviour against a PBX: its steps in order, then audio, records and leaks."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import examples, messages, pages, phones, prompts, recordings
from harness.beside import FAILURES, Beside
from harness.browser import Browser, bundle
from harness.edge import PORTS
from harness.judgement import judge
from harness.leaks import Leaks
from harness.model import Behaviour, Step
from harness.pbx import REPOSITORY, Pbx, PbxFailed
from harness.phones import PhoneFailed
from harness.polling import ask, until
from harness.ports import hex_address
from harness.records import Records, matches
from harness.rest import Rest, RestFailed
from harness.rtp import Endpoint
from harness.sipp import Sipp
from harness.stranger import Stranger, StrangerFailed, replaces
from harness.ways import Ways
from pbx.api.client import ControlError
from pbx.call.phone_settings import FIELDS as SETTINGS
from pbx.config import Config

OUT_OF_BROWSER = REPOSITORY / "build" / "sip-tests" / "browser"
LAST = 99  # the number in the traces of what comes after the steps
REGISTER = "register.xml"
UAS_READY_S = 30.0
FAILED = (
    *(PhoneFailed, PbxFailed, ControlError, RestFailed, StrangerFailed, *FAILURES),
    *(examples.ExampleFailed, messages.SmsFailed, pages.PageFailed),
)


class StepFailed(Exception):
    """A step did not go as it should; the rest of the behaviour makes no sense."""


@dataclass(slots=True)
class _Running:
    step: Step
    sipp: Sipp | Browser
    endpoint: Endpoint | None


@dataclass(slots=True)
class Run:
    """One run of a behaviour. `problems` is empty when it passed."""

    behaviour: Behaviour
    pbx: Pbx
    folder: Path
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what was measured
    _phones: dict[str, str] = field(default_factory=dict)  # registered by `phones`: extension and agent's state
    _hosts: dict[str, int] = field(default_factory=dict)
    _sessions: dict[str, str] = field(default_factory=dict)  # of visitors of pages
    _running: list[_Running] = field(default_factory=list)
    _ended: list[_Running] = field(default_factory=list)
    _ways: Ways = field(init=False)
    _records: Records = field(init=False)  # of the calls from now on
    _rest: Rest = field(init=False)
    _beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self._ways, self._records = Ways(self.pbx), Records(self.pbx.data_dir)
        self._rest = Rest(self.pbx, self._feed)
        self._beside = Beside(self.pbx)

    def execute(self) -> list[str]:
        """Runs everything and returns what was wrong."""
        shutil.rmtree(self.folder, ignore_errors=True)  # logs of an earlier run would be read as this one's
        leaks = Leaks(self.pbx)
        try:
            for index, step in enumerate(self.behaviour.steps):
                self._step(index, step)
            while self._running:
                self._join(self._running[0])
        except (StepFailed, *FAILED) as error:
            self.problems.append(str(error))
        finally:
            for running in self._running:
                running.sipp.kill()
            self._unregister()
            self._rest.close()
            self._beside.close()
            self._judge_audio()
            for running in (*self._running, *self._ended):
                if running.endpoint is not None:
                    running.endpoint.close()
        if not self.problems:
            behaviour = self.behaviour
            self.problems += self._records.check(behaviour)
            if behaviour.recordings is not None:
                folder = self.pbx.data_dir / "recordings"
                self.problems += recordings.check(folder, self._records.recordings(), behaviour.recordings)
        self._send_home()
        self._ways.close()
        self.problems += leaks.check()
        return self.problems

    def _step(self, index: int, step: Step) -> None:
        if step.browser:
            self._browse(index, step)
        elif step.shopping:
            self._shop(index, step)
        elif step.sipp:
            running = self._start(index, step)
            if step.background:
                self._await_ready(running)
            else:
                self._join(running)
        elif step.wait:
            for running in [running for running in self._running if running.step.who == step.wait]:
                self._join(running)
        elif step.control:
            ask(self.pbx, step.control)
        elif step.stranger:
            self._stranger(step.stranger)
        elif step.phones:
            self._register(step.phones)
        elif step.cli:
            self._cli(step)
        elif step.pause_s:
            self._pause(step.pause_s)
        elif step.sms:
            messages.act(self.pbx, step.sms, step.timeout_s)
        elif step.rest:
            self._rest.act(step.rest, step.timeout_s)
        elif step.examples:
            examples.run(self.pbx, step.examples, self.folder)
        elif step.page:
            pages.ask(self.pbx, step.page, self._sessions)
        elif step.live or step.money:
            self._beside.act(step)
        elif step.drop:
            self._ways.drop(step.drop)
        elif step.pbx:
            getattr(self.pbx, {"kill": "kill", "start": "start"}[step.pbx])()
        else:
            self._until(step)

    def _start(self, index: int, step: Step) -> _Running:
        address = self.pbx.network.address(self._host(step.who, step.host))
        rtp_address = "::1" if step.audio is not None and step.audio.ipv6 else address
        endpoint = Endpoint(rtp_address, step.audio) if step.audio is not None else None
        keys = self._keys(step, rtp_address, endpoint.ports if endpoint else [30000])
        if endpoint is not None and endpoint.shield is not None:
            keys.setdefault("crypto", endpoint.shield.line())
            keys.setdefault("crypto_2", endpoint.shield.second_line())
        if endpoint is not None and endpoint.codec.number not in (0, 8):
            payloads = f"{endpoint.codec.number} {endpoint.codec.event_type}"
            keys.setdefault("payloads", payloads)
            keys.setdefault("maps", endpoint.codec.lines)
        if step.replaces_of:
            keys["replaces"] = replaces(self._running_step(step.replaces_of).sipp.messages())
        way = self._ways.of(step.who, step.transport, address, step.port)
        remote = way.remote
        # SIPp's digest names its remote host as the URI unless told; RFC 3261 section 22.4 wants the Request-URI's.
        target = f"{keys['callee']}@{remote}" if "callee" in keys else remote
        sipp = Sipp(
            self.behaviour.scenario(step.sipp),
            self.behaviour.folder / "parts",
            self.folder,
            label=f"{index:02d}-{step.who}-{Path(step.sipp).stem}",
            address=way.address,
            port=way.port,
            remote=remote,
            mode=way.mode,
            media=address,
            keys=keys,
            calls=step.calls,
            rate=step.rate,
            timeout_s=step.timeout_s,
            extra=["-auth_uri", target, *(text.replace("{{net}}", self.pbx.network.prefix) for text in step.args)],
        )
        running = _Running(step, sipp, endpoint)
        self._running.append(running)
        return running

    def _browse(self, index: int, step: Step) -> None:
        """A page with a softphone, from its registration to the end of its one call."""
        host, user = self.pbx.address, _user(step)
        secure = step.transport == "wss"
        page = f"{'https' if secure else 'http'}://{host}:{PORTS['wss' if secure else 'ws']}/healthz"
        settings = {
            "page": page,
            "url": page.replace("http", "ws", 1).replace("/healthz", "/ws"),
            "domain": "pbx.test",
            "uri": f"sip:{user}@pbx.test",
            "password": self.pbx.secret_of(user),
            "script": str(bundle(OUT_OF_BROWSER)),
            "call": "",
            "send": 440,
            "hear": 0,
            "for_ms": 1000,
            "talk_ms": 3000,
            "digits": "",  # as RFC 4733 events, once the call is up
            "hold_ms": 0,  # puts the call on hold for so long, after `hold_after_ms`
            "hold_after_ms": 1500,
            "consult": "",  # holds, calls this number and joins the two by REFER with Replaces
            "hang_up": bool(step.browser.get("call")),
            **step.browser,
        }
        label = f"{index:02d}-{step.who}-browser"
        running = _Running(step, Browser(settings, self.folder, label, step.timeout_s), None)
        self._running.append(running)
        if not step.background:
            self._join(running)
        elif not running.sipp.await_registered():  # type: ignore[union-attr]
            raise StepFailed(running.sipp.explain(running.sipp.finish()))

    def _shop(self, index: int, step: Step) -> None:
        """Visitors of the sample shop, whose pages have the snippet of this PBX."""
        address = self.pbx.network.address(self._host(step.who, step.host))
        settings = {
            "pbx": f"http://{self.pbx.address}:{PORTS['ws']}",
            "shop": f"http://{address}:8090",
            **step.shopping,
        }
        shopper = Browser(settings, self.folder, f"{index:02d}-{step.who}", step.timeout_s, "harness.shopping")
        running = _Running(step, shopper, None)
        self._running.append(running)
        if not step.background:
            self._join(running)

    def _unregister(self) -> None:
        """So that the next behaviour finds nobody in the way."""
        steps = [running.step for running in self._ended if running.step.sipp == REGISTER]
        registered = {_user(step): step for step in steps if "final" not in step.keys}
        for user, step in registered.items():
            keys = {"user": user, "contact": "*", "expires": 0}
            try:
                self._join(self._start(LAST, Step(REGISTER, step.who, keys=keys, transport=step.transport)))
            except StepFailed as failure:
                self.problems.append(str(failure))

    def _keys(self, step: Step, address: str, rtp_ports: list[int]) -> dict[str, str]:
        net = self.pbx.network.prefix
        user = _user(step)
        return {
            "user": user,
            "secret": self.pbx.secret_of(user),
            "contact": f"<sip:{user}@[local_ip]:[local_port];transport=[transport]>",
            "net": net,
            "rtp_ip": address,
            "rtp_port": str(rtp_ports[0]),
            "rtp_port_2": str(rtp_ports[-1]),
            "ip_family": "IP6" if ":" in address else "IP4",
        } | {key: str(value).replace("{{net}}", net) for key, value in step.keys.items()}

    def _host(self, who: str, wanted: int = 0) -> int:
        if who not in self._hosts:
            self._hosts[who] = wanted or self.pbx.network.next_host()
        return self._hosts[who]

    def _await_ready(self, running: _Running) -> None:
        """A background SIPp is ready when its port is taken; one that ends at once has failed to start."""
        step = running.step
        way = self._ways.of(step.who, step.transport, self.pbx.network.address(self._host(step.who)), step.port)
        deadline = time.monotonic() + UAS_READY_S
        wanted = f"{hex_address(way.address)}:{way.port:04X}"
        table = Path("/proc/net") / (("tcp" if way.mode == "t1" else "udp") + ("6" if ":" in way.address else ""))
        while running.sipp.running() and time.monotonic() < deadline:
            if wanted in table.read_text():
                return
            time.sleep(0.01)
        if running.sipp.running():
            raise StepFailed(
                f"{running.sipp.label}: nothing listens on {way.address}:{way.port} after {UAS_READY_S:g} s"
            )

    def _join(self, running: _Running) -> None:
        while running.sipp.running() and not running.sipp.overdue():
            self._feed()
            time.sleep(0.01)
        status = running.sipp.finish()
        self._running.remove(running)
        self._ended.append(running)
        if running.endpoint is not None:
            running.endpoint.hang_up()  # the port may be another call's already
        if status != running.step.exit:
            raise StepFailed(running.sipp.explain(status))
        self._count_messages(running)

    def _count_messages(self, running: _Running) -> None:
        received = [message for sent, message in running.sipp.messages() if not sent]
        for pattern, wanted in running.step.received.items():
            count = sum(bool(re.search(pattern, message, re.MULTILINE)) for message in received)
            if not matches(wanted, count):
                self.problems.append(f"{running.sipp.label}: {pattern} came {count} times, expected {wanted}")

    def _feed(self) -> None:
        """Tells endpoints where to send, as their SIPp learns it."""
        for running in self._running:
            if running.endpoint is not None:
                for address, port, which in running.sipp.rtp_lines():
                    shield = running.endpoint.shield
                    if shield is not None:
                        shield.key_from(running.sipp.crypto_key(shield.suite), which)
                    running.endpoint.start((address, port), which if running.endpoint.audio.second_port else 1)

    def _judge_audio(self) -> None:
        heard = [running for running in (*self._ended, *self._running) if running.endpoint is not None]
        endpoints = {running.step.who: running.endpoint for running in heard if running.endpoint is not None}
        for running in heard:
            if running.endpoint is not None:
                self.problems += [f"{running.sipp.label}: {text}" for text in judge(running.endpoint, endpoints)]
                self._check_prompts(running, endpoints)
                if running.endpoint.delay_ms:
                    self.notes.append(f"one way to {running.step.who}: {running.endpoint.delay_ms:.1f} ms")
        self.problems += prompts.slow([one for endpoint in endpoints.values() for one in endpoint.stopped_ms], 0.0)

    def _check_prompts(self, running: _Running, endpoints: dict[str, Endpoint]) -> None:
        """What was spoken to a caller, against the PBX's cache of speech; the lateness of senders is forgiven."""
        endpoint = running.endpoint
        if endpoint is None or not endpoint.audio.prompts:
            return
        late_ms = max(max(0.0, other.max_send_gap_ms - 20) for other in endpoints.values())
        cache = Path(self.pbx.environment["CENTRALA_SPEECH__CACHE_DIR"])
        problems, notes = prompts.check(endpoint, cache, Config.model_validate(self.pbx.config), late_ms)
        self.problems += [f"{running.sipp.label}: {text}" for text in problems]
        self.notes += [f"{running.step.who}: {text}" for text in notes]

    def _register(self, wanted: dict[str, str]) -> None:
        """Phones that are there before the behaviour begins, and agents who take calls."""
        for extension, state in wanted.items():
            self._phones[extension] = state
            self._phone(extension, 60)
            if state:
                self.pbx.control.request("POST", f"/agents/{extension}", {"state": state})

    def _send_home(self) -> None:
        """The next behaviour on this PBX finds no phone of ours, nor what a failed one left behind."""
        if self.problems and self.pbx.alive():
            for call in self.pbx.control.get("/calls"):
                self.pbx.control.request("DELETE", f"/calls/{call['id']}")
            for phone in self.pbx.control.get("/phones"):
                if phone["set"]:
                    as_configured = {name: False if name == "dnd" else None for name in phone if name in SETTINGS}
                    self.pbx.control.request("POST", f"/phones/{phone['extension']}", as_configured)
        for extension, state in self._phones.items():
            try:
                if state:
                    self.pbx.control.request("POST", f"/agents/{extension}", {"state": "offline"})
                self._phone(extension, 0)
            except (PhoneFailed, ControlError, OSError) as error:
                self.problems.append(f"phone {extension} could not be taken off: {error}")

    def _phone(self, extension: str, expires_s: int) -> None:
        address = self.pbx.network.address(self._host(extension))
        phones.register(address, self.pbx.address, extension, self.pbx.secret_of(extension), expires_s)

    def _cli(self, step: Step) -> None:
        words = [word.replace("{{here}}", str(self.behaviour.folder)) for word in step.cli]
        arguments = ["--config", str(self.pbx.config_path), *words]
        done = self.pbx.zygote.run(arguments, self.pbx.folder, environment=self.pbx.environment)
        if done.returncode != step.exit or step.prints not in done.stdout:
            raise StepFailed(f"centrala {' '.join(step.cli)}: status {done.returncode}\n{done.stdout}{done.stderr}")

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._feed()
            time.sleep(0.01)

    def _stranger(self, act: dict[str, Any]) -> None:
        """Somebody who is no part of a running call, from an address of its own, meddles with it."""
        stranger = Stranger(self.pbx.network.address(self._host("stranger")), self.pbx.address)
        victim = self._running_step(str(act.get("dialog_of") or act.get("rtp_of")))
        self._feed()
        if "dialog_of" in act:
            stranger.request(act["send"], victim.sipp.messages(), int(act["final"]))
        elif victim.endpoint is None or victim.endpoint.remote is None:
            raise StepFailed("stranger: the victim has no audio yet")
        else:
            stranger.rtp(victim.endpoint.remote, float(act["tone"]), float(act["for_s"]))

    def _running_step(self, who: str) -> _Running:
        found = next((running for running in self._running if running.step.who == who), None)
        if found is None:
            raise StepFailed(f"{who} runs no background step")
        return found

    def _until(self, step: Step) -> None:
        if problem := until(self.pbx, self._records, step, self._feed):
            raise StepFailed(problem)


def _user(step: Step) -> str:
    """The account of a step's phone: "101-desk" is one of 101's."""
    return str(step.keys.get("user", step.who.partition("-")[0]))

"""What the SIP stack alone costs: SIPp calls against a handler that answers, or joins two legs, with a fixed SDP.

    python -m bench.load.signalling_probe [--rate 300] [--seconds 10] [--mode answered|bridged|both] [--profile FILE]

No media, no journal, no routing: the difference between this and `bench/run.py` is what the rest of the product costs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HOST, CALLER, CALLEE = "127.14.250.1", "127.14.250.2", "127.14.250.3"
SDP = (
    f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
).encode()


class Answering:
    """Answers every call at once."""

    def on_invite(self, session: Any, request: Any, source: Any) -> None:
        session.observer = self
        session.accept(SDP)

    def on_established(self, session: Any, body: bytes) -> None: ...
    def on_ended(self, session: Any, reason: str) -> None: ...
    def on_cancelled(self, session: Any) -> None: ...


class Leg:
    """One leg of a bridged call and the other one."""

    __slots__ = ("other", "session")

    def __init__(self, session: Any) -> None:
        self.session = session
        self.other: Leg | None = None

    def join(self, other: Leg) -> None:
        self.other, other.other = other, self

    def part(self) -> Leg | None:
        other, self.other = self.other, None
        if other is not None:
            other.other = None
        return other

    def on_progress(self, session: Any, status: int, reason: str, body: bytes, response: Any) -> None:
        if self.other is not None:
            self.other.session.progress(status)

    def on_answer(self, session: Any, body: bytes, response: Any) -> None:
        if self.other is not None:
            self.other.session.accept(SDP)

    def on_established(self, session: Any, body: bytes) -> None: ...

    def on_failure(self, session: Any, status: int, reason: str, response: Any) -> None:
        other = self.part()
        if other is not None:
            other.session.end(status)

    def on_cancelled(self, session: Any) -> None:
        self.on_ended(session, "cancelled")

    def on_ended(self, session: Any, reason: str) -> None:
        other = self.part()
        if other is not None:
            other.session.end()


class Bridging:
    """Calls the far phone for every call that comes in."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def on_invite(self, session: Any, request: Any, source: Any) -> None:
        from pbx.sip.address import Destination

        near, far = Leg(session), Leg(None)
        session.observer = near
        near.join(far)
        far.session = self.driver.user_agent.invite(
            uri=f"sip:100@{CALLEE}:5060",
            destination=Destination("udp", CALLEE, 5060),
            from_="<sip:101@centrala.local>",
            to="<sip:100@centrala.local>",
            body=SDP,
            contact_user="101",
            observer=far,
        )


async def serve(mode: str) -> None:
    """The process under test: writes one line of JSON with its figures on SIGTERM."""
    from pbx.config import Sip
    from pbx.transport.driver import Driver
    from pbx.transport.gc_policy import GcPolicy

    loop = asyncio.get_running_loop()
    driver = Driver(Sip(listen=[f"udp:{HOST}:5060"]))
    driver.user_agent.handler = Answering() if mode == "answered" else Bridging(driver)  # type: ignore[assignment]
    lags: list[float] = [0.0]
    driver.loop_lag.observe = lags.append
    await driver.start()
    policy = GcPolicy(lambda: not driver.user_agent.sessions)
    policy.start(loop)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    before = resource.getrusage(resource.RUSAGE_SELF)
    print("ready", flush=True)
    await stopped.wait()
    after = resource.getrusage(resource.RUSAGE_SELF)
    layer = driver.user_agent.layer
    figures = {
        "user_s": after.ru_utime - before.ru_utime,
        "system_s": after.ru_stime - before.ru_stime,
        "rss_mb": after.ru_maxrss / 1024,
        "lag_p99_ms": sorted(lags)[int(0.99 * len(lags))] * 1000,
        "lag_max_ms": driver.loop_lag.worst_s * 1000,
        "received": driver.stats.udp.received,
        "sent": driver.stats.udp.sent,
        "retransmitted": layer.retransmitted,
        "sessions_left": len(driver.user_agent.sessions),
        **{n: getattr(driver.admission, n) for n in ("shed_full", "shed_rate", "shed_late")},
        "errors": driver.user_agent.errors + driver.stats.udp.unexpected_errors + driver.timer_errors,
    }
    print(json.dumps(figures), flush=True)
    await driver.stop()


def probe(mode: str, rate: float, seconds: float, profile: str | None) -> dict[str, float]:
    """One run; returns the figures per call."""
    from bench.load import sipp

    command = [sys.executable, "-m", "bench.load.signalling_probe", "--serve", mode]
    if profile:
        command += ["--profile", profile]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        phone = sipp.callee(Path(folder), CALLEE) if mode == "bridged" else None
        try:
            if server.stdout.readline().strip() != "ready":
                raise RuntimeError("the server did not start; its error is above")
            time.sleep(0.5)
            load = sipp.caller(
                Path(folder), f"{HOST}:5060", "601", CALLER, rate=rate, calls=int(rate * seconds), hold_ms=500
            )
            result = load.wait(seconds + 60)
            time.sleep(1)
        finally:
            if phone is not None:
                phone.stop()
            server.send_signal(signal.SIGTERM)
        figures: dict[str, float] = json.loads(server.stdout.readline())
        server.wait(10)
    calls = result.successful
    figures |= {"calls": calls, "failed": result.failed, "setup_p99_ms": result.quantile_ms(0.99)}
    if calls:
        figures["cpu_ms_per_call"] = (figures["user_s"] + figures["system_s"]) * 1000 / calls
        figures["user_ms_per_call"] = figures["user_s"] * 1000 / calls
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("answered", "bridged", "both"), default="both")
    parser.add_argument("--rate", type=float, default=300.0, help="calls a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--serve", choices=("answered", "bridged"), help=argparse.SUPPRESS)
    parser.add_argument("--profile", help="write a cProfile of the server there")
    options = parser.parse_args()
    if options.serve:
        import uvloop

        if options.profile:
            import cProfile

            profiler = cProfile.Profile()
            profiler.runcall(uvloop.run, serve(options.serve))
            profiler.dump_stats(options.profile)
        else:
            uvloop.run(serve(options.serve))
        return
    for mode in ("answered", "bridged") if options.mode == "both" else (options.mode,):
        figures = probe(mode, options.rate, options.seconds, options.profile)
        print(mode, " ".join(f"{name}={value:g}" for name, value in sorted(figures.items())))


if __name__ == "__main__":
    main()

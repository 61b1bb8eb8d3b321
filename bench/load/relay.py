"""Relay load: the engine against a bare relay of the same sockets and, where it is installed, against rtpengine;
alternately in one run, in processes of their own.

    python -m bench.load.relay --calls 500 --seconds 10 --repeats 3

A call is two endpoints that send 50 PCMU packets of 20 ms a second each. CPU is that of the relay's process. The relay
and the generator have processors of their own where there are four.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import sys
import time
from typing import Any

from bench.load import relay_rtpengine
from bench.load.child import CPUS, Child

ENDPOINT_IP = "127.11.200.1"
RELAY_IP = "127.11.200.2"
SETTLE_S = 1.0


def endpoints(calls: int) -> list[socket.socket]:
    """Two bound sockets a call."""
    out = []
    for _ in range(2 * calls):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((ENDPOINT_IP, 0))
        out.append(sock)
    return out


def measure(mode: str, calls: int, seconds: float, realtime: bool) -> dict[str, float]:
    """One run of one relay: cores used, latency, loss."""
    from bench.load.rtp_load import RtpLoad

    sockets = endpoints(calls)
    arguments = ["--serve", mode] if realtime else ["--serve", mode, "--no-realtime"]
    relay = Child("bench.load.relay", arguments, [sock.getsockname()[1] for sock in sockets])
    try:
        for sock, port in zip(sockets, relay.ports, strict=True):
            sock.connect((RELAY_IP, port))
        load = RtpLoad([sock.fileno() for sock in sockets])
        load.start()
        time.sleep(SETTLE_S)
        load.measure(True)
        before, started = relay.ask("cpu"), time.monotonic()
        time.sleep(seconds)
        after, ended = relay.ask("cpu"), time.monotonic()
        load.measure(False)
        time.sleep(0.1)
        load.stop_sending()
        time.sleep(0.3)
        load.stop()
        sent, received = load.measured
        return {
            "core": (after - before) / (ended - started),
            "p50_ms": load.percentile_ms(0.5),
            "p95_ms": load.percentile_ms(0.95),
            "p99_ms": load.percentile_ms(0.99),
            "loss_pct": 100.0 * (sent - received) / sent,
            "late_slots": load.late_slots,
        }
    finally:
        relay.close()
        for sock in sockets:
            sock.close()


def run_relay(calls: int = 500, seconds: float = 10.0, repeats: int = 3, realtime: bool = True) -> dict[str, float]:
    """Alternates engine and bare relay `repeats` times; medians under the names of build/bench.json."""
    before = os.sched_getaffinity(0)
    if len(CPUS) >= 4:
        os.sched_setaffinity(0, set(CPUS[2:]))
    runs: dict[str, list[dict[str, float]]] = {"engine": [], "bare": []}
    if relay_rtpengine.is_installed():
        runs["rtpengine"] = []
    try:
        for turn in range(repeats):
            # Who goes first alternates too, so that a drift of the machine hits both.
            for mode in runs if turn % 2 == 0 else reversed(runs):
                runs[mode].append(measure(mode, calls, seconds, realtime))
    finally:
        os.sched_setaffinity(0, before)

    def middle(mode: str, key: str) -> float:
        return statistics.median(run[key] for run in runs[mode])

    ratios = [e["core"] / b["core"] for e, b in zip(runs["engine"], runs["bare"], strict=True)]
    figures = {
        "relay_core_per_100_calls": 100 * middle("engine", "core") / calls,
        "bare_relay_core_per_100_calls": 100 * middle("bare", "core") / calls,
        "relay_ratio_to_bare": statistics.median(ratios),
        "relay_added_p50_ms": middle("engine", "p50_ms"),
        "relay_added_p95_ms": middle("engine", "p95_ms"),
        "relay_added_p99_ms": middle("engine", "p99_ms"),
        "relay_loss_pct": middle("engine", "loss_pct"),
        "bare_relay_added_p50_ms": middle("bare", "p50_ms"),
        "bare_relay_added_p99_ms": middle("bare", "p99_ms"),
        "relay_generator_late_slots": middle("engine", "late_slots"),
    }
    if "rtpengine" in runs:
        figures["rtpengine_core_per_100_calls"] = 100 * middle("rtpengine", "core") / calls
        figures["rtpengine_added_p99_ms"] = middle("rtpengine", "p99_ms")
        figures["rtpengine_loss_pct"] = middle("rtpengine", "loss_pct")
        pairs = zip(runs["engine"], runs["rtpengine"], strict=True)
        # Who loses packets has not carried the calls: a turn in which it does is no comparison.
        whole = [e["core"] / r["core"] for e, r in pairs if e["loss_pct"] == 0 and r["loss_pct"] == 0]
        if whole:
            figures["relay_ratio_to_rtpengine"] = statistics.median(whole)
    return figures


def run_curve(calls: int, seconds: float) -> dict[str, float]:
    """Cores and latency of each relay at `calls` calls, once."""
    before = os.sched_getaffinity(0)
    if len(CPUS) >= 4:
        os.sched_setaffinity(0, set(CPUS[2:]))
    figures: dict[str, float] = {}
    try:
        for mode in ["engine", "bare", *(["rtpengine"] if relay_rtpengine.is_installed() else [])]:
            found = measure(mode, calls, seconds, realtime=True)
            for key in ("core", "p50_ms", "p95_ms", "p99_ms", "loss_pct"):
                figures[f"curve_{mode}_{calls}_{key}"] = found[key]
    finally:
        os.sched_setaffinity(0, before)
    return figures


def answer(value: Any) -> Any:
    line = sys.stdin.readline()
    return json.loads(line) if line else value


def reply(value: Any) -> None:
    print(json.dumps(value), flush=True)


def serve_cpu() -> None:
    """Answers with this process's CPU seconds until the input ends."""
    while answer(None) is not None:
        reply(time.process_time())


def serve_engine(realtime: bool) -> None:
    from core.engine.engine import Engine

    ports: list[int] = answer([])
    engine = Engine(workers=1, port_min=20000, port_max=29999, realtime=realtime)
    engine.start()
    opened = [engine.open(RELAY_IP) for _ in ports]
    for (stream, _), port in zip(opened, ports, strict=True):
        engine.configure(stream, remote_ip=ENDPOINT_IP, remote_port=port, codec=0, event_payload_type=101)
    for index in range(0, len(opened), 2):
        engine.bridge(opened[index][0], opened[index + 1][0])
    reply([port for _, port in opened])
    serve_cpu()
    engine.stop()


def serve_bare(realtime: bool) -> None:
    from bench.load.relay_bare import BareRelay

    ports: list[int] = answer([])
    sockets = []
    for index, port in enumerate(ports):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((RELAY_IP, 20000 + 2 * index))
        sock.connect((ENDPOINT_IP, port))
        sockets.append(sock)
    pairs = [(sockets[i].fileno(), sockets[i + 1].fileno()) for i in range(0, len(sockets), 2)]
    relay = BareRelay(pairs, realtime)
    relay.start()
    reply([20000 + 2 * index for index in range(len(sockets))])
    serve_cpu()
    relay.stop()


def serve_rtpengine() -> None:
    ports: list[int] = answer([])
    relay = relay_rtpengine.Rtpengine(RELAY_IP)
    try:
        pairs = [(ports[i], ports[i + 1]) for i in range(0, len(ports), 2)]
        reply([port for i, pair in enumerate(pairs) for port in relay.call(i, ENDPOINT_IP, pair)])
        while answer(None) is not None:
            reply(relay.cpu_s())
    finally:
        relay.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--realtime", action="store_true", default=True, help=argparse.SUPPRESS)
    parser.add_argument("--no-realtime", dest="realtime", action="store_false", help="no SCHED_FIFO for the relays")
    parser.add_argument("--serve", choices=["engine", "bare", "rtpengine"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve == "engine":
        serve_engine(options.realtime)
    elif options.serve == "bare":
        serve_bare(options.realtime)
    elif options.serve == "rtpengine":
        serve_rtpengine()
    else:
        for key, value in run_relay(options.calls, options.seconds, options.repeats, options.realtime).items():
            print(f"{key:32} {value:.4f}")


if __name__ == "__main__":
    main()

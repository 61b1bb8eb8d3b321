"""Conference load: rooms where everybody speaks, in an engine of a process of its own, driven over real sockets; where
it is installed, Janus AudioBridge carries the same rooms from the same generator in the same run.

    python -m bench.load.conference --rooms 1 --members 100 --seconds 5

Each member sends 50 PCMU packets a second and is sent 50; nobody is left out of the mix. CPU is the mixing process's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

from bench.load import janus
from bench.load.child import CPUS, Child
from bench.load.relay import ENDPOINT_IP, RELAY_IP, SETTLE_S, answer, endpoints, reply


def measure(mode: str, rooms: int, members: int, seconds: float) -> dict[str, float]:
    """One run of "engine" or "janus": cores for a participant, and how many of the packets that were due came."""
    from bench.load.rtp_load import RtpLoad

    sockets = endpoints((rooms * members + 1) // 2)[: rooms * members]
    greeting = [rooms, members, [sock.getsockname()[1] for sock in sockets]]
    process = Child("bench.load.conference", ["--serve", mode], greeting)
    try:
        for sock, port in zip(sockets, process.ports, strict=True):
            sock.connect((janus.IP if mode == "janus" else RELAY_IP, port))
        load = RtpLoad([sock.fileno() for sock in sockets])
        load.start()
        time.sleep(SETTLE_S)
        before, heard, started = process.ask("cpu"), load.received, time.monotonic()
        time.sleep(seconds)
        after, heard_then, ended = process.ask("cpu"), load.received, time.monotonic()
        load.stop_sending()
        load.stop()
        span = ended - started
        return {
            "core_per_participant": (after["cpu"] - before["cpu"]) / span / len(sockets),
            "sent_share": (heard_then - heard) / (50 * span * len(sockets)),
            "late_ticks": after["late"] - before["late"],
        }
    finally:
        process.close()
        for sock in sockets:
            sock.close()


def run_conferences(seconds: float = 5.0, repeats: int = 1) -> dict[str, float]:
    """One room of a hundred and fifty of three; medians under the names of build/bench.json."""
    before = os.sched_getaffinity(0)
    if len(CPUS) >= 4:
        os.sched_setaffinity(0, set(CPUS[2:]))
    out: dict[str, float] = {}
    try:
        for rooms, members in ((1, 100), (50, 3)):
            runs = [measure("engine", rooms, members, seconds) for _ in range(repeats)]
            for key in runs[0]:
                out[f"conference_{rooms}x{members}_{key}"] = statistics.median(run[key] for run in runs)
            if not janus.is_installed():
                continue
            theirs = [measure("janus", rooms, members, seconds) for _ in range(repeats)]
            for key in ("core_per_participant", "sent_share"):
                out[f"janus_conference_{rooms}x{members}_{key}"] = statistics.median(run[key] for run in theirs)
            ratios = (a["core_per_participant"] / b["core_per_participant"] for a, b in zip(runs, theirs, strict=True))
            out[f"conference_{rooms}x{members}_ratio_to_janus"] = statistics.median(ratios)
    finally:
        os.sched_setaffinity(0, before)
    return out


def serve_janus() -> None:
    rooms, members, ports = answer([0, 0, []])
    bridge = janus.Janus()
    try:
        theirs = []
        for number in range(rooms):
            bridge.open_room(number + 1)
            for port in ports[number * members : (number + 1) * members]:
                theirs.append(bridge.join(number + 1, ENDPOINT_IP, port))
        reply(theirs)
        while answer(None) is not None:
            reply({"cpu": bridge.cpu_s(), "late": 0})
    finally:
        bridge.stop()


def serve_engine() -> None:
    from core.engine.engine import Engine

    rooms, members, ports = answer([0, 0, []])
    engine = Engine(workers=1, port_min=20000, port_max=29999)
    engine.start()
    opened = [engine.open(RELAY_IP) for _ in ports]
    for (stream, _), port in zip(opened, ports, strict=True):
        engine.configure(stream, remote_ip=ENDPOINT_IP, remote_port=port, codec=0, event_payload_type=101)
    for number in range(rooms):
        room = engine.open_room(gate=False)
        for stream, _ in opened[number * members : (number + 1) * members]:
            engine.join_room(room, stream)
    reply([port for _, port in opened])
    while answer(None) is not None:
        stats = engine.worker_stats(0)
        reply({"cpu": time.process_time(), "late": stats.late_ticks})
    engine.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--members", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--serve", choices=["engine", "janus"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve == "engine":
        serve_engine()
    elif options.serve == "janus":
        serve_janus()
    else:
        for mode in ["engine", "janus"] if janus.is_installed() else ["engine"]:
            for key, value in measure(mode, options.rooms, options.members, options.seconds).items():
                print(f"{mode:8} {key:24} {value:.5f}")


if __name__ == "__main__":
    main()

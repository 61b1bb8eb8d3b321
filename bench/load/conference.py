"""Conference load: rooms where everybody speaks, in an engine of a process of its own, driven over real sockets.

    python -m bench.load.conference --rooms 1 --members 100 --seconds 5

Each member sends 50 PCMU packets a second and is sent 50; nobody is left out of the mix. CPU is the engine's process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

from bench.load.child import CPUS, Child
from bench.load.relay import ENDPOINT_IP, RELAY_IP, SETTLE_S, answer, endpoints, reply


def measure(rooms: int, members: int, seconds: float) -> dict[str, float]:
    """One run: cores for a participant, and how many of the packets that were due came."""
    from bench.load.rtp_load import RtpLoad

    sockets = endpoints((rooms * members + 1) // 2)[: rooms * members]
    process = Child("bench.load.conference", ["--serve"], [rooms, members, [sock.getsockname()[1] for sock in sockets]])
    try:
        for sock, port in zip(sockets, process.ports, strict=True):
            sock.connect((RELAY_IP, port))
        load = RtpLoad([sock.fileno() for sock in sockets])
        load.start()
        time.sleep(SETTLE_S)
        before, started = process.ask("cpu"), time.monotonic()
        time.sleep(seconds)
        after, ended = process.ask("cpu"), time.monotonic()
        load.stop_sending()
        load.stop()
        span = ended - started
        return {
            "core_per_participant": (after["cpu"] - before["cpu"]) / span / len(sockets),
            "sent_share": (after["sent"] - before["sent"]) / (50 * span * len(sockets)),
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
            runs = [measure(rooms, members, seconds) for _ in range(repeats)]
            for key in runs[0]:
                out[f"conference_{rooms}x{members}_{key}"] = statistics.median(run[key] for run in runs)
    finally:
        os.sched_setaffinity(0, before)
    return out


def serve() -> None:
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
        reply({"cpu": time.process_time(), "sent": stats.tx_packets, "late": stats.late_ticks})
    engine.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--members", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
    else:
        for key, value in measure(options.rooms, options.members, options.seconds).items():
            print(f"{key:24} {value:.5f}")


if __name__ == "__main__":
    main()

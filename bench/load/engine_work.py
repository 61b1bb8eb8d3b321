"""What the media engine does beyond relaying, by the same generator: recorded calls whose digits are looked for in the
audio, prompts to callers who send audio, several workers, memory.

    python -m bench.load.engine_work recorded --calls 200 --seconds 5

Each mode runs in an engine in a process of its own; CPU is that process's, the thread that writes recordings included.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import socket
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.load.child import CPUS, Child
from bench.load.relay import ENDPOINT_IP, RELAY_IP, SETTLE_S, answer, endpoints, reply

MODULE = "bench.load.engine_work"
RECORDED_CALLS = 200
PROMPTED = 100
PER_WORKER = 150
ONE_GENERATOR = 500  # calls for which one sending thread keeps its time
MANY = 1000  # calls on two workers
NO_EVENTS = -1  # payload type: digits are looked for in the audio


def run(mode: str, calls: int, seconds: float, workers: int = 1) -> dict[str, float]:
    """One run of "plain", "recorded", "prompts" or "bare" with two endpoints a call: cores used, loss, latency, memory.

    Lost is what the generator sent and the engine did not send on; "heard" is what came of what was due, and less than
    1 where the generator itself cannot keep up.
    """
    from bench.load.rtp_load import RtpLoad

    raise_descriptor_limit()
    sockets = endpoints(calls)
    process = Child(MODULE, ["--serve", mode, "--workers", str(workers)], [sock.getsockname()[1] for sock in sockets])
    if workers > 2:
        process.use(set(CPUS))  # then it shares them with the generator
    try:
        for sock, port in zip(sockets, process.ports, strict=True):
            sock.connect((RELAY_IP, port))
        count = 1 + (calls > ONE_GENERATOR)
        loads = [RtpLoad([sock.fileno() for sock in sockets[index::count]]) for index in range(count)]
        for load in loads:
            load.start()
        time.sleep(SETTLE_S)
        for load in loads:
            load.measure(True)
        before, heard, started = process.ask("state"), _heard(loads), time.monotonic()
        time.sleep(seconds)
        after, heard_then, ended = process.ask("state"), _heard(loads), time.monotonic()
        _finish(loads)
        last, sent = process.ask("state"), sum(load.sent for load in loads)
        packets = after["packets"] - before["packets"]
        return {
            "core": (after["cpu"] - before["cpu"]) / (ended - started),
            "p50_ms": max(load.percentile_ms(0.5) for load in loads),
            "p99_ms": max(load.percentile_ms(0.99) for load in loads),
            "loss_pct": 100.0 * max(0, sent - last["packets"]) / sent,
            "heard_share": (heard_then - heard) / (50 * (ended - started) * len(sockets)),
            "late_ticks": after["late"] - before["late"],
            "kib_per_call": (after["rss"] - after["rss_before"]) / 1024 / calls,
            "allocated_bytes_per_packet": max(0, after["allocated"] - before["allocated"]) / packets,
            "rss_growth_kib": (after["rss"] - before["rss"]) / 1024,
        }
    finally:
        process.close()
        for sock in sockets:
            sock.close()


def _heard(loads: list[Any]) -> int:
    return sum(load.received for load in loads)


def _finish(loads: list[Any]) -> None:
    """What is sent from now on does not count; what was sent may still arrive."""
    for load in loads:
        load.measure(False)
    time.sleep(0.1)
    for load in loads:
        load.stop_sending()
    time.sleep(0.5)
    for load in loads:
        load.stop()


def on_load_cpus() -> set[int]:
    """Moves this process to the generator's processors; those it had before."""
    before = os.sched_getaffinity(0)
    if len(CPUS) >= 4:
        os.sched_setaffinity(0, set(CPUS[2:]))
    return before


def raise_descriptor_limit() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run_recorded(seconds: float, repeats: int) -> dict[str, float]:
    """Calls that are recorded and listened to beside plain ones, in turns; under the names of build/bench.json."""
    affinity = on_load_cpus()
    try:
        runs = {mode: [] for mode in ("plain", "recorded")}  # type: dict[str, list[dict[str, float]]]
        for turn in range(repeats):
            for mode in runs if turn % 2 == 0 else reversed(runs):
                runs[mode].append(run(mode, RECORDED_CALLS, seconds))
    finally:
        os.sched_setaffinity(0, affinity)
    ratios = [r["core"] / p["core"] for r, p in zip(runs["recorded"], runs["plain"], strict=True)]
    return {
        "recorded_core_per_100_calls": 100 * _middle(runs["recorded"], "core") / RECORDED_CALLS,
        "recorded_plain_core_per_100_calls": 100 * _middle(runs["plain"], "core") / RECORDED_CALLS,
        "recorded_ratio_to_relay": statistics.median(ratios),
        "recorded_added_p99_ms": _middle(runs["recorded"], "p99_ms"),
        "recorded_loss_pct": _middle(runs["recorded"], "loss_pct"),
    }


def run_prompts(seconds: float, repeats: int) -> dict[str, float]:
    """A hundred callers who hear a prompt and send audio all the while; and the same by bare sockets, in turns."""
    affinity = on_load_cpus()
    try:
        turns = [(run("prompts", PROMPTED // 2, seconds), run("bare", PROMPTED // 2, seconds)) for _ in range(repeats)]
    finally:
        os.sched_setaffinity(0, affinity)
    runs = [played for played, _ in turns]
    return {
        "prompts_bare_core_per_100_callers": 100 * _middle([bare for _, bare in turns], "core") / PROMPTED,
        "prompts_ratio_to_bare": statistics.median(played["core"] / bare["core"] for played, bare in turns),
        "prompts_core_per_100_callers": 100 * _middle(runs, "core") / PROMPTED,
        "prompts_heard_share": _middle(runs, "heard_share"),
        "prompts_late_ticks": _middle(runs, "late_ticks"),
    }


def run_memory(calls: int = 1000, seconds: float = 3.0) -> dict[str, float]:
    """What a relayed call adds to the process, Python's part included, and what is allocated while packets flow."""
    affinity = on_load_cpus()
    try:
        found = run("plain", calls, seconds)
    finally:
        os.sched_setaffinity(0, affinity)
    return {
        "relay_kib_per_call": found["kib_per_call"],
        "relay_allocated_bytes_per_packet": found["allocated_bytes_per_packet"],
    }


def run_scale(seconds: float) -> dict[str, float]:
    """The cost of a call with 1 to as many workers as there are processors; the last ones share with the generator."""
    affinity = on_load_cpus()
    figures: dict[str, float] = {}
    try:
        for workers in range(1, len(CPUS) + 1):
            if workers > 2:
                os.sched_setaffinity(0, affinity)
            found = run("plain", PER_WORKER * workers, seconds, workers)
            figures[f"scale_core_per_100_calls_{workers}"] = 100 * found["core"] / (PER_WORKER * workers)
            figures[f"scale_loss_pct_{workers}"] = found["loss_pct"]
    finally:
        os.sched_setaffinity(0, affinity)
    costs = [value for key, value in figures.items() if "core" in key]
    figures["scale_worst_cost_over_one_worker"] = max(costs) / costs[0]
    return figures


def run_thousand(seconds: float) -> dict[str, float]:
    """A thousand two-way calls on two processors."""
    affinity = on_load_cpus()
    try:
        found = run("plain", MANY, seconds, workers=2)
    finally:
        os.sched_setaffinity(0, affinity)
    wanted = ("core", "loss_pct", "p50_ms", "p99_ms", "heard_share", "rss_growth_kib")
    return {f"thousand_calls_{key}": found[key] for key in wanted} | {"thousand_calls_s": seconds}


def _middle(runs: list[dict[str, float]], key: str) -> float:
    return statistics.median(run[key] for run in runs)


MALLINFO2 = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]


class Mallinfo(ctypes.Structure):
    """glibc's struct mallinfo2."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in MALLINFO2)


def _allocated() -> int:
    """Bytes that malloc has given out, in all its arenas and by mmap."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = Mallinfo
    found = mallinfo2()
    return int(found.uordblks + found.hblkhd)


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def serve(mode: str, workers: int) -> None:
    import numpy as np

    from core.engine.engine import Engine

    ports: list[int] = answer([])
    raise_descriptor_limit()
    engine = Engine(workers=workers, port_min=20000, port_max=29999)
    engine.start()
    before = _rss()
    folder = tempfile.mkdtemp(prefix="bench-recordings-")
    opened = [engine.open(RELAY_IP, worker=index // 2 % workers) for index in range(len(ports))]
    events = NO_EVENTS if mode == "recorded" else 101
    for (stream, _), port in zip(opened, ports, strict=True):
        engine.configure(stream, remote_ip=ENDPOINT_IP, remote_port=port, codec=0, event_payload_type=events)
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(80000) / 8000)).astype(np.int16)
    for index in range(0, len(opened), 2):
        pair = opened[index][0], opened[index + 1][0]
        if mode == "prompts":
            if index == 0:
                clip = engine.add_clip(tone.tobytes())
            for stream in pair:
                engine.play(stream, [clip], repeat=True)
            continue
        engine.bridge(*pair)
        if mode == "recorded":
            engine.record(f"{folder}/{index}.wav", *pair)
    reply([port for _, port in opened])
    try:
        _answer_questions(engine, workers, before)
    finally:
        engine.stop()
        shutil.rmtree(folder)


def serve_bare() -> None:
    """The packets of "prompts" by sockets alone."""
    from bench.load.play_bare import BarePlayer

    ports: list[int] = answer([])
    raise_descriptor_limit()
    sockets = []
    for index, port in enumerate(ports):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((RELAY_IP, 20000 + 2 * index))
        sock.connect((ENDPOINT_IP, port))
        sock.setblocking(False)
        sockets.append(sock)
    player = BarePlayer([sock.fileno() for sock in sockets])
    player.start()
    reply([20000 + 2 * index for index in range(len(sockets))])
    while answer(None) is not None:
        nothing = dict.fromkeys(("rss", "rss_before", "allocated", "late"), 0)
        reply({"cpu": time.process_time(), "packets": player.sent, **nothing})
    player.stop()


def _answer_questions(engine: Any, workers: int, rss_before: int) -> None:
    while answer(None) is not None:
        stats = [engine.worker_stats(worker) for worker in range(workers)]
        for worker in range(workers):
            engine.drain(worker)
        reply(
            {
                "cpu": time.process_time(),
                "rss": _rss(),
                "rss_before": rss_before,
                "allocated": _allocated(),
                "packets": sum(found.tx_packets for found in stats),
                "late": sum(found.late_ticks for found in stats),
            }
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", default="plain", choices=["plain", "recorded", "prompts", "bare"])
    parser.add_argument("--calls", type=int, default=RECORDED_CALLS)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--serve", choices=["plain", "recorded", "prompts", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve == "bare":
        serve_bare()
    elif options.serve:
        serve(options.serve, options.workers)
    else:
        on_load_cpus()
        for key, value in run(options.mode, options.calls, options.seconds, options.workers).items():
            print(f"{key:28} {value:.4f}")


if __name__ == "__main__":
    main()

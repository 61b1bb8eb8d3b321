"""From a media worker to the event loop: how long an event waits while the loop is never idle.

    python -m bench.load.event_latency --seconds 5

The loop is uvloop with nothing but callbacks of 200 us of work, one after the other. Streams play clips of one packet;
the end of each is an event with the worker's own instant in it, and starts the next one. How long a turn of the loop
takes stands beside: an event that comes at its beginning cannot be heard sooner.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import uvloop

RELAY_IP = "127.11.203.1"
STREAMS = 40  # 25 events a second each
BUSY_S = 200e-6


def run_event_latency(seconds: float) -> dict[str, float]:
    """Percentiles (ms) of worker to callback, and how much of the time the loop was at work."""
    from core.engine import engine as E

    engine = E.Engine(workers=1, port_min=20000, port_max=29999)
    engine.start()
    waits: list[int] = []
    turns: list[float] = []
    busy = 0.0
    last = 0.0

    async def measure() -> None:
        loop = asyncio.get_running_loop()
        clip = engine.add_clip(bytes(320))
        opened = [engine.open(RELAY_IP) for _ in range(STREAMS)]
        until = time.monotonic() + seconds
        done = loop.create_future()

        def drain() -> None:
            now = time.monotonic_ns()
            for kind, stream, _a, _b, _c, when in engine.drain(0):
                if kind == E.EV_PLAY_ENDED:
                    waits.append(now - when)
                    engine.play(stream, [clip])

        def work() -> None:
            nonlocal busy, last
            began = time.perf_counter()
            if last:
                turns.append(began - last)
            last = began
            while time.perf_counter() - began < BUSY_S:
                pass
            busy += time.perf_counter() - began
            if time.monotonic() < until:
                loop.call_soon(work)
            elif not done.done():
                done.set_result(None)

        loop.add_reader(engine.event_fd(0), drain)
        for index, (stream, port) in enumerate(opened):
            engine.configure(stream, remote_ip=RELAY_IP, remote_port=port + 2 * (index % 2), codec=0)
            engine.play(stream, [clip])
        loop.call_soon(work)
        await done
        loop.remove_reader(engine.event_fd(0))

    try:
        uvloop.run(measure())
    finally:
        engine.stop()
    if len(waits) < 100:
        raise RuntimeError(f"only {len(waits)} events came in {seconds:g} s")
    waits.sort()
    return {
        "event_latency_p50_ms": waits[len(waits) // 2] / 1e6,
        "event_latency_p99_ms": waits[int(len(waits) * 0.99)] / 1e6,
        "event_latency_turn_p99_ms": longest_share(turns, 0.01) * 1000,
        "event_latency_busy_share": busy / seconds,
        "event_latency_events": float(len(waits)),
    }


def longest_share(turns: list[float], share: float) -> float:
    """The least of the longest turns that make up this share of the time: how often one that comes meets it."""
    left = share * sum(turns)
    for turn in sorted(turns, reverse=True):
        left -= turn
        if left <= 0:
            return turn
    return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    for key, value in run_event_latency(parser.parse_args().seconds).items():
        print(f"{key:28} {value:.4f}")


if __name__ == "__main__":
    main()

"""A room of listeners who say nothing, while something plays to all: CPU time and packets encoded, for a tick.

    python -m bench.load.listeners --codecs 9,107 --members 100 --rate 16000 --seconds 3

Codecs are taken in turns: 0 PCMU, 8 PCMA, 9 G.722, 107 Opus, 109 and 110 L16. `process` has the helper thread,
too. The far ends are sockets that nobody reads.
"""

from __future__ import annotations

import argparse
import socket
import time

import numpy as np

ENGINE_IP, ENDPOINT_IP = "127.11.66.1", "127.11.66.2"
SETTLE_S = 1.5  # longer than listeners wait before they share


def measure(codecs: list[int], members: int, rate: int, seconds: float) -> dict[str, float]:
    """Microseconds of CPU and packets encoded, for each tick."""
    from core.engine.engine import Engine

    engine = Engine(workers=1, port_min=30000, port_max=33999)
    engine.start()
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(members)]
    try:
        room = engine.open_room(rate=rate)
        for index, endpoint in enumerate(sockets):
            endpoint.bind((ENDPOINT_IP, 0))
            stream, _ = engine.open(ENGINE_IP)
            port = endpoint.getsockname()[1]
            codec = codecs[index % len(codecs)]
            engine.configure(stream, remote_ip=ENDPOINT_IP, remote_port=port, codec=codec, event_payload_type=101)
            engine.join_room(room, stream)
        time.sleep(SETTLE_S)
        tone = (4000 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype(np.int16)
        engine.play_in_room(room, [engine.add_clip(tone[::2].tobytes(), tone.tobytes())], repeat=True)
        before, process = engine.worker_stats(0), time.process_time()
        time.sleep(seconds)
        after, spent = engine.worker_stats(0), time.process_time() - process
        ticks = after.ticks - before.ticks
        return {
            "worker_us": (after.cpu_ns - before.cpu_ns) / ticks / 1e3,
            "process_us": spent / ticks * 1e6,
            "encodes": (after.room_encodes - before.room_encodes) / ticks,
            "late_ticks": after.late_ticks - before.late_ticks,
        }
    finally:
        engine.stop()
        for endpoint in sockets:
            endpoint.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codecs", default="9,107")
    parser.add_argument("--members", type=int, default=100)
    parser.add_argument("--rate", type=int, default=16000)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    codecs = [int(codec) for codec in options.codecs.split(",")]
    for key, value in measure(codecs, options.members, options.rate, options.seconds).items():
        print(f"{key:12} {value:.1f}")


if __name__ == "__main__":
    main()

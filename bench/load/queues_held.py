"""Memory of full queues, in a process of their own: 100 queues, 2,000 agents with skills, 10,000 callers who wait.

The queue service, its agents, the distributor, the calls and their tasks are the product's; SIP sessions and media are
fakes, whose memory is counted with the rest. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import subprocess
import sys
import time
from typing import Any

from pbx.call.testing import CallHarness
from pbx.config import Agent, Config, Queue
from pbx.config_distribution import Relax
from pbx.queue.service import QueueService

QUEUES = 100
AGENTS = 2_000
CALLERS = 10_000
SKILLS = [f"skill{number}" for number in range(20)]


def rss_mb() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def configuration() -> Config:
    chance = random.Random(1)
    names = [str(10_000 + number) for number in range(AGENTS)]
    agents = [
        Agent(extension=name, skills={skill: chance.randint(1, 5) for skill in chance.sample(SKILLS, 4)})
        for name in names
    ]
    queues = [
        Queue(
            name=f"q{number}",
            agents=chance.sample(names, 100),  # an agent serves five queues
            skills={SKILLS[number % len(SKILLS)]: 2},
            relax=[Relax(after_s=600, drop=["*"])],
            announce_position=False,
            announce_wait=False,
            record=False,
        )
        for number in range(QUEUES)
    ]
    return Config(agent=agents, queue=queues)


async def held() -> dict[str, Any]:
    config = configuration()
    before = rss_mb()
    harness = CallHarness(config)
    service = QueueService(harness.services)
    harness.services.applications.register("queue", service.application)
    service.start()
    gc.collect()
    empty = rss_mb()
    started = time.perf_counter()
    callers = [harness.call(f"queue:q{number % QUEUES}", caller=f"+4860{number:07}") for number in range(CALLERS)]
    for _ in range(1000):
        await asyncio.sleep(0.05)
        if sum(len(queue.waiting) for queue in service.queues.values()) == CALLERS:
            break
    seconds = time.perf_counter() - started
    harness.events.clear()  # what the fakes remember of the journey is nobody's in the product
    gc.collect()
    full = rss_mb()
    assert all(service.dispatcher.waiting(name) == CALLERS // QUEUES for name in service.queues)
    del callers
    return {"config_mb": before, "empty_mb": empty, "full_mb": full, "joins_per_s": CALLERS / seconds}


def measure() -> dict[str, float]:
    """Of a fresh process: RSS with queues and agents, and with all callers waiting besides."""
    done = subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the queues could not be filled: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    return {"queues_empty_rss_mb": found["empty_mb"], "queues_full_rss_mb": found["full_mb"]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(held())))
    sys.stdout.flush()
    import os

    os._exit(0)  # ten thousand tasks that wait for ever need no farewell

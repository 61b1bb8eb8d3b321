"""A UDP proxy on loopback that loses, doubles and reorders what passes it: phones talk to `address` as to the PBX."""

from __future__ import annotations

import heapq
import itertools
import random
import select
import socket
import threading
import time

LOSS = 0.2
DUPLICATES = 0.1
DELAY_S = (0.0, 0.03)  # by chance in between: packets overtake each other

Address = tuple[str, int]


class BadNetwork(threading.Thread):
    """Both ways are equally bad. Each phone is seen by the PBX at a port of its own, as behind a NAT."""

    def __init__(self, address: Address, pbx: Address, seed: int = 1) -> None:
        super().__init__(daemon=True)
        self._pbx = pbx
        self._front = self._bind(address)
        self._backs: dict[Address, socket.socket] = {}  # by the phone's address
        self._phones: dict[int, Address] = {}  # by the descriptor of the socket towards the PBX
        self._late: list[tuple[float, int, socket.socket, bytes, Address]] = []
        self._order = itertools.count()
        self._chance = random.Random(seed)
        self._stopping = threading.Event()
        self.passed = self.lost = self.doubled = self.overtaken = 0

    def _bind(self, address: Address) -> socket.socket:
        plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        plug.bind(address)
        return plug

    def __enter__(self) -> BadNetwork:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()
        for plug in (self._front, *self._backs.values()):
            plug.close()

    def run(self) -> None:
        while not self._stopping.is_set():
            self._deliver(time.monotonic())
            ready, _, _ = select.select([self._front, *self._backs.values()], [], [], 0.005)
            for plug in ready:
                data, source = plug.recvfrom(65535)
                if plug is self._front:
                    self._throw(self._back(source), data, self._pbx)
                else:
                    self._throw(self._front, data, self._phones[plug.fileno()])

    def _back(self, phone: Address) -> socket.socket:
        back = self._backs.get(phone)
        if back is None:
            back = self._backs[phone] = self._bind((self._front.getsockname()[0], 0))
            self._phones[back.fileno()] = phone
        return back

    def _throw(self, plug: socket.socket, data: bytes, to: Address) -> None:
        if self._chance.random() < LOSS:
            self.lost += 1
            return
        copies = 1 + (self._chance.random() < DUPLICATES)
        self.doubled += copies - 1
        for _ in range(copies):
            at = time.monotonic() + self._chance.uniform(*DELAY_S)
            self.overtaken += any(at < other[0] for other in self._late)
            heapq.heappush(self._late, (at, next(self._order), plug, data, to))

    def _deliver(self, now: float) -> None:
        while self._late and self._late[0][0] <= now:
            _, _, plug, data, to = heapq.heappop(self._late)
            plug.sendto(data, to)
            self.passed += 1

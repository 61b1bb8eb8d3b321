"""How long datagrams wait: a pause is forgiven, what lasts is not."""

from __future__ import annotations

import socket
import time

from pbx.transport.base import ListenAddress, Stats
from pbx.transport.udp import BATCH, PAUSE_S, open_udp


class Loop:
    """Watches nothing: the test says when the socket is read."""

    def add_reader(self, fd, call):
        self.read = call

    def remove_reader(self, fd):
        self.read = None


def test_a_backlog_counts_when_it_lasts_longer_than_a_pause():
    loop, heard = Loop(), []
    flow = open_udp(ListenAddress("udp", "127.21.9.1", 0), loop, lambda data, *_: heard.append(data), Stats())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(3 * BATCH + 1):
            sender.sendto(b"x", flow.local)
    time.sleep(0.06)  # the pause
    loop.read()
    assert flow.delay_s == 0
    flow._behind_since -= PAUSE_S
    loop.read()
    assert 0.05 < flow.delay_s < 2
    loop.read()
    loop.read()
    assert len(heard) == 3 * BATCH + 1
    assert flow.delay_s == 0
    flow.close()

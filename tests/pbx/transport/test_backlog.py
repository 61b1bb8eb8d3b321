"""How long datagrams wait: to be read (a pause is forgiven, what lasts is not), and to be sent."""

from __future__ import annotations

import socket
import time

import pytest

from pbx.transport.base import ListenAddress, Stats
from pbx.transport.udp import BACKLOG, BATCH, PAUSE_S, open_udp


class Loop:
    """Watches nothing: the test says when the socket is read, and when a turn is over."""

    def __init__(self):
        self.soon = []
        self.write = None

    def call_soon(self, call):
        self.soon.append(call)

    def turn(self):
        calls, self.soon = self.soon, []
        for call in calls:
            call()

    def add_writer(self, fd, call):
        self.write = call

    def remove_writer(self, fd):
        self.write = None

    def add_reader(self, fd, call):
        self.read = call

    def remove_reader(self, fd):
        self.read = None


def test_a_backlog_counts_when_it_lasts_longer_than_a_pause():
    loop, heard = Loop(), []
    flow = open_udp(ListenAddress("udp", "127.21.9.1", 0), loop, lambda data, *_: heard.append(data), Stats())
    began = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(3 * BATCH + 1):
            sender.sendto(b"x", flow.local)
    time.sleep(0.06)  # the pause
    loop.read()
    assert flow.delay_s == 0
    flow._behind_since -= PAUSE_S
    loop.read()
    assert 0.05 < flow.delay_s < time.monotonic() - began + 0.1  # however long a loaded machine took for it
    loop.read()
    loop.read()
    assert len(heard) == 3 * BATCH + 1
    assert flow.delay_s == 0
    flow.close()


class FullSocket:
    """Takes `room` datagrams, then none."""

    def __init__(self, room):
        self.room, self.sent = room, []

    def send(self, messages):
        taken = messages[: self.room]
        self.sent += [data for data, _ in taken]
        self.room -= len(taken)
        return len(taken), 0


def test_what_a_turn_sends_goes_out_together_and_in_order():
    loop = Loop()
    flow = open_udp(ListenAddress("udp", "127.21.9.2", 0), loop, lambda *_: None, Stats())
    flow._datagrams = full = FullSocket(10)
    flow.send(b"1", ("127.21.9.3", 9))
    flow.send(b"2", ("127.21.9.3", 9))
    loop.turn()
    flow.send(b"3", ("127.21.9.3", 9))  # by a task that the same batch had woken
    assert full.sent == []
    loop.turn()
    assert full.sent == [b"1", b"2", b"3"]
    assert loop.soon == []
    flow.close()


def test_what_the_tasks_send_that_a_batch_has_woken_goes_out_with_its_answers():
    loop, there = Loop(), ("127.21.9.3", 9)

    def receive(data, _source):
        flow.send(data + b" answered", there)
        loop.call_soon(lambda: flow.send(data + b" by a task", there))

    flow = open_udp(ListenAddress("udp", "127.21.9.2", 0), loop, receive, Stats())
    flow._datagrams = full = FullSocket(10)
    full.receive = lambda _most: [(b"1", None), (b"2", None)]
    flow._on_readable()
    loop.turn()
    assert full.sent == []
    loop.turn()
    assert full.sent == [b"1 answered", b"2 answered", b"1 by a task", b"2 by a task"]
    assert loop.soon == []
    flow.close()


def test_a_full_buffer_keeps_the_rest_until_the_socket_is_writable():
    loop, stats = Loop(), Stats()
    flow = open_udp(ListenAddress("udp", "127.21.9.4", 0), loop, lambda *_: None, stats)
    flow._datagrams = full = FullSocket(2)
    for number in range(5):
        flow.send(b"%d" % number, ("127.21.9.3", 9))
    loop.turn()
    loop.turn()
    assert full.sent == [b"0", b"1"]
    flow.send(b"5", ("127.21.9.3", 9))
    assert loop.soon == []  # in its place behind those
    full.room = 3
    loop.write()
    assert full.sent == [b"0", b"1", b"2", b"3", b"4"]
    full.room = 9
    loop.write()
    assert full.sent[5:] == [b"5"]
    assert loop.write is None
    assert stats.send_errors == 0
    flow.close()


def test_what_waits_is_bounded():
    loop, stats = Loop(), Stats()
    flow = open_udp(ListenAddress("udp", "127.21.9.5", 0), loop, lambda *_: None, stats)
    flow._datagrams = FullSocket(0)
    for _ in range(BACKLOG + 7):
        flow.send(b"x", ("127.21.9.3", 9))
    assert stats.send_errors == 7
    assert len(flow._waiting) == BACKLOG
    flow.close()


def test_what_was_sent_before_the_end_still_goes_out():
    loop = Loop()
    flow = open_udp(ListenAddress("udp", "127.21.9.6", 0), loop, lambda *_: None, Stats())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.21.9.7", 0))
        peer.settimeout(5)
        flow.send(b"bye", peer.getsockname())
        flow.close()
        assert peer.recv(100) == b"bye"
    loop.turn()
    loop.turn()


def test_what_is_urgent_goes_out_before_the_turn_ends_and_once():
    loop = Loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.21.9.1", 0))
        peer.setblocking(False)
        flow = open_udp(ListenAddress("udp", "127.21.9.1", 0), loop, lambda *_: None, Stats())
        flow.send(b"INVITE", peer.getsockname())
        flow.flush()
        assert peer.recv(99) == b"INVITE"
        flow.send(b"BYE", peer.getsockname())
        loop.turn()
        loop.turn()
        assert peer.recv(99) == b"BYE"
        loop.turn()
        loop.turn()
        flow.flush()
        with pytest.raises(BlockingIOError):
            peer.recv(99)
        flow.close()

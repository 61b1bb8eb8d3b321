"""Batches of datagrams: order, addresses of both families, and what cannot be sent costs the others nothing."""

from __future__ import annotations

import os
import socket

import pytest

from core.datagrams import Datagrams

HOST = f"127.{21 + os.getpid() % 200}.{os.getpid() // 200 % 250}.3"


def pair(family: socket.AddressFamily, host: str):
    sockets = []
    for _ in range(2):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind((host, 0))
        sockets.append(sock)
    return sockets


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, HOST), (socket.AF_INET6, "::1")], ids=["v4", "v6"])
def test_a_batch_arrives_in_order_with_its_source(family, host):
    a, b = pair(family, host)
    with a, b:
        ours, theirs = Datagrams(a.fileno(), family), Datagrams(b.fileno(), family)
        to = b.getsockname()[:2]
        wanted = [b"%d" % number * (number % 900 + 1) for number in range(100)]
        assert ours.send([(data, to) for data in wanted]) == (100, 0)
        heard = []
        while batch := theirs.receive(64):
            heard += batch
        assert [data for data, _ in heard] == wanted
        assert {address for _, address in heard} == {a.getsockname()[:2]}


def test_nothing_waits():
    a, b = pair(socket.AF_INET, HOST)
    with a, b:
        assert Datagrams(a.fileno(), socket.AF_INET).receive(8) == []


def test_the_limit_holds_and_the_rest_stays():
    a, b = pair(socket.AF_INET, HOST)
    with a, b:
        Datagrams(a.fileno(), socket.AF_INET).send([(b"x", b.getsockname())] * 5)
        theirs = Datagrams(b.fileno(), socket.AF_INET)
        assert [len(theirs.receive(3)) for _ in range(3)] == [3, 2, 0]


def test_the_largest_datagram_comes_whole_and_a_larger_one_is_refused():
    a, b = pair(socket.AF_INET, HOST)
    with a, b:
        ours, to = Datagrams(a.fileno(), socket.AF_INET), b.getsockname()
        largest = os.urandom(65507)
        assert ours.send([(largest + b"x", to), (largest, to)]) == (2, 1)
        assert Datagrams(b.fileno(), socket.AF_INET).receive(1)[0][0] == largest


@pytest.mark.parametrize(
    "address", [("::1", 5060), ("nonsense", 5060), ("", 5060), ("127.0.0.1", 0), ("127.0.0.1", 65536)]
)
def test_what_is_no_address_is_counted_and_the_rest_is_sent(address):
    a, b = pair(socket.AF_INET, HOST)
    with a, b:
        ours, to = Datagrams(a.fileno(), socket.AF_INET), b.getsockname()
        assert ours.send([(b"1", to), (b"x", address), (b"2", to)]) == (3, 1)
        assert [data for data, _ in Datagrams(b.fileno(), socket.AF_INET).receive(8)] == [b"1", b"2"]


def test_what_is_no_socket_is_an_error_and_not_a_crash():
    with open(os.devnull, "rb") as file:
        ours = Datagrams(file.fileno(), socket.AF_INET)
        assert ours.send([(b"x", (HOST, 9))]) == (1, 1)
        with pytest.raises(OSError, match="cannot receive"):
            ours.receive(1)


@pytest.mark.parametrize("limit", [0, -1, 65])
def test_a_batch_has_a_size(limit):
    a, b = pair(socket.AF_INET, HOST)
    with a, b, pytest.raises(ValueError, match="a batch is"):
        Datagrams(a.fileno(), socket.AF_INET).receive(limit)


def test_many_sources_are_told_apart_and_cost_no_memory():
    a, b = pair(socket.AF_INET, HOST)
    with a, b:
        theirs = Datagrams(b.fileno(), socket.AF_INET)
        for number in range(300):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.bind((HOST, 0))
                one.sendto(b"%d" % number, b.getsockname())
                assert theirs.receive(4) == [(b"%d" % number, one.getsockname())]

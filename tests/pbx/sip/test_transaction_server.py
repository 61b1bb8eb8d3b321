"""Server transactions, timer by timer (RFC 3261 17.2, RFC 6026 7.1), and what a forged sender can get out of them."""

from __future__ import annotations

import pytest

from pbx.sip.transaction_layer import answer_address, server_key
from pbx.sip.transaction_server import REFLECTION_LIMIT
from tests.pbx.sip.machines import TCP, UDP, Bench, User, request


def start(method="INVITE", source=UDP, size=1000):
    bench = Bench()
    transaction = bench.open(request(method, size=size), source)
    return bench, transaction


def say(bench, transaction, status):
    transaction.respond(status, f"SIP/2.0 {status}".encode())
    bench.pump()


def again(bench, method="INVITE"):
    message = request(method)
    absorbed = bench.layer.absorb(message, server_key(message, "INVITE" if method == "ACK" else method))
    bench.pump()
    return absorbed


def test_timers_g_and_h_repeat_a_failure_for_64_t1():
    bench, transaction = start()
    say(bench, transaction, 486)
    bench.run(100)
    assert bench.times() == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert not bench.layer.servers
    assert not bench.queue.armed


def test_over_a_reliable_transport_only_timer_h_runs():
    bench, transaction = start(source=TCP)
    say(bench, transaction, 486)
    bench.run(31.9)
    assert bench.layer.servers
    bench.run(0.2)
    assert not bench.layer.servers
    assert bench.times() == [0]


def test_the_ack_of_a_failure_ends_the_repetition_and_timer_i_absorbs_more_acks():
    bench, transaction = start()
    say(bench, transaction, 486)
    bench.run(0.6)
    assert again(bench, "ACK")
    assert again(bench, "ACK")
    assert again(bench)  # a late INVITE gets nothing in Confirmed
    bench.run(4.9)
    assert bench.times() == [0, 0.5]
    assert bench.layer.servers
    bench.run(0.2)
    assert not bench.layer.servers


def test_over_a_reliable_transport_timer_i_is_zero():
    bench, transaction = start(source=TCP)
    say(bench, transaction, 486)
    assert again(bench, "ACK")
    assert not bench.layer.servers


def test_a_repeated_invite_gets_the_last_response_again():
    bench, transaction = start()
    say(bench, transaction, 100)
    assert again(bench)
    say(bench, transaction, 180)
    assert again(bench)
    assert [data for _, data in bench.sent] == [b"SIP/2.0 100", b"SIP/2.0 100", b"SIP/2.0 180", b"SIP/2.0 180"]
    assert bench.layer.retransmits_received == 2


def test_accepted_absorbs_the_invite_and_leaves_the_ack_to_the_dialog_until_timer_l():
    bench, transaction = start()
    say(bench, transaction, 200)
    assert again(bench)
    assert not again(bench, "ACK")
    assert bench.times() == [0]
    assert transaction.request is None  # finished: bytes and an address only
    bench.run(31.9)
    assert bench.layer.servers
    bench.run(0.2)
    assert not bench.layer.servers


@pytest.mark.parametrize("method", ["INVITE", "REGISTER"])
@pytest.mark.parametrize("status", [401, 407])
def test_a_challenge_is_sent_once_and_leaves_nothing(method, status):
    bench, transaction = start(method)
    say(bench, transaction, status)
    assert not bench.layer.servers
    bench.run(100)
    assert bench.times() == [0]
    assert not again(bench, method)  # it comes up as new


def test_a_small_invite_gets_no_more_than_three_times_its_bytes_out_of_timer_g():
    bench, transaction = start(size=0)
    received = len(request().data)
    response = b"SIP/2.0 486 " + b"x" * 300
    transaction.respond(486, response)
    bench.run(100)
    assert sum(len(data) for _, data in bench.sent) <= REFLECTION_LIMIT * received
    assert len(bench.sent) >= 2


def test_timer_j_repeats_the_answer_of_another_request_for_64_t1():
    bench, transaction = start("BYE")
    assert again(bench, "BYE")  # nothing to say yet
    say(bench, transaction, 200)
    assert again(bench, "BYE")
    assert len(bench.sent) == 2
    bench.run(31.9)
    assert bench.layer.servers
    bench.run(0.2)
    assert not bench.layer.servers


def test_over_a_reliable_transport_timer_j_is_zero():
    bench, transaction = start("BYE", TCP)
    say(bench, transaction, 200)
    assert not bench.layer.servers


def test_only_one_final_response_is_sent():
    bench, transaction = start("OPTIONS")
    say(bench, transaction, 200)
    say(bench, transaction, 500)
    assert [data for _, data in bench.sent] == [b"SIP/2.0 200"]


def test_a_failure_to_send_is_reported_and_ends_the_transaction():
    bench, transaction = start()
    transaction.user = user = User()
    say(bench, transaction, 180)
    transaction.on_send_failed()
    bench.pump()
    assert user.heard == ["send failed"]
    assert not bench.layer.servers


@pytest.mark.parametrize(
    ("via", "port"),
    [
        ("127.0.0.2:7000;rport", 5999),  # RFC 3581: the source port
        ("127.0.0.2:7000", 7000),  # RFC 3261 18.2.2: the port it names
        ("127.0.0.2", 5060),
        ("10.0.0.9:7000", 5999),  # behind a NAT what it names is of no use
        ("phone.example:7000", 5999),
    ],
)
def test_where_a_response_goes(via, port):
    source = UDP._replace(port=5999)
    assert answer_address(request(via=via), source) == source._replace(port=port)


def test_transactions_are_told_apart_without_the_magic_cookie():
    one = request(branch="1")
    assert server_key(one, "INVITE") == server_key(request(branch="1"), "INVITE")
    assert server_key(one, "INVITE") != server_key(request(branch="1", cseq=2), "INVITE")
    assert server_key(one, "INVITE") != server_key(request(branch="2"), "INVITE")

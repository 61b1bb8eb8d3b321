"""Client transactions, timer by timer (RFC 3261 17.1, RFC 6026 7.2)."""

from __future__ import annotations

import pytest

from tests.pbx.sip.machines import TCP, UDP, Bench, User, answer, request


def start(method="INVITE", destination=UDP, fallback=None):
    bench, user = Bench(), User()
    data = request(method).data
    transaction = bench.layer.send(data, destination, "z9hG4bKa", method, user, fallback)
    bench.pump()
    return bench, user, transaction


def hear(bench, status, method="INVITE", to_tag="t"):
    bench.layer.on_response(answer(status, method, to_tag=to_tag))
    bench.pump()


def test_timers_a_and_b_repeat_an_invite_with_doubled_intervals_for_64_t1():
    bench, user, _ = start()
    bench.run(100)
    assert bench.times() == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert user.heard == ["none 408"]
    assert not bench.layer.clients
    assert not bench.queue.armed


def test_timers_e_and_f_repeat_another_request_up_to_every_t2_for_64_t1():
    bench, user, _ = start("OPTIONS")
    bench.run(100)
    assert bench.times() == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert user.heard == ["none 408"]
    assert not bench.layer.clients


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_reliable_transport_repeats_nothing(method):
    bench, user, _ = start(method, TCP)
    bench.run(100)
    assert bench.times() == [0]
    assert user.heard == ["none 408"]
    assert not bench.layer.clients


def test_a_provisional_response_stops_timer_a_and_starts_timer_c():
    bench, user, _ = start()
    bench.run(0.6)
    hear(bench, 100)
    bench.run(150)
    hear(bench, 180)  # timer C starts again at 180, not at 100
    bench.run(184)
    assert user.heard == [100, 180]
    bench.run(2)
    assert user.heard == [100, 180, "ringing limit"]
    assert bench.times() == [0, 0.5]


def test_a_repeated_100_does_not_start_timer_c_again():
    bench, user, _ = start()
    hear(bench, 100)
    bench.run(180)
    hear(bench, 100)
    bench.run(6)
    assert "ringing limit" in user.heard


def test_after_our_cancel_the_final_response_is_due_within_64_t1():
    bench, user, transaction = start()
    hear(bench, 180)
    transaction.on_cancelled()
    bench.pump()
    bench.run(10)
    hear(bench, 183)  # changes nothing any more
    bench.run(21.9)
    assert user.heard == [180]
    bench.run(0.2)
    assert user.heard == [180, "none 408"]
    assert not bench.layer.clients


def test_a_failure_is_acknowledged_as_often_as_it_comes_and_timer_d_ends_it():
    bench, user, transaction = start()
    hear(bench, 486)
    hear(bench, 486)
    assert bench.times(b"ACK") == [0, 0]
    ack = bench.sent[-1][1].decode()
    assert "branch=z9hG4bKa" in ack
    assert "To: <sip:600@127.0.0.2>;tag=t\r\n" in ack
    assert "CSeq: 1 ACK\r\n" in ack
    assert user.heard == [486]
    assert transaction.data == b""  # finished: bytes and an address only
    assert transaction.user is None
    bench.run(31.9)
    assert bench.layer.clients
    bench.run(0.2)
    assert not bench.layer.clients


def test_over_a_reliable_transport_timer_d_is_zero():
    bench, _, _ = start(destination=TCP)
    hear(bench, 486)
    assert bench.times(b"ACK") == [0]
    assert not bench.layer.clients


def test_accepted_acknowledges_the_known_2xx_again_and_reports_a_fork_until_timer_m():
    bench, user, transaction = start()
    hear(bench, 200)
    assert user.heard == [200]
    transaction.acknowledge(b"ACK ours", UDP, "t")
    bench.pump()
    hear(bench, 200)
    assert bench.times(b"ACK ours") == [0, 0]
    assert not bench.stray
    hear(bench, 200, to_tag="other")
    assert [response.to_tag for response in bench.stray] == ["other"]
    assert user.heard == [200]
    bench.run(31.9)
    assert bench.layer.clients
    bench.run(0.2)
    assert not bench.layer.clients


def test_timer_k_absorbs_repeated_answers_for_t4():
    bench, user, _ = start("BYE")
    hear(bench, 200, "BYE")
    hear(bench, 200, "BYE")
    bench.run(4.9)
    assert bench.layer.clients
    bench.run(0.2)
    assert not bench.layer.clients
    assert user.heard == [200]
    assert bench.times() == [0]


def test_over_a_reliable_transport_timer_k_is_zero():
    bench, _, _ = start("BYE", TCP)
    hear(bench, 200, "BYE")
    assert not bench.layer.clients


def test_a_provisional_response_slows_a_request_to_every_t2():
    bench, user, _ = start("OPTIONS")
    bench.run(0.6)
    hear(bench, 100, "OPTIONS")
    bench.run(100)
    assert bench.times() == [0, 0.5, 1.5, 5.5, 9.5, 13.5, 17.5, 21.5, 25.5, 29.5]
    assert user.heard == [100, "none 408"]


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_failure_to_send_is_reported_as_503(method):
    bench, user, transaction = start(method)
    transaction.on_send_failed()
    bench.pump()
    assert user.heard == ["none 503"]
    assert not bench.layer.clients
    assert not bench.queue.armed


def test_a_failure_to_send_over_tcp_falls_back_to_udp_with_its_timers():
    bench, user, transaction = start("INVITE", TCP, fallback=(b"INVITE by UDP", UDP))
    transaction.on_send_failed()
    bench.run(100)
    assert bench.times(b"INVITE by UDP") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert user.heard == ["none 408"]


def test_a_response_of_another_method_or_branch_is_stray():
    bench, user, _ = start("OPTIONS")
    bench.layer.on_response(answer(200, "INVITE"))
    bench.layer.on_response(answer(200, "OPTIONS", branch="z9hG4bKb"))
    bench.pump()
    assert user.heard == []
    assert bench.layer.stray_responses == 2

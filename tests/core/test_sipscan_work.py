"""What the scanner makes of hostile octets: linear time at worst, and no crash."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from core.sipscan import PROBLEMS, Scan
from tests.core.sip_messages import START, build


def worst_cases(size: int) -> list[bytes]:
    fill = size - 600
    return [
        build(body=b"", Content_Length=None, extra=b"X: " + b"a" * fill + b"\r\n"),
        build(body=b"", Content_Length=None, extra=b"X:" + b"\r\n " * (fill // 3) + b"\r\n"),
        build(body=b"", Content_Length=None, extra=b"a:\r\n" * (fill // 4)),
        build(body=b"", Content_Length=None, Via=b"SIP/2.0/UDP h" + b";a" * (fill // 2)),
        build(body=b"", Content_Length=None, Via=b"," * fill),
        build(body=b"", Content_Length=None, From=b'"' + b"\\" * fill),
        build(body=b"", Content_Length=None, To=b"<" * fill),
        build(body=b"", Content_Length=None, extra=b"m: " + b'"' * fill + b"\r\n"),
        START + b"\r\n" * (fill // 2),
        b"A" * size,
        b"\r\n" * (size // 2),
        build(body=b"\n" * fill, Content_Length=None),
    ]


LARGE_S = 0.005  # 64 KiB in the worst case
RATIO = 12  # of 64 KiB to 8 KiB: eight times is linear, 64 times quadratic
ROUNDS = 400  # at most: one in which nobody else has the processor or its cache is among them
LEAST_S = 5e-6  # below it the clock decides


def work(data: bytes) -> float:
    """Seconds of processor time that a message costs."""
    start = time.thread_time()
    scan = Scan(data)
    _ = (scan.header("Subject"), scan.echo(b"tag"))
    return time.thread_time() - start


def test_work_is_linear() -> None:
    """The best of many turns of small and large counts: a neighbour makes a turn dearer and none cheaper."""
    for small, large in zip(worst_cases(8_192), worst_cases(65_536), strict=True):
        small_s = large_s = 1.0
        for number in range(ROUNDS):
            small_s, large_s = min(small_s, work(small)), min(large_s, work(large))
            if number >= 10 and large_s <= min(LARGE_S, RATIO * max(small_s, LEAST_S)):
                break
        assert large_s <= LARGE_S
        assert large_s / max(small_s, LEAST_S) <= RATIO


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_survived(data: bytes) -> None:
    for text in (data, START + data, build(extra=data), build(body=data)):
        scan = Scan(text)
        scan.set_source("192.0.2.1", 1)
        assert scan.problem is None or scan.problem in PROBLEMS
        _ = (scan.echo(b"t"), scan.body, scan.header_names(), scan.call_id, scan.from_tag, scan.to_tag, scan.branch)

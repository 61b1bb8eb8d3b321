"""Signalling goes first where the system allows it, and only the threads that are named."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from pbx.runtime.priority import go_first


def test_the_named_threads_alone_go_first() -> None:
    seen: list[int] = []

    def first() -> None:
        if not go_first([threading.get_native_id()]):
            return
        seen.append(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK)
        child = threading.Thread(target=lambda: seen.append(os.sched_getscheduler(0)))
        child.start()
        child.join()

    thread = threading.Thread(target=first)
    thread.start()
    thread.join()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    if not seen:
        pytest.skip("this system lets us run nothing under SCHED_RR")
    assert seen == [os.SCHED_RR, os.SCHED_OTHER]


def test_who_may_not_is_told_what_to_grant(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with caplog.at_level(logging.WARNING):
        assert not go_first([0])
    assert "LimitRTPRIO" in caplog.text

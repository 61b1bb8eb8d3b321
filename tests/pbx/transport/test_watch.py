"""The collector's policy."""

from __future__ import annotations

import asyncio
import gc

import pytest

from pbx.transport.gc_policy import FULL_AT_LEAST_S, FULL_EVERY_S, THRESHOLDS, GcPolicy


class TestCollector:
    @pytest.fixture(autouse=True)
    def restore(self):
        before = gc.get_threshold()
        yield
        gc.set_threshold(*before)
        gc.unfreeze()

    def test_what_survives_is_frozen_and_thawed_when_it_is_quiet(self):
        now, quiet = [0.0], [False]
        policy = GcPolicy(lambda: quiet[0], lambda: now[0])
        policy.step()
        assert gc.get_freeze_count() > 0
        now[0] = FULL_EVERY_S + 1
        policy.step()
        assert policy.full_collections == 0  # not while somebody would notice
        quiet[0] = True
        policy.step()
        policy.step()
        assert policy.full_collections == 1

    def test_a_pbx_that_is_never_quiet_is_collected_once_a_day(self):
        now = [0.0]
        policy = GcPolicy(lambda: False, lambda: now[0])
        now[0] = FULL_AT_LEAST_S + 1
        policy.step()
        assert policy.full_collections == 1

    def test_frozen_cycles_are_freed_in_the_end(self):
        class Knot:
            pass

        alive = []

        class Mark:
            def __del__(self):
                alive.append(1)

        knot = Knot()
        knot.self, knot.mark = knot, Mark()
        now = [0.0]
        policy = GcPolicy(lambda: True, lambda: now[0])
        policy.step()
        del knot
        gc.collect()
        assert not alive
        now[0] = FULL_EVERY_S + 1
        policy.step()
        assert alive

    async def test_it_runs_by_itself_and_gives_back_what_it_changed(self):
        before = gc.get_threshold()
        policy = GcPolicy(lambda: True)
        policy.start(asyncio.get_running_loop())
        assert gc.get_threshold() == THRESHOLDS
        policy.stop()
        assert gc.get_threshold() == before
        assert gc.get_freeze_count() == 0

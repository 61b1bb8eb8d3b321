"""The bounds of the histograms, in seconds, each chosen for the question that is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

# A PBX answers within milliseconds, people within the ring time: both ends of one scale.
CALL_SETUP = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
CALL_DURATION = (5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 3600.0)
# The customary thresholds of service levels, and the waits at which people give up.
QUEUE_WAIT = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0)
# E.721 gives 3 s for a local and 8 s for an international connection as the mean to plan for.
POST_DIAL_DELAY = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 11.0, 15.0, 30.0)
# Promised are 10 ms at nominal load and 20 ms at overload; from 50 ms on calls are shed.
DECISION = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1)
LOOP_LAG = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0)
# 28 s is the best of the market's demos, a minute the promise of web pages, five minutes the limit of patience.
SPEED_TO_LEAD = (5.0, 10.0, 15.0, 20.0, 28.0, 45.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 10_800.0, 14_400.0)
# Messages: a gateway answers within a second, a network delivers within seconds, or tries for hours.
SMS_QUEUED = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0, 43_200.0)
SMS_DELIVERY = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 21_600.0, 86_400.0)
# Deliveries over HTTP: within seconds where the receiver is up, within hours where it was not.
OUTBOX_DELIVERY = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 3600.0, 21_600.0, 86_400.0)
# MOS-CQE: bounds that G.107 annex B gives to satisfied, dissatisfied and lost users, and some between.
MOS = (1.5, 2.0, 2.6, 3.1, 3.6, 4.0, 4.3)


def queue_wait(thresholds: Iterable[float]) -> tuple[float, ...]:
    """QUEUE_WAIT with the service level thresholds of the queues among the bounds, so that they can be read exactly."""
    return tuple(sorted({*QUEUE_WAIT, *(float(threshold) for threshold in thresholds)}))

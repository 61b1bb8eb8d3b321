"""Lets the threads that signalling waits for go before other programs, where the system allows it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable

log = logging.getLogger("centrala.app")
PRIORITY = 1  # below the media threads, whose packets are due on the tick


def go_first(threads: Iterable[int]) -> bool:
    """Runs `threads` (native ids) under SCHED_RR; what they start runs as everything else. False, and a warning, where
    the process may not.
    """
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    try:
        for thread in threads:
            os.sched_setscheduler(thread, policy, os.sched_param(PRIORITY))
    except PermissionError:
        log.warning(
            "sip.realtime: this process may not run under SCHED_RR: grant CAP_SYS_NICE or rtprio in limits.conf "
            "(LimitRTPRIO in systemd); signalling waits for its turn like other programs"
        )
        return False
    return True

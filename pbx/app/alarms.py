"""The alarms that are active now; each change is logged once."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from pbx.events import Alarm, EventBus

log = logging.getLogger("centrala.alarm")


class Alarms:
    """Listens from construction on."""

    def __init__(self, bus: EventBus) -> None:
        self._active: dict[str, Alarm] = {}
        bus.subscribe(Alarm, self._on_alarm)

    def active(self) -> list[dict[str, Any]]:
        """Every active alarm: name, text with remedy, since (UTC seconds)."""
        return [{"name": alarm.name, "text": alarm.text, "since": alarm.at} for alarm in self._active.values()]

    def _on_alarm(self, alarm: Alarm) -> None:
        known = self._active.get(alarm.name)
        if alarm.active:
            # It is said anew with newer words; it began when it began.
            self._active[alarm.name] = alarm if known is None else replace(alarm, at=known.at)
            if known is None:
                log.warning("%s: %s", alarm.name, alarm.text)
        elif known is not None:
            del self._active[alarm.name]
            log.warning("%s is over: %s", alarm.name, alarm.text)

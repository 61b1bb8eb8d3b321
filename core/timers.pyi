"""Armed timers by deadline. Every owner has one slot: arming replaces, clearing costs one assignment."""

from typing import Any

class TimerQueue:
    """`owner` is any object with an attribute `timer_id`, 0 while nothing is armed, and a method `on_timer`."""

    SLACK: int
    """Stale entries that are tolerated before they are thrown out."""
    @property
    def armed(self) -> int:
        """How many owners have a timer."""
    def __len__(self) -> int: ...
    def arm(self, owner: Any, deadline: float) -> None:
        """Arms the owner's slot for `deadline` (the clock's seconds)."""
    def clear(self, owner: Any) -> None:
        """Disarms the owner's slot; nothing happens if it is not armed."""
    def next_deadline(self) -> float | None:
        """When the earliest armed timer is due; None when none is armed."""
    def pop_due(self, now: float) -> Any:
        """Takes out and disarms the next owner whose deadline is at or before `now`; None when there is none."""

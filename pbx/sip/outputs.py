"""What the SIP layer wants done. Machines append these to one queue; `transport/driver.py` or a test executes them.

A `Send` always comes before the `SetTimer` that repeats it.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from core.outputs import ClearTimer, Send, SetTimer, Terminated, ToUser

__all__ = ["ClearTimer", "Output", "Outputs", "Send", "SendFailureListener", "SetTimer", "Terminated", "ToUser"]


class SendFailureListener(Protocol):
    def on_send_failed(self) -> None: ...


Output = Send | SetTimer | ClearTimer | ToUser | Terminated
Outputs = deque[Output]

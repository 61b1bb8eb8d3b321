"""What the queues refuse: a queue, agent or state that is not there, and what the rules do not allow now."""

from __future__ import annotations


class QueueError(LookupError):
    """A queue, agent or state that is not there; the text names the remedy."""


class AgentRefused(QueueError):
    """What was asked does not fit the agent's state or the rules. `status` is HTTP's."""

    def __init__(self, text: str, status: int = 409) -> None:
        super().__init__(text)
        self.status = status

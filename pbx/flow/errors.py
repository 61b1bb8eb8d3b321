"""What goes wrong in a flow, said with what to do."""

from __future__ import annotations


class FlowError(Exception):
    """A flow cannot go on, or cannot be taken."""

    def __init__(self, text: str, remedy: str = "") -> None:
        self.text, self.remedy = text, remedy
        super().__init__(f"{text}; {remedy}" if remedy else text)


class VariableError(FlowError):
    """A name that cannot be set, or a value that cannot be kept."""

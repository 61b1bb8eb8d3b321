"""What goes wrong in a flow, said with what to do."""

from __future__ import annotations


class FlowError(Exception):
    """A flow cannot go on, or cannot be taken."""

    def __init__(self, text: str, remedy: str = "") -> None:
        self.text, self.remedy = text, remedy
        super().__init__(f"{text}; {remedy}" if remedy else text)


class VariableError(FlowError, ValueError):
    """A name that cannot be set, or a value that cannot be kept."""


class ExpressionError(FlowError, ValueError):
    """An expression that cannot be read, or has no value; `position` counts characters from 0."""

    def __init__(self, text: str, position: int, remedy: str = "") -> None:
        self.position = position
        super().__init__(f"{text} (character {position + 1})", remedy)

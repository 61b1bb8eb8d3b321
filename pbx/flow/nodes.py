"""What an expression is made of; each node knows its value and where it stands."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from pbx.flow.errors import ExpressionError
from pbx.flow.functions import FUNCTIONS
from pbx.flow.glob import matches
from pbx.flow.values import Value, bounded, equal, is_number, kind_of, number, text

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}


class Budget:
    """The steps that an evaluation may still take."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int, position: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise ExpressionError("the evaluation takes too long", position, "use shorter texts and patterns")


class Node(ABC):
    """`depth` counts the nodes in one another, this one included."""

    __slots__ = ("depth", "position")

    depth: int
    position: int

    def __init__(self, position: int, *parts: Node) -> None:
        self.position = position
        self.depth = 1 + max((part.depth for part in parts), default=0)

    @abstractmethod
    def value(self, variables: Mapping[str, Value], budget: Budget, /) -> Value:
        """Raises ExpressionError when there is none."""


class Literal(Node):
    __slots__ = ("_value",)

    def __init__(self, position: int, value: Value) -> None:
        super().__init__(position)
        self._value = value

    def value(self, _variables: Mapping[str, Value], _budget: Budget) -> Value:
        return self._value


class Name(Node):
    __slots__ = ("_name",)

    def __init__(self, position: int, name: str) -> None:
        super().__init__(position)
        self._name = name

    def value(self, variables: Mapping[str, Value], budget: Budget) -> Value:
        budget.spend(1, self.position)
        return variables.get(self._name)


class Not(Node):
    __slots__ = ("_part",)

    def __init__(self, position: int, part: Node) -> None:
        super().__init__(position, part)
        self._part = part

    def value(self, variables: Mapping[str, Value], budget: Budget) -> Value:
        budget.spend(1, self.position)
        return not self._part.value(variables, budget)


class Negate(Node):
    __slots__ = ("_part",)

    def __init__(self, position: int, part: Node) -> None:
        super().__init__(position, part)
        self._part = part

    def value(self, variables: Mapping[str, Value], budget: Budget) -> Value:
        budget.spend(1, self.position)
        return -number(self._part.value(variables, budget), self.position)


class Logic(Node):
    """`and`, `or` of any number of terms; those behind the one that decides are not evaluated."""

    __slots__ = ("sign", "terms")

    def __init__(self, position: int, sign: str, terms: tuple[Node, ...]) -> None:
        super().__init__(position, *terms)
        self.sign, self.terms = sign, terms

    def value(self, variables: Mapping[str, Value], budget: Budget) -> Value:
        budget.spend(1, self.position)
        decides = self.sign == "or"
        return decides if any(bool(t.value(variables, budget)) is decides for t in self.terms) else not decides


class Binary(Node):
    __slots__ = ("_left", "_right", "_sign")

    def __init__(self, position: int, sign: str, left: Node, right: Node) -> None:
        super().__init__(position, left, right)
        self._sign, self._left, self._right = sign, left, right

    def value(self, variables: Mapping[str, Value], budget: Budget) -> Value:
        budget.spend(1, self.position)
        left, right = self._left.value(variables, budget), self._right.value(variables, budget)
        sign, position = self._sign, self.position
        if sign in ("==", "!="):
            return equal(left, right) is (sign == "==")
        if sign in _ORDER:
            return _ordered(sign, left, right, position)
        if sign == "in":
            return _within(left, right, position)
        if sign == "matches":
            wanted, pattern = text(left, position), text(right, position)
            return matches(wanted, pattern, lambda steps: budget.spend(steps, position))
        return _calculated(sign, left, right, position)


class Index(Node):
    """A member of a table or list; null when it is not there."""

    __slots__ = ("_key", "_of")

    def __init__(self, position: int, of: Node, key: Node) -> None:
        super().__init__(position, of, key)
        self._of, self._key = of, key

    def value(self, variables: Mapping[str, Value], budget: Budget) -> Value:
        budget.spend(1, self.position)
        of, key = self._of.value(variables, budget), self._key.value(variables, budget)
        if of is None:
            return None
        if isinstance(of, dict) and isinstance(key, str):
            return of.get(key)
        if isinstance(of, list) and isinstance(key, int) and not isinstance(key, bool):
            return of[key] if -len(of) <= key < len(of) else None
        raise ExpressionError(
            f"{kind_of(key)} chooses nothing from {kind_of(of)}", self.position, "a table takes a text, a list a number"
        )


class Call(Node):
    __slots__ = ("_arguments", "_function")

    def __init__(self, position: int, name: str, arguments: tuple[Node, ...]) -> None:
        super().__init__(position, *arguments)
        self._function = FUNCTIONS[name].run
        self._arguments = arguments

    def value(self, variables: Mapping[str, Value], budget: Budget) -> Value:
        budget.spend(1 + len(self._arguments), self.position)
        values = [argument.value(variables, budget) for argument in self._arguments]
        return bounded(self._function(values, self.position), self.position)


def _ordered(sign: str, left: Value, right: Value, position: int) -> bool:
    same = (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
    if not same:
        said = f"{kind_of(left)} cannot be compared with {kind_of(right)}"
        raise ExpressionError(said, position, "turn both into numbers with number(...)")
    return _ORDER[sign](left, right)


def _within(left: Value, right: Value, position: int) -> bool:
    if right is None:
        return False
    if isinstance(right, str):
        return text(left, position) in right
    if isinstance(right, dict):
        return isinstance(left, str) and left in right
    if isinstance(right, list):
        return any(equal(left, member) for member in right)
    raise ExpressionError(f"nothing is in {kind_of(right)}", position, 'write a list such as ["a", "b"]')


def _calculated(sign: str, left: Value, right: Value, position: int) -> Value:
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return bounded(left + right, position)
    first, second = number(left, position), number(right, position)
    if sign in "/%" and second == 0:
        raise ExpressionError("a division by zero", position, "test the divisor before: x != 0 and ...")
    value: Value = _ARITHMETIC[sign](first, second)
    return bounded(value, position)

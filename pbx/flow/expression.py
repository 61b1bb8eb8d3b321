"""The small language of conditions and settings: `call.region == "Mazowieckie" and queue.sales.waiting < 5`.

An operator-precedence parser (Pratt) over `tokens`, and nothing of Python's `eval`. Whatever the text, reading and
evaluating end after a bounded number of steps, and raise nothing but ExpressionError.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache

from pbx.flow.errors import ExpressionError
from pbx.flow.functions import FUNCTIONS
from pbx.flow.nodes import Binary, Budget, Call, Index, Literal, Logic, Name, Negate, Node, Not
from pbx.flow.tokens import Token, tokens_of
from pbx.flow.values import Value

MAX_DEPTH = 40
MAX_ARGUMENTS = 20
STEPS = 20_000  # of one evaluation: nodes, and characters that `matches` looks at

# How strongly an operator binds; "not" is between "and" and the comparisons.
BINDING = {"or": 1, "and": 2, "in": 4, "matches": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "[": 8}
BINDING.update(dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 4))
NOT, COMPARED, MINUS = 3, 4, 7


class Expression:
    """A text that was read. `names` are the variables that it reads, with where."""

    __slots__ = ("_root", "names", "source")

    def __init__(self, source: str, root: Node, names: Mapping[str, int]) -> None:
        self.source = source
        self._root = root
        self.names = names

    @classmethod
    def parse(cls, source: str) -> Expression:
        """Raises ExpressionError, with where and what to do. What was read lately is remembered."""
        return _parsed(source)

    def value(self, variables: Mapping[str, Value]) -> Value:
        """What it comes to; a name that `variables` does not have is null. ExpressionError when it has no value."""
        return self._root.value(variables, Budget(STEPS))

    def holds(self, variables: Mapping[str, Value]) -> bool:
        """Whether the value is neither null, false, 0 nor empty."""
        return bool(self.value(variables))


@lru_cache(maxsize=2048)
def _parsed(source: str) -> Expression:
    parser = _Parser(tokens_of(source))
    return Expression(source, parser.whole(), parser.names)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self.names: dict[str, int] = {}

    def whole(self) -> Node:
        node = self._expression(0)
        token = self._tokens[self._at]
        if token.kind != "end":
            raise ExpressionError(f"{token.value!r} is not expected here", token.position, "join both with an operator")
        return node

    def _take(self) -> Token:
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def _expression(self, binding: int) -> Node:
        self._depth += 1
        position = self._tokens[self._at].position
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}", position, "set parts of it as variables before")
        node = self._first()
        while True:
            sign, negated = self._operator()
            strength = BINDING.get(sign, 0)
            if strength <= binding:
                break
            node = self._joined(node, sign, strength, negated)
            if node.depth > MAX_DEPTH:
                remedy = "set parts of it as variables before"
                raise ExpressionError(f"more than {MAX_DEPTH} operations in one another", node.position, remedy)
        self._depth -= 1
        return node

    def _operator(self) -> tuple[str, bool]:
        """The operator that comes next, "" for none; "not in" and "not matches" are negated ones."""
        token = self._tokens[self._at]
        if token.kind not in ("sign", "word"):
            return "", False
        if token.value == "not":
            following = self._tokens[self._at + 1]
            return (str(following.value), True) if following.value in ("in", "matches") else ("", False)
        return str(token.value), False

    def _joined(self, left: Node, sign: str, strength: int, negated: bool) -> Node:
        token = self._take()
        if negated:
            self._take()
        if sign == "[":
            key = self._expression(0)
            self._closing("]", token)
            return Index(token.position, left, key)
        right = self._expression(strength)
        if sign in ("and", "or"):
            terms = left.terms if isinstance(left, Logic) and left.sign == sign else (left,)
            return Logic(token.position, sign, (*terms, right))
        if strength == COMPARED and self._operator()[0] in BINDING and BINDING[self._operator()[0]] == COMPARED:
            remedy = "compare two at a time and join with and"
            raise ExpressionError("a comparison of a comparison", self._tokens[self._at].position, remedy)
        node: Node = Binary(token.position, sign, left, right)
        return Not(token.position, node) if negated else node

    def _first(self) -> Node:
        token = self._take()
        if token.kind in ("number", "text"):
            return Literal(token.position, token.value)
        if token.kind == "name":
            return self._call(token) if self._tokens[self._at].value == "(" else self._name(token)
        if token.value == "(" and token.kind == "sign":
            node = self._expression(0)
            self._closing(")", token)
            return node
        if token.value == "-":
            return Negate(token.position, self._expression(MINUS))
        if token.value == "not":
            return Not(token.position, self._expression(NOT))
        if token.value == "[":
            return Call(token.position, "list", self._arguments("]", token))
        constants: dict[object, Value] = {"true": True, "false": False, "null": None}
        if token.kind == "word" and token.value in constants:
            return Literal(token.position, constants[token.value])
        missing = "a value is missing" if token.kind == "end" else f"a value is missing before {token.value!r}"
        raise ExpressionError(missing, token.position, "write a name, a number, or a text in quotes")

    def _name(self, token: Token) -> Node:
        name = str(token.value)
        self.names.setdefault(name, token.position)
        return Name(token.position, name)

    def _call(self, token: Token) -> Node:
        name, opening = str(token.value), self._take()
        function = FUNCTIONS.get(name)
        if function is None:
            close = get_close_matches(name, FUNCTIONS, 1)
            remedy = f"did you mean {close[0]}()?" if close else f"there are: {', '.join(sorted(FUNCTIONS))}"
            raise ExpressionError(f"there is no function {name!r}", token.position, remedy)
        arguments = self._arguments(")", opening)
        if not function.least <= len(arguments) <= function.most:
            raise ExpressionError(f"{name}() cannot take {len(arguments)} values", token.position, function.form)
        return Call(token.position, name, arguments)

    def _arguments(self, closing: str, opening: Token) -> tuple[Node, ...]:
        """What stands between brackets, separated by commas."""
        arguments: list[Node] = []
        if self._tokens[self._at].value == closing and self._tokens[self._at].kind == "sign":
            self._take()
            return ()
        while True:
            arguments.append(self._expression(0))
            if len(arguments) > MAX_ARGUMENTS:
                raise ExpressionError(f"more than {MAX_ARGUMENTS} values", opening.position, "use fewer")
            if self._tokens[self._at].kind == "sign" and self._tokens[self._at].value == ",":
                self._take()
                continue
            self._closing(closing, opening)
            return tuple(arguments)

    def _closing(self, sign: str, opening: Token) -> None:
        token = self._take()
        if token.kind != "sign" or token.value != sign:
            raise ExpressionError(f"{opening.value!r} is not closed", opening.position, f"close it with {sign!r}")

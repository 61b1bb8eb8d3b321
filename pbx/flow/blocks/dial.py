"""Rings an extension or number, its forwarding followed, and bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from pbx.call.identity import clean_number
from pbx.flow.block import Block, Exit, Reference
from pbx.flow.fill import checked, fill

if TYPE_CHECKING:
    from pbx.flow.run import Run

CHOSEN = "flow.dealer_number"  # in a call's variables: a dealer's number, of the configuration
DEALER = "{dealer.number}"
BUSY = frozenset({"busy", "limit"})


class Dial(Block):
    """Exits: "answered" (the other side hung up first), "busy", "no_answer", "failed"; unwired they end the flow.

    A target outside is reached only by callers who are extensions with the right to call there, or on the account of
    `account`. A target with variables must be one of `allowed`, or the number that a dealer block has just chosen: what
    a caller types is not to become a call that somebody pays for.
    """

    kind: Literal["dial"]
    target: str
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    record: bool = False
    account: str = ""  # the extension whose rights and limits count when the target is outside
    allowed: list[str] = []  # numbers and their beginnings with "*", for a target with variables
    answered: str = ""
    busy: str = ""
    no_answer: str = ""
    failed: str = ""

    def exits(self) -> dict[str, Exit]:
        names = ("answered", "busy", "no_answer", "failed")
        return {name: Exit(name, getattr(self, name)) for name in names}

    def references(self) -> list[Reference]:
        found = [Reference("extension", self.account, "account")] if self.account else []
        return found if "{" in self.target else [Reference("target", self.target, "target"), *found]

    def templates(self) -> dict[str, str]:
        return {"target": self.target}

    @model_validator(mode="after")
    def _check(self) -> Self:
        checked(self.target)
        if "{" in self.target and not self.allowed and self.target != DEALER:
            raise ValueError('a target with variables needs allowed = ["+48*"]: numbers that may be called')
        for text in self.allowed:
            body = text.removesuffix("*").removeprefix("+")
            if not (body.isascii() and body.isdigit()):
                raise ValueError(f'{text!r} is no number: write "+48221234567" or its beginning, "+48*"')
        return self

    def may_call(self, target: str) -> bool:
        """Whether a filled target is one of `allowed`."""
        plain = clean_number(target)
        return bool(plain) and any(plain.startswith(t[:-1]) if t.endswith("*") else plain == t for t in self.allowed)

    async def run(self, run: Run) -> str:
        call = run.call
        target = fill(run, self.target, missing="")
        if "{" in self.target and not self.may_call(target) and target != call.variables.get(CHOSEN):
            run.failed(f"the target {target!r} is not one that may be called")
            return "failed"
        application = call.services.dialplan.application_of(target)
        if application is not None:
            await application(call)
            return "answered"
        result = await call.dial(target, timeout_s=self.timeout_s, record=self.record, account=self.account)
        if result.answered:
            return "answered"
        if result.cause in BUSY:
            return "busy"
        return "no_answer" if result.cause == "no_answer" else "failed"

"""Asks questions that are answered by a key; every answer is in the journey as it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pbx.events import Kind
from pbx.flow.asking import Asked, ask
from pbx.flow.block import Block, Exit, Text

if TYPE_CHECKING:
    from pbx.flow.run import Run

MAX_QUESTIONS = 20


class Question(BaseModel):
    """`keys` are the answers that count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"[a-z][a-z0-9_]{0,31}")
    text: Text
    keys: str = Field(default="12345", pattern=r"[0-9*#]{1,12}")


class Survey(Block):
    """Exits: "done" (all questions were asked), "refused" (none was answered; as "done" when unwired)."""

    kind: Literal["survey"]
    name: str = Field(pattern=r"[a-z0-9_-]{1,32}")
    questions: list[Question] = Field(min_length=1, max_length=MAX_QUESTIONS)
    timeout_s: float = Field(default=6.0, gt=0, le=60)
    retries: int = Field(default=1, ge=0, le=5)
    thanks_text: Text | None = None
    done: str = ""
    refused: str = ""

    @field_validator("questions")
    @classmethod
    def _check_questions(cls, questions: list[Question]) -> list[Question]:
        if len({question.name for question in questions}) < len(questions):
            raise ValueError("two questions have the same name")
        return questions

    def exits(self) -> dict[str, Exit]:
        return {
            "done": Exit("done", self.done, required=True),
            "refused": Exit("refused", self.refused or self.done),
        }

    def texts(self) -> dict[str, Text]:
        found = {f"questions.{question.name}": question.text for question in self.questions}
        return found if self.thanks_text is None else {**found, "thanks_text": self.thanks_text}

    def sets(self) -> Sequence[str]:
        return tuple(f"survey.{question.name}" for question in self.questions)

    async def run(self, run: Run) -> str:
        await run.call.answer()
        answered = 0
        for question in self.questions:
            answer = await self._answer(run, question)
            answered += bool(answer)
            run.variables.set(f"survey.{question.name}", answer or None)
            told = {"survey": self.name, "question": question.name, "answer": answer}
            run.call.emit(Kind.SURVEY_ANSWERED, block=run.block, **told)
        if not answered:
            return "refused"
        if self.thanks_text is not None:
            await run.say(self.thanks_text)
        return "done"

    async def _answer(self, run: Run, question: Question) -> str:
        for _ in range(self.retries + 1):
            pressed = await ask(run, question.text, Asked(1, 1, self.timeout_s, self.timeout_s, "", True))
            if pressed and pressed in question.keys:
                return pressed
        return ""

"""Sets the language of everything that the caller hears from here on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.config import Language as LanguageName
from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Language(Block):
    kind: Literal["language"]
    language: LanguageName
    next: str = ""

    waits = False

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    def speaks(self) -> tuple[LanguageName, ...]:
        return (self.language,)

    async def run(self, run: Run) -> str:
        run.language = self.language
        return "next"

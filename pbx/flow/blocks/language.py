"""Sets the language of everything that the caller hears from here on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.config import Language as LanguageName
from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.call.call import Call


class Language(Block):
    kind: Literal["language"]
    language: LanguageName
    next: str = ""

    waits = False

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    async def run(self, call: Call) -> str:
        call.language = self.language
        return "next"

"""What every section of the configuration is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from pbx.languages import Language

__all__ = ["Language", "Section"]


class Section(BaseModel):
    """A table of the file; an unknown key is an error, so that a typing mistake cannot pass silently."""

    model_config = ConfigDict(extra="forbid")

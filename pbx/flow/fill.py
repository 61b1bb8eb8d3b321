"""Settings with variables in them: `{caller.agent}` in a queue's preferred agent, a URL, a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from pbx.config import Language
from pbx.flow.errors import FlowError
from pbx.flow.texts import TemplateError, template

if TYPE_CHECKING:
    from pbx.flow.run import Run


def checked(text: str) -> str:
    """`text`, for validators of settings. Raises ValueError when it is no template."""
    template(text)
    return text


def fill(run: Run, text: str, *, missing: str | None = None) -> str:
    """`text` with its variables. One that has no value makes it `missing`; without that, FlowError."""
    if "{" not in text and "}" not in text:
        return text
    values = cast("Mapping[str, object]", run.variables)
    try:
        return template(text).render(values, cast("Language", run.language), written=True)
    except TemplateError as error:
        if missing is not None:
            return missing
        raise FlowError(error.text, error.remedy) from error

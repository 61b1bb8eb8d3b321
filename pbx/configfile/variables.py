"""Variables of the environment as nested sections, by pydantic-settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource

from pbx.config import Config

# Sections are read as plain mappings; Config itself validates them together with the file.
_Environment = type(
    "_Environment",
    (BaseSettings,),
    {"__annotations__": {name: field.annotation for name, field in Config.model_fields.items()}, "__module__": __name__}
    | dict.fromkeys(Config.model_fields),
)


class _Source(EnvSettingsSource):
    """pydantic-settings' reader of nested variables, over a mapping that is handed in instead of os.environ."""

    def __init__(self, variables: Mapping[str, str], prefix: str, delimiter: str) -> None:
        self._variables = {name.lower(): value for name, value in variables.items()}
        super().__init__(_Environment, env_prefix=prefix, env_nested_delimiter=delimiter, case_sensitive=False)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._variables


def nested(variables: Mapping[str, str], prefix: str, delimiter: str) -> dict[str, Any]:
    """`PREFIX_SECTION__KEY=value` as {"section": {"key": value}}. Raises SettingsError."""
    return _Source(variables, prefix, delimiter)()

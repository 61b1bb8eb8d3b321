"""The documentation names what the program has."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel

from pbx.config import Config
from pbx.configfile import load
from pbx.flow.kinds import KINDS
from pbx.flow.loader import check_flows

ROOT = Path(__file__).resolve().parent.parent


def test_every_key_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    missing = []
    for section, field in Config.model_fields.items():
        models = [field.annotation, *getattr(field.annotation, "__args__", ())]
        model = next((item for item in models if isinstance(item, type) and issubclass(item, BaseModel)), None)
        if model is None:  # a table of names that the user chooses
            missing += [section] if f"[{section}]" not in text else []
            continue
        keys = [*model.model_fields]
        missing += [f"{section}.{key}" for key in keys if f"`{key}`" not in text and f".{key}`" not in text]
    # Blocks and days are shown in the example.
    assert [key for key in missing if key not in ("flow.block",) and key.partition(".")[2] not in text] == []


def test_every_kind_of_block_is_documented() -> None:
    text = (ROOT / "docs" / "flows.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []


def test_the_readme_s_configuration_is_right(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text().split("```toml\n")[1].split("```")[0]
    path = tmp_path / "centrala.toml"
    path.write_text(text)
    path.chmod(0o600)
    loaded = load(path, {}, (check_flows,))
    assert loaded.warnings == []
    assert loaded.config.queue[0].name == "sales"


def test_the_configuration_example_is_toml() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text().split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(text)["flow"][0]["name"] == "hotline"

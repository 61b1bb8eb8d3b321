"""Each template does what its script says, in three languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pbx.config import Config
from pbx.flow import templates
from pbx.flow.errors import FlowError
from pbx.flow.model import prompts_of
from pbx.flow.rehearsal.material import of_document
from pbx.flow.rehearsal.report import as_text
from pbx.flow.rehearsal.run import config_of, run_script
from pbx.flow.rehearsal.script import Script

LANGUAGES = ("pl", "ru", "en")
FOLDER = Path(templates.__file__).parent


def scripted(name: str, language: str = "", use: dict[str, str] | None = None) -> tuple[Any, Script, Config]:
    script = Script.model_validate(yaml.safe_load(templates.script(name, language=language, use=use)))
    config = config_of(script, FOLDER, Config)
    flow, _ = of_document(json.dumps(templates.made(name, name, language=language, use=use)), config)
    return flow, script, config


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", templates.names())
def test_its_callers_pass(name: str, language: str) -> None:
    flow, script, config = scripted(name, language)
    results = run_script(flow, script, config)
    assert all(result.passed for result in results), as_text(results)


@pytest.mark.parametrize("name", templates.names())
def test_its_callers_pass_in_a_house_of_other_names(name: str) -> None:
    flow, script, config = scripted(name, use={old: f"9{number}" for number, old in enumerate(templates.needs(name))})
    results = run_script(flow, script, config)
    assert all(result.passed for result in results), as_text(results)


@pytest.mark.parametrize("name", templates.names())
def test_every_block_is_gone_through(name: str) -> None:
    flow, script, config = scripted(name)
    gone = {block for result in run_script(flow, script, config) for block, _ in result.outcome.path}
    assert gone == set(flow.blocks)


@pytest.mark.parametrize("name", templates.names())
def test_it_speaks_three_languages(name: str) -> None:
    flow, _, _ = scripted(name)
    texts = [text for block in flow.blocks.values() for text in block.texts().values()]
    assert texts
    assert all(isinstance(text, dict) and set(text) == set(LANGUAGES) for text in texts)
    assert {spoken for _, spoken in prompts_of(flow, "en")} == set(LANGUAGES)


def test_a_flow_is_made_with_the_names_of_the_house() -> None:
    made = templates.made("hotline", "main", language="pl", use={"sales": "orders", "office": "shop"})
    assert (made["name"], made["language"]) == ("main", "pl")
    assert made["blocks"]["sales"]["queue"] == "orders"
    assert made["blocks"]["hours"]["hours"] == "shop"
    assert made["blocks"]["menu"]["keys"] == {"1": "sales", "2": "service"}, "names of blocks stay"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"template": "hotlin", "name": "x"}, "did you mean 'hotline'"),
        ({"template": "hotline", "name": "x", "use": {"slaes": "y"}}, "names no 'slaes'; it names office, sales"),
    ],
)
def test_what_is_not_there_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowError) as caught:
        templates.made(**arguments)
    assert message in str(caught.value)

"""Screen pops name queues, agents and teams that exist, and addresses that can be filled."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.config_screenpop import ScreenPop
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist
from pbx.screenpop.template import TemplateError, parse


def check_screen_pops(config: Config) -> list[Problem]:
    """The problems of every [[screen_pop]]."""
    return [
        problem for index, pop in enumerate(config.screen_pop) for problem in _pop(config, pop, ("screen_pop", index))
    ]


def _pop(config: Config, pop: ScreenPop, where: Path) -> Iterator[Problem]:
    try:
        parse(pop.url)
    except TemplateError as error:
        yield Problem((*where, "url"), str(error), error.remedy)
    known = {
        "queues": ("queue", [queue.name for queue in config.queue]),
        "agents": ("agent", [agent.extension for agent in config.agent]),
        "teams": ("team", [team.name for team in config.team]),
    }
    for key, (what, names) in known.items():
        for at, name in enumerate(getattr(pop, key)):
            yield from must_exist((*where, key, at), name, names, what)

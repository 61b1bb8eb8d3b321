"""The configuration that belongs to the made-up year: enough for reports, and a server that calls nobody."""

from __future__ import annotations

from pathlib import Path

from pbx.demodata.agency import Agency

HEAD = """# A made-up company; its calls never took place. There is no trunk here, so nobody can be called by mistake.
[server]
data_dir = "{data}"
timezone = "{zone}"
language = "pl"
"""
QUEUE = """
[[queue]]
name = "{name}"
agents = [{agents}]
service_level_s = 20
"""
AGENT = """
[[extension]]
number = "{number}"
secret = "{secret}"

[[agent]]
extension = "{number}"
name = "{team} {number}"
"""


def configuration(agency: Agency, data: Path) -> str:
    """TOML; relative paths are relative to the working directory, as everywhere."""
    agents = [(agent, shift.team) for shift in agency.shifts for agent in shift.agents]
    text = HEAD.format(data=data.absolute(), zone=agency.zone)
    text += QUEUE.format(name=agency.queue, agents=", ".join(f'"{agent}"' for agent, _ in agents))
    return text + "".join(
        AGENT.format(number=number, secret=f"demo-data-{number}", team=team.capitalize()) for number, team in agents
    )

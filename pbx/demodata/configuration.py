"""The configuration that belongs to the made-up year: enough for reports, and a server that calls nobody."""

from __future__ import annotations

from pathlib import Path

from pbx.call.hours import WEEKDAYS
from pbx.demodata.agency import Agency

HEAD = """# A made-up company; its calls never took place. There is no trunk here, so nobody can be called by mistake.
# Nor is there a gateway for messages: what is told of them was made up as well.
[server]
data_dir = "{data}"
timezone = "{zone}"
language = "pl"

[ledger]
currency = "PLN"
cancel_share = [0.05, 0.15]  # of those who waited 3 and 4 hours for an answer

[sms]
keep_days = 90  # messages and visits of the year are those of its last 90 days

[[hours]]
name = "office"
{hours}
holidays = ["{country}"]
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


SITE = """
[[site]]
name = "{name}"
"""
TEAM = """
[[team]]
name = "{name}"
members = [{members}]"""


def teams(agency: Agency) -> list[tuple[str, tuple[str, ...], str]]:
    """(name, members, site): two shifts, and the people of each office."""
    shifts = [(shift.team, shift.agents, "") for shift in agency.shifts]
    return [*shifts, *((name, members, name) for name, members in agency.offices)]


def configuration(agency: Agency, data: Path) -> str:
    """TOML; relative paths are relative to the working directory, as everywhere."""
    agents = [(agent, shift.team) for shift in agency.shifts for agent in shift.agents]
    span = f'["{agency.opens:02d}:00-{agency.closes:02d}:00"]'
    hours = "\n".join(f"{day} = {span}" for day in WEEKDAYS[: len(agency.weekdays)])
    text = HEAD.format(data=data.absolute(), zone=agency.zone, hours=hours, country=agency.country)
    text += QUEUE.format(name=agency.queue, agents=", ".join(f'"{agent}"' for agent, _ in agents))
    text += "".join(SITE.format(name=name) for name, _ in agency.offices)
    for name, members, site in teams(agency):
        at = f'\nsite = "{site}"' if site else ""
        text += TEAM.format(name=name, members=", ".join(f'"{agent}"' for agent in members)) + at + "\n"
    return text + "".join(
        AGENT.format(number=number, secret=f"demo-data-{number}", team=team.capitalize()) for number, team in agents
    )

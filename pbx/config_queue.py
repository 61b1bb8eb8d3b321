"""Configuration of the contact centre: queues and the agents who serve them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from pbx.config_base import Language, Section
from pbx.config_callback import QueueCallback
from pbx.config_distribution import Ability, Distribution
from pbx.config_ring import Tone

WrapupMode = Literal["optional", "mandatory", "mandatory_timeboxed", "mandatory_timeboxed_no_early", "agent_requested"]
LONGEST_WAIT_S = 86_400.0  # nobody waits without end, whatever max_wait_s says


class Agent(Ability):
    extension: str  # or any name, for an agent whose line is no extension's phone
    name: str = ""
    initial_state: Literal["available", "offline"] = "offline"
    # How calls reach the agent: "phone" is what registered as the extension; "on-demand" dials `line_number` for each
    # call; "persistent" dials it once, when the agent comes, and the callers are connected to that leg.
    line: Literal["phone", "on-demand", "persistent"] = "phone"
    line_number: str = ""  # an extension, or a number outside (`line_account` pays)
    line_account: str = ""  # the extension whose right to call outside, and allowance, the line uses
    line_confirm: bool | None = None  # whoever answers presses 1; unset: outside yes, extensions no
    line_signal: Literal["tone", "queue", "none"] = "tone"  # what a persistent line hears before each caller
    line_music: str = ""  # ... and between two callers; empty: silence
    line_end: str = "**"  # keys that end the call on a persistent line and keep the line; "": hanging up alone


class BreakReason(Section):
    """Why agents have a break. With one or more of them configured, no other reason is accepted."""

    name: str
    label: dict[Language, str] = {}  # as it is spoken and shown; empty: the name
    code: str = ""  # digits after features.on_break: *511
    colour: str = ""  # "#e0a030", for lists
    max_minutes: float = Field(default=0.0, ge=0)  # 0: no limit
    when_exceeded: Literal["alarm", "return"] = "alarm"  # "return": the agent is available again by himself


class Team(Section):
    """Agents who belong together, such as those of one office; queues and shifts name the team."""

    name: str
    members: list[str] = []  # agents
    site: str = ""  # a [[site]]: their office


class Shift(Section):
    """When agents work. Whoever is in one or more shifts can sign in during them only."""

    name: str
    hours: str  # [[hours]]
    during: Literal["open", "closed"] = "open"  # "closed": outside the hours, for who is on duty then
    agents: list[str] = []
    teams: list[str] = []
    sign_in: bool = False  # signed in at its beginning; signed out at its end they are in any case


class Comfort(Section):
    """One of the messages that waiting callers hear in turn."""

    text: dict[Language, str] = {}
    sound: str = ""  # instead of texts: a file of media.music_dir, without its ending


class Queue(Distribution):
    name: str
    agents: list[str] = []  # extensions, or names of [[agent]]
    teams: list[str] = []  # all of their members, too
    ring_timeout_s: float = Field(default=20.0, gt=0)
    wrapup_s: float = Field(default=10.0, ge=0)
    wrapup_mode: WrapupMode = "optional"
    wrapup_codes: list[str] = []  # that agents choose from, at most 15; empty: any
    keys: dict[str, str] = {}  # what a waiting caller's key does: "callback", "leave", or an application
    max_wait_s: float = Field(default=0.0, ge=0, le=LONGEST_WAIT_S)  # 0: LONGEST_WAIT_S
    max_length: int = Field(default=0, ge=0)  # 0: no limit
    when_no_agents: Literal["wait", "leave"] = "wait"  # "leave": nobody waits while no agent is signed in
    music: str = "default"
    ring: Tone = ""  # distinctive ring of its agents' phones
    auto_answer: bool = False  # they answer by themselves, where extension.intercom allows it
    announce_first_s: float = Field(default=5.0, ge=0)
    announce_every_s: float = Field(default=30.0, ge=0)  # 0: never
    announce_position: bool = True
    announce_wait: bool = True
    wait_quantile: float = Field(default=0.8, ge=0.5, le=0.99)  # share of callers for whom the wait said shall be true
    wait_after_calls: int = Field(default=20, ge=0)  # handled, before a wait is promised
    announcement_duck_db: float = Field(default=-12.0, ge=-60, le=0)  # the music during announcements
    comfort: list[Comfort] = []
    comfort_every_s: float = Field(default=60.0, ge=5)
    missed_offers_until_break: int = Field(default=1, ge=0)  # 0: never taken out
    service_level_s: float = Field(default=20.0, gt=0)
    short_abandon_s: float = Field(default=5.0, ge=0)
    record: bool = True
    incall_codes: bool | None = None  # of agents who serve it; unset: as their extensions
    # Contacts that nobody served; see pbx.config_contacts.
    missed_deadline_s: float | None = Field(default=None, gt=0)  # unset: as in [contacts]
    missed_owner: str = ""  # "team:sales", "agent:101"; empty: the queue
    callback: QueueCallback = QueueCallback()
    sms_on_timeout: str = ""  # an [[sms.template]]: to who leaves without having been answered
    sms_on_abandon: str = ""  # to who hangs up while he waits


def longest_wait_s(own: float | None, queue: Queue) -> float:
    """For how long a caller of `queue` waits at most: what the flow's block says (None: nothing), else what the queue
    does; 0 in either is the longest of all.
    """
    return (queue.max_wait_s if own is None else own) or LONGEST_WAIT_S


def members_of(queue: Queue, teams: Iterable[Team]) -> list[str]:
    """The agents of `queue`: those listed, then those of its teams, each once."""
    found = [name for team in teams if team.name in queue.teams for name in team.members]
    return list(dict.fromkeys([*queue.agents, *found]))

"""Configuration of the contact centre: queues and the agents who serve them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Language, Section
from pbx.config_callback import QueueCallback
from pbx.config_ring import Tone


class Agent(Section):
    extension: str
    name: str = ""
    initial_state: Literal["available", "offline"] = "offline"


class Comfort(Section):
    """One of the messages that waiting callers hear in turn."""

    text: dict[Language, str] = {}
    sound: str = ""  # instead of texts: a file of media.music_dir, without its ending


class Queue(Section):
    name: str
    agents: list[str] = []  # extensions
    strategy: Literal["longest-idle", "ring-all"] = "longest-idle"
    ring_timeout_s: float = Field(default=20.0, gt=0)
    wrapup_s: float = Field(default=10.0, ge=0)
    max_wait_s: float = Field(default=0.0, ge=0)  # 0: no limit
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

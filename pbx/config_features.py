"""The sections of the call features: codes, park, rooms, ring groups, paging, offices."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Section
from pbx.config_ring import Tone

Strategy = Literal["all", "hunt", "random", "memory"]


class FeatureCodes(Section):
    """Dialled codes; "" turns one off. Those of PREFIX_CODES are followed by a number."""

    available: str = "*50"
    on_break: str = "*51"  # *511: for the reason whose code is 1
    offline: str = "*52"
    wrapup: str = "*53"  # wrap-up is over; *532: with the second code of the queue
    request_wrapup: str = "*54"  # the agent wants time after this call
    preview: str = "*56"  # the agent calls the contact that he reads; with 0 behind it another one shall
    echo: str = "*43"
    withhold_number: str = "*31"  # dialled before a number: the called party does not see ours
    dnd_on: str = "*78"
    dnd_off: str = "*79"
    call_waiting_on: str = "*70"
    call_waiting_off: str = "*71"
    forward_always: str = "*72"  # *72101 sets it to 101, *72 alone asks for the number
    forward_always_off: str = "*73"
    forward_busy: str = "*90"
    forward_busy_off: str = "*91"
    forward_no_answer: str = "*92"
    forward_no_answer_off: str = "*93"
    forward_unregistered: str = "*94"
    forward_unregistered_off: str = "*95"
    follow_me_on: str = "*21"
    follow_me_off: str = "*22"
    pickup: str = "**"  # **101 takes the call that rings at 101
    pickup_group: str = "*8"  # takes a call that rings in one of the own pickup groups
    park: str = "*68"  # parks the call that this phone holds; as the target of a transfer, the transferred call
    intercom: str = "*80"  # *80101: the phone of 101 answers by itself
    speed_dial: str = "*0"  # *01: the speed dial 1, one's own or the company's
    directory: str = "*411"
    listen: str = "*33"  # *33101: a supervisor hears the call of 101
    whisper: str = "*34"  # ... and is heard by 101 only
    barge: str = "*35"  # ... and is heard by both
    takeover: str = "*36"  # ... takes the place of 101
    voicemail: str = "*98"  # the own box; *98sales: the box "sales", for its PIN
    announcement: str = "*55"  # *551: records the announcement whose code is 1, for its PIN


PREFIX_CODES = (
    "on_break",
    "wrapup",
    "withhold_number",
    "forward_always",
    "forward_busy",
    "forward_no_answer",
    "forward_unregistered",
    "pickup",
    "intercom",
    "speed_dial",
    "listen",
    "whisper",
    "barge",
    "takeover",
    "voicemail",
    "announcement",
)


class FollowStep(Section):
    """One phone of a follow-me plan: rung `delay_s` after the call came, for `ring_s`."""

    target: str  # an extension, or a number outside
    delay_s: float = Field(default=0.0, ge=0)
    ring_s: float = Field(default=20.0, gt=0)
    confirm: bool | None = None  # whoever answers must press 1; unset: outside yes, extensions no


class Parking(Section):
    """A park lot: `slots` are the numbers under which parked calls are fetched."""

    name: str = "main"
    slots: str = "701-720"
    timeout_s: float = Field(default=60.0, gt=0)  # then the parker's phone rings
    ring_back_s: float = Field(default=30.0, gt=0)  # for so long; not answered, the call waits again
    max_s: float = Field(default=1800.0, gt=0)  # a call parked for so long in all is ended
    music: str = "default"


class Room(Section):
    """A conference room, reached as the application "room:NAME"."""

    name: str
    pin: str = ""
    moderator_pin: str = ""  # whoever enters it is a moderator
    moderators: list[str] = []  # extensions that are moderators without a PIN
    max_participants: int = Field(default=50, ge=2)
    announce: Literal["tone", "name", "none"] = "tone"  # of who joins and leaves
    wait_for_moderator: bool = False  # with music until one is there
    end_with_moderator: bool = False  # the last moderator leaves, the room ends
    muted: bool = False  # who joins is muted, moderators are not
    record: bool = False
    music: str = "default"  # for who is alone or waits


class RingGroup(Section):
    """Several phones behind one name, reached as "group:NAME"."""

    name: str
    members: list[str]  # extensions, or numbers outside (`account` pays)
    strategy: Strategy = "all"
    member_ring_s: float = Field(default=15.0, gt=0)  # each member's, of those that ring one after the other
    ring_s: float = Field(default=45.0, gt=0)  # of the whole group
    confirm: bool = True  # whoever answers outside presses 1 to take the call
    account: str = ""  # the extension whose right to call outside, and allowance, members outside use
    ring: Tone = ""  # distinctive ring of its members' phones
    auto_answer: bool = False  # they answer by themselves, where extension.intercom allows it
    no_answer: str = ""  # an application for callers whom nobody answered: "queue:sales", "group:second"
    record: bool = False


class PageGroup(Section):
    """Phones that answer by themselves and play what the caller says, reached as "page:NAME"."""

    name: str
    members: list[str]
    callers: list[str] = []  # extensions that may page; empty: all
    max_s: float = Field(default=120.0, gt=0)


class Supervision(Section):
    """How supervisors take part in calls."""

    notice: bool = False  # the agent hears a tone when a supervisor begins to listen


class Directory(Section):
    """The directory by name."""

    digits: int = Field(default=3, ge=1, le=10)  # letters that are asked for at least
    max_choices: int = Field(default=9, ge=1, le=9)

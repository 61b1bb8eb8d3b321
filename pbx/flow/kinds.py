"""All kinds of blocks: the name that people write to the class that runs it. A new kind is registered here."""

from __future__ import annotations

from pbx.flow.block import Block
from pbx.flow.blocks.answer import Answer
from pbx.flow.blocks.caller import Caller
from pbx.flow.blocks.condition import Condition
from pbx.flow.blocks.dial import Dial
from pbx.flow.blocks.echo import Echo
from pbx.flow.blocks.hangup import Hangup
from pbx.flow.blocks.hours import Hours
from pbx.flow.blocks.language import Language
from pbx.flow.blocks.loop import Loop
from pbx.flow.blocks.menu import Menu
from pbx.flow.blocks.play import Play
from pbx.flow.blocks.queue import Queue
from pbx.flow.blocks.say import Say
from pbx.flow.blocks.set_variable import SetVariable
from pbx.flow.blocks.sms import Sms
from pbx.flow.blocks.subflow import Goto, Return, SubFlow
from pbx.flow.blocks.switch import Switch
from pbx.flow.blocks.voicemail import Voicemail

KINDS: dict[str, type[Block]] = {
    "answer": Answer,
    "say": Say,
    "play": Play,
    "menu": Menu,
    "hours": Hours,
    "queue": Queue,
    "dial": Dial,
    "echo": Echo,
    "caller": Caller,
    "language": Language,
    "condition": Condition,
    "switch": Switch,
    "set_variable": SetVariable,
    "loop": Loop,
    "flow": SubFlow,
    "return": Return,
    "goto": Goto,
    "hangup": Hangup,
    "voicemail": Voicemail,
    "sms": Sms,
}

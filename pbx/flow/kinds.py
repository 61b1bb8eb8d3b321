"""All kinds of blocks: the name that people write to the class that runs it. A new kind is registered here."""

from __future__ import annotations

from pbx.flow.block import Block
from pbx.flow.blocks.answer import Answer
from pbx.flow.blocks.callback import Callback
from pbx.flow.blocks.caller import Caller
from pbx.flow.blocks.caller_check import CallerCheck
from pbx.flow.blocks.collect import Collect
from pbx.flow.blocks.condition import Condition
from pbx.flow.blocks.consent import Consent
from pbx.flow.blocks.crm import Crm
from pbx.flow.blocks.dealer import Dealer
from pbx.flow.blocks.dial import Dial
from pbx.flow.blocks.echo import Echo
from pbx.flow.blocks.guard import Guard
from pbx.flow.blocks.hangup import Hangup
from pbx.flow.blocks.hours import Hours
from pbx.flow.blocks.http import Http
from pbx.flow.blocks.language import Language
from pbx.flow.blocks.loop import Loop
from pbx.flow.blocks.menu import Menu
from pbx.flow.blocks.on_duty import OnDuty
from pbx.flow.blocks.overflow import Overflow
from pbx.flow.blocks.pin import Pin
from pbx.flow.blocks.play import Play
from pbx.flow.blocks.queue import Queue
from pbx.flow.blocks.record import Record
from pbx.flow.blocks.region import Region
from pbx.flow.blocks.say import Say
from pbx.flow.blocks.set_variable import SetVariable
from pbx.flow.blocks.sms import Sms
from pbx.flow.blocks.split import Split
from pbx.flow.blocks.subflow import Goto, Return, SubFlow
from pbx.flow.blocks.survey import Survey
from pbx.flow.blocks.switch import Switch
from pbx.flow.blocks.tag import Tag
from pbx.flow.blocks.voicemail import Voicemail
from pbx.flow.blocks.wait import Wait
from pbx.flow.blocks.webhook import Webhook

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
    "collect": Collect,
    "pin": Pin,
    "caller_check": CallerCheck,
    "region": Region,
    "http": Http,
    "crm": Crm,
    "webhook": Webhook,
    "on_duty": OnDuty,
    "overflow": Overflow,
    "dealer": Dealer,
    "split": Split,
    "survey": Survey,
    "consent": Consent,
    "record": Record,
    "tag": Tag,
    "wait": Wait,
    "callback": Callback,
    "guard": Guard,
}

"""Configuration of what blocks of flows use: lists of PINs, dealers, on-duty rotas, calendars."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pbx.config_base import Section

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class PinList(Section):
    """PINs by whose they are, hashed by `centrala pin hash`."""

    name: str
    pins: Annotated[dict[str, str], Field(max_length=200)]


class Calendar(Section):
    """An iCalendar file: events of it close opening hours, or say who is on duty."""

    name: str
    source: str  # a file, or an https:// address of a host of http.hosts
    every_s: float = Field(default=900.0, ge=60, le=86_400)  # how often it is read again
    max_age_s: float = Field(default=7 * 86_400.0, ge=300)  # an older one is an alarm; it stays in use
    timezone: str = ""  # of times without one and of whole days; empty: the server's


class DutyShift(Section):
    """Who is on duty at some hours of the week. An end before the start is on the next day."""

    days: list[Weekday] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    start: str = "00:00"
    end: str = "24:00"
    people: list[str]


class DutyPerson(Section):
    name: str
    targets: list[str]  # extensions and numbers, tried in this order


class Rota(Section):
    """Who is on duty: by a calendar whose events are called as people are, else by shift, else in turns, else those
    of `fallback`."""

    name: str
    timezone: str = ""  # empty: the server's
    person: list[DutyPerson] = []
    calendar: str = ""  # a [[calendar]]
    shifts: list[DutyShift] = []
    turns: list[str] = []  # people, each for `turn_days`
    turns_from: str = ""  # the date on which the first of them begins (ISO 8601)
    turn_days: int = Field(default=7, ge=1, le=366)
    turn_hour: int = Field(default=0, ge=0, le=23)  # of the day at which the next one takes over
    fallback: list[str] = []  # people who are asked after those on duty
    account: str = ""  # the extension that pays for numbers outside


class Dealer(Section):
    """Who sells for us in some regions."""

    name: str
    number: str
    regions: list[str] = []  # as in a region block; empty: everywhere
    weight: float = Field(default=1.0, ge=0.01, le=100)  # 2: twice as many callers as the others
    priority: int = Field(default=0, ge=-10, le=10)  # higher ones are asked first
    hours: str = ""  # a [[hours]]; empty: always
    key: str = ""  # how the stock feed calls him; empty: his name


class Dealers(Section):
    """What holds for all dealers."""

    stock: str = ""  # CSV or JSON: a file, or an https:// address of a host of http.hosts
    stock_every_s: float = Field(default=300.0, ge=10, le=86_400)
    stock_max_age_s: float = Field(default=3600.0, ge=10)  # an older feed says nothing any more
    memory_days: float = Field(default=30.0, ge=0, le=366)  # for which a caller gets the dealer whom he had


class Hours(Section):
    """Opening hours: per weekday a list of "09:00-17:00"; `closed` lists dates (ISO 8601) that are shut whatever the
    day."""

    name: str
    timezone: str = ""  # empty: the server's
    mon: list[str] = []
    tue: list[str] = []
    wed: list[str] = []
    thu: list[str] = []
    fri: list[str] = []
    sat: list[str] = []
    sun: list[str] = []
    closed: list[str] = []
    named: dict[str, list[str]] = {}  # exception by name: dates, or dates with a span ("2026-12-31 08:00-12:00")
    calendars: list[str] = []  # of [[calendar]]: events are exceptions, by their name in `named` or closed
    holidays: list[str] = []  # countries whose public holidays are closed: "PL", "RU", "DE-BY"
    exceptions: dict[str, list[str]] = {}  # date (ISO 8601) to the spans of that day, before all else; [] is closed

"""Test calls: who makes them, where they go, and that every step says what it waits for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from ipaddress import ip_address, ip_network
from pathlib import Path as File

from pbx.config import Config
from pbx.config_selftest import SelfTest
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist

OWN = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a call to ourselves comes from


def check_selftests(config: Config) -> Iterator[Problem]:
    extensions = [entry.number for entry in config.extension]
    for index, test in enumerate(config.selftest):
        where = ("selftest", index)
        if test.trunk:
            yield from must_exist((*where, "trunk"), test.trunk, [entry.name for entry in config.trunk], "trunk")
            if any(entry.name == test.trunk and not entry.host for entry in config.trunk):
                text = f"trunk {test.trunk!r} has no host, so nothing can be called by it"
                yield Problem((*where, "trunk"), text, 'give the trunk `host = "carrier.example"`')
        elif not test.caller:
            text = "has neither a trunk nor a caller"
            yield Problem((*where, "caller"), text, 'name the extension that dials: caller = "199"')
        else:
            yield from _taken_for_a_trunk((*where, "trunk"), config)
            yield from must_exist((*where, "caller"), test.caller, extensions, "extension")
        for at, text in enumerate(test.at):
            if not _is_clock_time(text):
                yield Problem((*where, "at", at), f"{text!r} is no time of the day", 'write "07:45"')
        yield from _steps(where, test)


def _taken_for_a_trunk(where: Path, config: Config) -> Iterator[Problem]:
    """A call to our own socket comes from our own address."""
    hosts = {listen.rpartition(":")[0].partition(":")[2].strip("[]") for listen in config.sip.listen}
    own = {OWN.get(host, host) for host in hosts}
    for trunk in config.trunk:
        for peer in trunk.peers:
            if any(_within(host, peer) for host in own):
                text = f"goes to our own address, which trunk {trunk.name!r} has among its peers: it would be its call"
                yield Problem(where, text, f'write trunk = "{trunk.name}", or take {peer!r} out of its peers')
                return


def _within(host: str, peer: str) -> bool:
    try:
        return ip_address(host) in ip_network(peer, strict=False)
    except ValueError:  # what is no address or network is told where it stands
        return False


def _steps(where: Path, test: SelfTest) -> Iterator[Problem]:
    for number, step in enumerate(test.step):
        place = (*where, "step", number)
        if step.expect and step.file:
            yield Problem(place, "has both expect and file", "keep one of them")
        if not step.expect and not step.file and not step.press:
            yield Problem(place, "waits for nothing and presses nothing", 'write expect = "..." or press = "1"')
        if step.file and not File(step.file).is_file():
            yield Problem((*place, "file"), f"{step.file!r} is no file", "name a WAV of 8 kHz, mono, 16 bits")
        if step.max_reaction_ms and not (number and test.step[number - 1].press):
            text = "has max_reaction_ms, and nothing is pressed before it"
            yield Problem((*place, "max_reaction_ms"), text, "let the step before press something")


def _is_clock_time(text: str) -> bool:
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute.isdigit() and len(minute) == 2):
        return False
    try:
        time(int(hour), int(minute))
    except ValueError:
        return False
    return True

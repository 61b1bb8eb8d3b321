"""Dialled codes: which application a code, a code with a number behind it, or a park slot leads to."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config, Extension, Parking
from pbx.config_features import PREFIX_CODES

FORWARDS = ("forward_always", "forward_busy", "forward_no_answer", "forward_unregistered")
SUPERVISION = ("listen", "whisper", "barge", "takeover")
SWITCHES = ("dnd_on", "dnd_off", "call_waiting_on", "call_waiting_off", "follow_me_on", "follow_me_off")
MAX_SLOTS = 1000


class DialledCodes:
    """Built once from the configuration; codes that are "" do not exist."""

    def __init__(self, config: Config) -> None:
        codes = config.features
        exact = {
            codes.available: "feature:available",
            codes.on_break: "feature:on_break",
            codes.offline: "feature:offline",
            codes.wrapup: "feature:wrapup",
            codes.request_wrapup: "feature:request_wrapup",
            codes.preview: "feature:preview",
            codes.echo: "echo",
            codes.pickup_group: "pickup",
            codes.park: "park",
            codes.directory: "directory",
            codes.voicemail: "mailbox",
        }
        for name in SWITCHES:
            exact[getattr(codes, name)] = f"setting:{name}"
        for name in FORWARDS:
            exact[getattr(codes, name)] = f"setting:{name}"
            exact[getattr(codes, f"{name}_off")] = f"setting:{name}_off"
        prefixes = {codes.pickup: "pickup:", codes.intercom: "intercom:"}
        prefixes |= {codes.voicemail: "mailbox:", codes.announcement: "announcement:"}
        prefixes |= {codes.on_break: "feature:on_break=", codes.wrapup: "feature:wrapup="}
        prefixes |= {codes.preview: "feature:preview="}
        prefixes |= {getattr(codes, name): f"setting:{name}=" for name in FORWARDS}
        prefixes |= {getattr(codes, name): f"supervise:{name}=" for name in SUPERVISION}
        self._exact = {code: application for code, application in exact.items() if code}
        self._exact |= {slot: f"slot:{slot}" for lot in config.parking for slot in slots(lot)}
        self._prefixes = sorted(((code, name) for code, name in prefixes.items() if code), key=lambda one: -len(one[0]))
        self._speed_dial = codes.speed_dial
        self._company = config.speed_dials
        self._starts = {code[0] for code, _ in self._prefixes} | ({codes.speed_dial[0]} if codes.speed_dial else set())

    def application(self, dialled: str) -> str:
        """The application that `dialled` leads to, "" when it is no code."""
        found = self._exact.get(dialled)
        if found is not None:
            return found
        if dialled[:1] in self._starts:
            for code, application in self._prefixes:
                if len(dialled) > len(code) and dialled.startswith(code):
                    return application + dialled[len(code) :]
        return ""

    def speed_dial(self, extension: Extension, dialled: str) -> str:
        """The number behind a speed dial: the extension's own before the company's; "" when it is none."""
        code = self._speed_dial
        if not code or len(dialled) <= len(code) or not dialled.startswith(code):
            return ""
        key = dialled[len(code) :]
        return extension.speed_dials.get(key) or self._company.get(key, "")


def slots(lot: Parking) -> Iterator[str]:
    """The numbers of a lot: "701-720", "701" or "701,703,710-712". ValueError for what is none of these."""
    count = 0
    for part in lot.slots.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not (first.isascii() and first.isdigit() and last.isdigit()) or len(first) != len(last):
            raise ValueError(f"{part!r} is no number and no range of numbers")
        if int(first) > int(last):
            raise ValueError(f"{part!r} ends before it begins")
        for slot in range(int(first), int(last) + 1):
            count += 1
            if count > MAX_SLOTS:
                raise ValueError(f"more than {MAX_SLOTS} slots")
            yield str(slot).zfill(len(first))


def listed(config: Config) -> list[tuple[str, str, bool]]:
    """(name, code, whether a number follows) of every code that is switched on."""
    return [(name, code, name in PREFIX_CODES) for name, code in config.features if code]

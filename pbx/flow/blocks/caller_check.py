"""Finds out who calls: the book of customers, the lists of blocked callers, and whether he ever called before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from pbx.call.identity import ANONYMOUS
from pbx.config import Language
from pbx.events import Kind
from pbx.flow.block import Block, Exit
from pbx.flow.values import Value

if TYPE_CHECKING:
    from pbx.customers.book import Found
    from pbx.flow.run import Run

NAMES = ("id", "name", "vip", "tags", "agent", "note", "known", "match", "first_time")


class CallerCheck(Block):
    """The first exit that fits and is wired: "blacklist", each of `tags` in their order, "vip", "known", "first_time";
    else "unknown". The call takes the customer's language where it is one of `languages`.
    """

    kind: Literal["caller_check"]
    tags: dict[str, str] = {}
    blacklist: str = ""  # on the list of blocked callers (`centrala block`)
    vip: str = ""
    known: str = ""
    first_time: str = ""  # nobody called from this number before
    unknown: str = ""
    languages: list[Language] = []  # that the call may take from the customer; texts are needed in each of them

    @field_validator("tags")
    @classmethod
    def _check_tags(cls, tags: dict[str, str]) -> dict[str, str]:
        if len({tag.casefold() for tag in tags}) < len(tags):
            raise ValueError("a tag stands twice: capitals do not matter")
        return tags

    def exits(self) -> dict[str, Exit]:
        found = {"unknown": Exit("unknown", self.unknown, required=True)}
        found.update({f"tag:{tag.casefold()}": Exit(f"tags.{tag}", to, required=True) for tag, to in self.tags.items()})
        for name in ("blacklist", "vip", "known", "first_time"):
            if getattr(self, name):
                found[name] = Exit(name, getattr(self, name))
        return found

    def sets(self) -> Sequence[str]:
        return tuple(f"caller.{name}" for name in NAMES)

    def speaks(self) -> Sequence[Language]:
        return self.languages

    async def run(self, run: Run) -> str:
        call = run.call
        found = await self._find(run)
        first_time = await self._first_time(run) if self.first_time or found is None else False
        self._set(run, found, first_time)
        if found is not None and found.customer.language in self.languages:
            run.language = found.customer.language
        exit_ = self._choose(run, found, first_time)
        customer = found.customer if found is not None else None
        call.emit(
            Kind.CALLER_KNOWN,
            block=run.block,
            customer=customer.id if customer else "",
            exact=found is not None and found.exact,
            vip=customer.vip if customer else False,
            tags=list(customer.tags) if customer else [],
            exit=exit_.partition(":")[0],
        )
        return exit_

    async def _find(self, run: Run) -> Found | None:
        """A database that fails makes the caller unknown, and costs him nothing else."""
        if run.call.setup.withheld or run.call.caller == ANONYMOUS:
            return None
        try:
            found: Found | None = await run.call.services.extra["customers"].find(run.call.caller)
        except Exception as error:
            run.failed(f"the caller cannot be looked up: {error}")
            return None
        return found

    async def _first_time(self, run: Run) -> bool:
        call = run.call
        if call.setup.withheld or call.caller == ANONYMOUS:
            return False
        try:
            first: bool = await call.services.extra["customers"].is_first_call(call.caller, call.id)
        except Exception as error:
            run.failed(f"earlier calls cannot be looked up: {error}")
            return False
        return first

    def _set(self, run: Run, found: Found | None, first_time: bool) -> None:
        customer = found.customer if found is not None else None
        values: dict[str, Value] = {
            "id": customer.id if customer else "",
            "name": customer.name if customer else run.call.caller_name,
            "vip": customer.vip if customer else False,
            "tags": list(customer.tags) if customer else [],
            "agent": customer.agent if customer else "",
            "note": customer.note if customer else "",
            "known": customer is not None,
            "match": "" if found is None else "exact" if found.exact else "tail",
            "first_time": first_time,
        }
        for name, value in values.items():
            run.variables.set(f"caller.{name}", value)

    def _choose(self, run: Run, found: Found | None, first_time: bool) -> str:
        if self.blacklist and self._blocked(run):
            return "blacklist"
        if found is not None:
            for tag in self.tags:
                if tag.casefold() in found.customer.tags:
                    return f"tag:{tag.casefold()}"
            if found.customer.vip and self.vip:
                return "vip"
            if self.known:
                return "known"
        return "first_time" if first_time and self.first_time else "unknown"

    def _blocked(self, run: Run) -> bool:
        setup = run.call.setup
        screening = run.call.services.inbound.screening
        number = "" if setup.withheld else run.call.caller
        return screening.listed(number, withheld=setup.withheld) is not None

"""A change of the configuration while the PBX runs, and who follows it.

Whoever keeps something that it made of the configuration says so once, where it is built:
`services.followers.add(self.reconfigure, "queue", "team")`. It is then called, in the order of building and within one
turn of the event loop, with each change that touches one of these sections. What reads `services.config` at the moment
of use need not follow: that is replaced before the first follower is called.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from pbx.config import Config
from pbx.configfile.problem import Problem


class ConfigChange:
    """`old` and `new` are whole configurations that passed every check. Neither is ever changed."""

    __slots__ = ("new", "old", "sections")

    def __init__(self, old: Config, new: Config) -> None:
        self.old = old
        self.new = new
        self.sections = frozenset(name for name in Config.model_fields if getattr(old, name) != getattr(new, name))

    def touches(self, *sections: str) -> bool:
        """Whether one of these sections differs."""
        return not self.sections.isdisjoint(sections)

    def reversed(self) -> ConfigChange:
        """The way back."""
        return ConfigChange(self.new, self.old)

    def names(self, section: str, key: str = "name") -> tuple[dict[str, Any], dict[str, Any]]:
        """The entries of a list before and after, by the field that names them."""
        before, after = getattr(self.old, section), getattr(self.new, section)
        return {getattr(entry, key): entry for entry in before}, {getattr(entry, key): entry for entry in after}


# Must not wait and must not fail: the change has been judged and is committed. It holds the loop, so heavy work is
# done by a preparation.
Follow = Callable[[ConfigChange], None]
# Makes tables of a change, in a thread: it may look at what is in use, and changes nothing of it.
Made = TypeVar("Made")
Make = Callable[[ConfigChange], Made]
Aside = Callable[..., Awaitable[Any]]  # runs a function with its arguments where the loop is not held
# May take its time (render speech, read files) and changes nothing that is in use. Raises ConfigError to refuse.
Prepare = Callable[[ConfigChange], Awaitable[None]]
# What stands against the change at this very moment, such as callers who wait in a queue that is to go.
Object = Callable[[ConfigChange], Iterable[Problem]]


class Followers:
    """Who follows changes. `sections` are those of pbx.config.Config that concern them; none: every change."""

    def __init__(self) -> None:
        self._makers: list[tuple[int, Make[Any], tuple[str, ...]]] = []  # place among the followers
        self._made: tuple[ConfigChange | None, dict[int, Any]] = (None, {})
        self._follow: list[tuple[Follow, tuple[str, ...]]] = []
        self._prepare: list[tuple[Prepare, tuple[str, ...]]] = []
        self._object: list[tuple[Object, tuple[str, ...]]] = []

    def add(self, follow: Follow, *sections: str) -> None:
        """`follow` is called when the change is in force."""
        self._follow.append((follow, sections))

    def rebuild(self, configure: Callable[[Config], None], *sections: str) -> None:
        """`configure` is given the new configuration: for what needs not know the old one."""
        self.add(lambda change: configure(change.new), *sections)

    def build(self, make: Make[Made], take: Callable[[Made], None], *sections: str) -> None:
        """For tables as large as the configuration: `make` makes them in a thread before the change is committed, and
        `take` puts them in the place of the old ones when it is in force.
        """
        place = len(self._follow)
        self._makers.append((place, make, sections))

        def follow(change: ConfigChange) -> None:
            made_of, made = self._made
            take(made[place] if made_of is change and place in made else make(change))

        self.add(follow, *sections)

    def before(self, prepare: Prepare, *sections: str) -> None:
        """`prepare` is awaited before the change is committed."""
        self._prepare.append((prepare, sections))

    def objection(self, objects: Object, *sections: str) -> None:
        """`objects` is asked before the change is committed, and once more before it is applied."""
        self._object.append((objects, sections))

    async def prepare(self, change: ConfigChange, aside: Aside) -> None:
        """Raises ConfigError when somebody cannot follow."""
        for prepare, sections in self._prepare:
            if not sections or change.touches(*sections):
                await prepare(change)
        self._made = change, await aside(self._make, change)

    def _make(self, change: ConfigChange) -> dict[int, Any]:
        return {
            place: make(change) for place, make, sections in self._makers if not sections or change.touches(*sections)
        }

    def forget(self) -> None:
        """What was made for a change is needed no more."""
        self._made = None, {}

    def objections(self, change: ConfigChange) -> list[Problem]:
        """All that stands against it now."""
        return [
            problem
            for objects, sections in self._object
            if not sections or change.touches(*sections)
            for problem in objects(change)
        ]

    def apply(self, change: ConfigChange) -> None:
        """Tells everybody. What a follower raises is raised here; those after it are not told then."""
        for follow, sections in self._follow:
            if not sections or change.touches(*sections):
                follow(change)

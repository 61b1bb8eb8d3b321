"""Applications by name: "queue:sales", "flow:hotline", "extension:101", "echo". Features register theirs; nobody
imports them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pbx.call.errors import RouteError

if TYPE_CHECKING:
    from pbx.call.call import Call

Application = Callable[["Call"], Awaitable[None]]
Maker = Callable[[str], Application | None]


class Applications:
    """Maps kind ("queue") to what makes the application of a name ("sales"); applications are made once and kept."""

    def __init__(self) -> None:
        self._makers: dict[str, Maker] = {}
        self._made: dict[str, Application] = {}
        self._passing: set[str] = set()

    def register(self, kind: str, make: Maker, *, keep: bool = True) -> None:
        """`make(name)` gives the application of "kind:name" ("" for plain "kind"), None when there is no such name.

        `keep` False: names come from outside, so what was made is not remembered.
        """
        if kind in self._makers:
            raise ValueError(f"the application kind {kind!r} is registered already")
        self._makers[kind] = make
        if not keep:
            self._passing.add(kind)

    def register_one(self, kind: str, application: Application) -> None:
        """An application whose kind takes no name, such as "echo"."""
        self.register(kind, lambda name: application if not name else None)

    def find(self, name: str) -> Application:
        """The application of `name`; RouteError 404 when nothing goes by it."""
        application = self._made.get(name)
        if application is None:
            kind, _, argument = name.partition(":")
            make = self._makers.get(kind)
            application = make(argument) if make is not None else None
            if application is None:
                known = ", ".join(sorted(self._makers))
                raise RouteError(404, "not_found", f"no application {name!r}; kinds: {known}")
            if kind not in self._passing:
                self._made[name] = application
        return application

    def forget_all(self) -> None:
        """All are made anew, after a change of configuration; calls that run keep theirs."""
        self._made.clear()

    def forget(self, name: str) -> None:
        """The next `find` makes it anew, after a change of configuration."""
        self._made.pop(name, None)


async def echo(call: Call) -> None:
    """Answers and sends back what it hears, until the caller hangs up."""
    await call.answer()
    assert call.a.media is not None
    call.a.media.echo(True)
    await call.loop.create_future()

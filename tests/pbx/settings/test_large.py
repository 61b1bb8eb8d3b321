"""A large house: the turn in which a change is applied only exchanges what was made before."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx.config import Config
from pbx.configfile.change import ConfigChange, Followers
from tests.pbx.settings.home import Home

COUNT = 300


async def test_tables_are_made_before_the_turn() -> None:
    """Whatever makes tables in the turn itself would read the entries there."""
    many = [{"number": str(2000 + at), "secret": f"secret-of-{at}", "name": f"Ada No{at}"} for at in range(COUNT)]
    home = Home(extension=[*({"number": n, "secret": f"secret-of-{n}"} for n in ("101", "102")), *many])
    followers, turns = home.services.followers, []
    apply = followers.apply

    def applied(change: ConfigChange) -> None:
        made_of, made = followers._made
        turns.append((made_of is change, sorted(made)))
        apply(change)

    followers.apply = applied  # type: ignore[method-assign]
    await home.put("extension", "2007", name="Eve", secret="secret-of-seven")
    ((was_made, places),) = turns
    assert was_made
    assert len(places) >= 9
    assert followers._made == (None, {}), "nothing of it is kept"
    assert home.services.dialplan.extensions["2007"].name == "Eve"
    await home.delete("extension", "2008")
    assert "2008" not in home.services.dialplan.extensions
    await home.close()


async def test_what_was_made_for_another_change_is_not_taken() -> None:
    made: list[Any] = []
    taken: list[str] = []
    followers = Followers()
    followers.build(lambda change: made.append(change) or change.new.server.name, taken.append, "server")
    old, new, other = (Config.model_validate({"server": {"name": name}}) for name in ("a", "b", "c"))
    change = ConfigChange(old, new)
    await followers.prepare(change, asyncio.to_thread)
    followers.apply(change)
    followers.apply(ConfigChange(old, other))
    followers.apply(change.reversed())
    assert taken == ["b", "c", "a"]
    assert len(made) == 3

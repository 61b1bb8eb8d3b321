"""Nobody is overtaken by a later caller of equal rank, over days of overload with two queues of the same agents.

The order is checked at every offer, against all callers of both queues; the Erlang days of test_erlang.py are checked
in the same way, and together they are a million events.
"""

from __future__ import annotations

import pytest

from tests.support.queue_simulator import Overtaken, Phase, Simulation
from tests.support.virtual_loop import run_virtual

HOUR_S = 3600.0


def test_the_oldest_over_all_queues_is_served_first() -> None:
    queues = ({"name": "a"}, {"name": "b"})
    simulation = Simulation(agents=8, aht_s=120, patience_s=240, seed=1, queues=queues)
    phases = [Phase(HOUR_S, 0.1, ("a", "b")), Phase(HOUR_S, 0.03, ("a", "b")), Phase(HOUR_S, 0.06, ("a",))]
    run_virtual(simulation.run(phases * 16))
    assert simulation.order.checked > 8_000
    assert simulation.events > 140_000
    assert max(stay.ahead for stay in simulation.stays) > 10


def test_a_line_that_is_not_kept_is_noticed() -> None:
    """The check itself: a queue that serves by chance fails."""
    simulation = Simulation(agents=3, aht_s=60, patience_s=120, seed=1)
    joined = simulation._joined

    def youngest_first(event: object) -> None:
        joined(event)  # type: ignore[arg-type]
        stay = simulation.stays[-1]
        stay.came -= 1000.0 * len(simulation.stays)

    simulation._joined = youngest_first  # type: ignore[assignment, method-assign]
    simulation._end = lambda *_: simulation.stays[-1]  # type: ignore[method-assign]
    with pytest.raises((Overtaken, AssertionError)):
        run_virtual(simulation.run([Phase(HOUR_S, 0.1)]))

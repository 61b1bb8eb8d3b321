"""The parts of the bench that concern media: each measures and adds its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from bench.load.figures import Figures


class Say(Protocol):
    """Tells who waits what is being done."""

    def __call__(self, text: str) -> None: ...


CURVE_CALLS = (50, 100, 200, 350, 500)
LONG_S = 600.0


def relay(figures: Figures, quick: bool, _: Path, say: Say) -> None:
    from bench.load.relay import run_relay

    repeats, seconds = (2, 4) if quick else (5, 10)
    for index in range(repeats):
        say(f"relay, bare relay and rtpengine, 500 two-way PCMU calls, {index + 1} of {repeats}")
        figures.update(run_relay(calls=500, seconds=seconds, repeats=1))


def curve(figures: Figures, quick: bool, _: Path, say: Say) -> None:
    from bench.load.relay import run_curve

    seconds, repeats = (2.0, 1) if quick else (5.0, 3)
    for calls in CURVE_CALLS:
        for _repeat in range(repeats):
            say(f"relay, bare relay and rtpengine at {calls} calls")
            figures.update(run_curve(calls, seconds))


def conference(figures: Figures, quick: bool, _: Path, say: Say) -> None:
    from bench.load.conference import run_conferences

    for index in range(1 if quick else 5):
        say(f"conferences of 100 and 50 of 3, everybody speaks ({index + 1})")
        figures.update(run_conferences(seconds=3.0 if quick else 10.0))


def browser(figures: Figures, quick: bool, _: Path, say: Say) -> None:
    from bench.load.browser_leg import run_browser_leg

    say("a browser's leg beside a phone's")
    figures.update(run_browser_leg(packets=2000 if quick else 20000, repeats=1 if quick else 5))


def work(figures: Figures, quick: bool, _: Path, say: Say) -> None:
    from bench.load import engine_work

    for index in range(1 if quick else 5):
        say(f"recorded calls, prompts, memory of a call ({index + 1})")
        seconds = 3.0 if quick else 10.0
        figures.update(engine_work.run_recorded(seconds, 1))
        figures.update(engine_work.run_prompts(seconds, 1))
        figures.update(engine_work.run_memory())


def events(figures: Figures, quick: bool, _: Path, say: Say) -> None:
    from bench.load.event_latency import run_event_latency

    for index in range(1 if quick else 5):
        say(f"events to a loop that is never idle ({index + 1})")
        figures.update(run_event_latency(3.0 if quick else 10.0))


def scale(figures: Figures, quick: bool, _: Path, say: Say) -> None:
    from bench.load import engine_work

    say("one worker to as many as there are processors")
    figures.update(engine_work.run_scale(2.0 if quick else 10.0))
    seconds = 5.0 if quick else 30.0
    say(f"1,000 two-way calls on two processors for {seconds:g} s")
    figures.update(engine_work.run_thousand(seconds))


def thousand(figures: Figures, _quick: bool, _: Path, say: Say) -> None:
    """Ten minutes: `make bench-scale`."""
    from bench.load import engine_work

    say(f"1,000 two-way calls on two processors for {LONG_S:g} s")
    figures.update(engine_work.run_thousand(LONG_S))


MEDIA_PARTS = {
    "relay": relay,
    "curve": curve,
    "conference": conference,
    "browser": browser,
    "work": work,
    "events": events,
    "scale": scale,
}
LONG_PARTS = {"thousand": thousand}

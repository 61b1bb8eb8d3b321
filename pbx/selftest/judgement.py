"""Whether a test call went as it should: limits of its configuration against what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config_selftest import SelfTest
from pbx.selftest.result import Result, StepResult

LEAST_PACKETS = 25  # half a second of sound
JUDGED_S = 5.0  # a shorter call has no MOS


def judge(config: SelfTest, result: Result) -> None:
    """Sets `passed` and `reason`; a reason that is there already (the call failed) stays."""
    if not result.reason:
        result.reason = next(_faults(config, result), "")
    result.passed = not result.reason


def _faults(config: SelfTest, result: Result) -> Iterator[str]:
    if result.rx_packets < LEAST_PACKETS:
        yield f"one-way audio: {result.rx_packets} packets came back"
    if result.far_packets is not None and result.far_packets < LEAST_PACKETS:
        yield f"one-way audio: the other end got {result.far_packets} packets"
    if result.silent:
        yield "one-way audio: nothing but silence came back"
    if result.far_packets is not None and result.far_silent:
        yield "one-way audio: nothing but silence arrived at the other end"
    if result.pdd_s is not None and result.pdd_s > config.max_pdd_s:
        yield f"post-dial delay {result.pdd_s:.2f} s, allowed are {config.max_pdd_s:g} s"
    if result.answer_s is not None and result.answer_s > config.max_answer_s:
        yield f"answered after {result.answer_s:.2f} s, allowed are {config.max_answer_s:g} s"
    listened = [(number, wanted) for number, wanted in enumerate(config.step, 1) if wanted.expect or wanted.file]
    for (number, wanted), step in zip(listened, result.steps, strict=False):
        yield from _step(number, wanted.max_reaction_ms, step)
    if config.min_mos and result.mos is not None and result.mos < config.min_mos:
        yield f"MOS {result.mos:.2f}, at least {config.min_mos:g} is wanted"


def _step(number: int, max_reaction_ms: float, step: StepResult) -> Iterator[str]:
    if not step.heard:
        yield f"step {number}: {step.expected[:60]!r} was not heard (match {step.score:.2f})"
    elif max_reaction_ms and step.reaction_ms is not None and step.reaction_ms > max_reaction_ms:
        yield f"step {number}: {step.reaction_ms:.0f} ms after the key, allowed are {max_reaction_ms:g} ms"

"""One test call, from its INVITE to its result."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.call.errors import DialFailed
from pbx.call.originated import OriginatedLeg, OriginatedTrunkLeg, become_caller
from pbx.config_selftest import SelfTest, SelfTestStep
from pbx.events import Kind
from pbx.selftest.judgement import JUDGED_S, judge
from pbx.selftest.placing import Listening, NoWay, destination, new_call
from pbx.selftest.result import Result, StepResult
from pbx.selftest.watch import Watch

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Recording
    from pbx.call.services import Services
    from pbx.selftest.correlation import Pattern
    from pbx.selftest.ear import Ear

log = logging.getLogger("centrala.selftest")

FOLDER = "selftest"  # below that of the recordings
FAR_PATIENCE_S = 3.0  # for the end of the call that was reached


class Probe:
    """`patterns` are those of the configured steps, None where a step expects nothing."""

    def __init__(
        self,
        services: Services,
        config: SelfTest,
        patterns: Sequence[Pattern | None],
        *,
        payer: str,
        listening: Listening,
    ) -> None:
        self._services = services
        self._config = config
        self._patterns = patterns
        self._payer = payer
        self._listening = listening
        self._recording: Recording | None = None
        self._ear: Ear | None = None
        self._began = 0.0  # of the recording, the loop's seconds
        self._since_s = 0.0  # of the recording: what is waited for now begins after it
        self._pressed_s: float | None = None

    async def run(self) -> Result:
        """Places the call and waits for its end; a call that cannot be placed is a result as well."""
        config, services = self._config, self._services
        trunk = services.trunks.get(config.trunk)
        shown = trunk.config.caller_id if trunk is not None else ""
        watch = Watch(services, config.name, config.number, (config.caller, shown))
        result = Result("", config.name, config.trunk, config.number, services.clock.unix())
        try:
            await self._place(watch, result)
        finally:
            watch.close()
        result.ended = services.clock.unix()
        return result

    async def _place(self, watch: Watch, result: Result) -> None:
        services = self._services
        try:
            call = new_call(services, self._config)
        except NoWay as error:
            result.reason = str(error)
            return
        result.id = watch.call_id = call.id

        async def application(call: Call) -> None:
            await self._talk(call, watch, result)

        services.running.start(call, application)
        await call.over()
        await self._hear_the_rest(result)
        await watch.far_over(FAR_PATIENCE_S)
        self._count(watch, result)
        judge(self._config, result)
        told = {"passed": result.passed, "reason": result.reason, "pdd_s": result.pdd_s, "answer_s": result.answer_s}
        call.emit(Kind.TEST_ENDED, test=result.name, **told, mos=result.mos, score=result.score)

    # -- as the call's application ---------------------------------------------------------------------------------

    async def _talk(self, call: Call, watch: Watch, result: Result) -> None:
        call.emit(Kind.TEST_CALL, test=result.name, far=False)
        try:
            await self._reach(call, watch, result)
        except NoWay as error:
            result.reason = str(error)
            raise DialFailed(503, str(error), "network") from None
        except DialFailed as failure:
            result.reason = f"not answered: {failure.status} {failure.cause}"
            raise
        assert call.a.media is not None
        media = call.a.media
        path = f"{FOLDER}/{call.id}.wav"
        self._recording = self._services.recorder.begin(lambda path: media.record(path, None, plain=True), path)
        if self._recording is None:
            result.reason = "what was heard could not be recorded"
            return
        self._began = call.loop.time()
        from pbx.selftest.ear import Ear  # with numpy: a server without test calls does without

        self._ear = Ear(Path(self._recording.path))
        tone = self._services.prompts.tone
        media.play([tone("silence")], repeat=True)  # as a phone does: it sends all the time
        media.play([tone("beep")], mix=True)  # something to be heard at the other end
        for step, pattern in zip(self._config.step, self._patterns, strict=True):
            if pattern is not None and not await self._hear(step, pattern, result):
                return
            if step.press:
                self._pressed_s = self._since_s = call.loop.time() - self._began
                media.send_digits(step.press)
        await asyncio.sleep(self._config.listen_s)

    async def _reach(self, call: Call, watch: Watch, result: Result) -> None:
        leg, loop = call.a, call.loop
        assert isinstance(leg, (OriginatedLeg, OriginatedTrunkLeg))
        dialled = destination(self._services, self._config, call, self._payer, self._listening)
        leg.trunk = dialled.trunk
        began = loop.time()
        leg.start(dialled, timeout_s=self._config.max_answer_s + 1.0, headers=(), near=None)
        try:
            await leg.answered()
        finally:
            if watch.rang_at:
                result.pdd_s = round(watch.rang_at - began, 4)
        result.answer_s = round(loop.time() - began, 4)
        result.pdd_s = result.pdd_s if result.pdd_s is not None else result.answer_s
        meter = leg.meter
        become_caller(leg, call)
        if meter is not None:
            call.charge(meter)

    async def _hear(self, step: SelfTestStep, pattern: Pattern, result: Result) -> bool:
        assert self._ear is not None
        since_s = self._since_s
        match = await self._ear.wait_for(pattern, since_s, since_s + step.within_s, step.min_match)
        self._note(step, match.score, match.at_s, result)
        return match.score >= step.min_match

    def _note(self, step: SelfTestStep, score: float, at_s: float, result: Result) -> None:
        reaction_ms = None
        if self._pressed_s is not None and at_s >= 0:
            reaction_ms = round((at_s - self._pressed_s) * 1000, 1)
        expected = step.expect or step.file
        heard = score >= step.min_match
        result.steps.append(StepResult(expected, heard, score, round(at_s, 3), step.press, reaction_ms))
        self._pressed_s = None
        self._since_s = max(self._since_s, at_s)

    # -- after the call --------------------------------------------------------------------------------------------

    async def _hear_the_rest(self, result: Result) -> None:
        """The other end may hang up right after its last word: that was heard all the same."""
        if self._recording is None or self._ear is None:
            return
        try:
            await self._recording.stop()
        except OSError as error:
            log.error("test call %s: %s", result.id, error)
        steps = self._config.step
        wanted = [(index, pattern) for index, pattern in enumerate(self._patterns) if pattern is not None]
        for number, (index, pattern) in enumerate(wanted[len(result.steps) :]):
            if not all(found.heard for found in result.steps):
                break
            if number and steps[index - 1].press:
                break  # nothing was pressed for it: nobody was there any more
            match = await self._ear.find(pattern, self._since_s)
            self._note(steps[index], match.score, match.at_s, result)
        if len(result.steps) < len(wanted) and all(found.heard for found in result.steps) and not result.reason:
            result.reason = f"the other end hung up before step {wanted[len(result.steps)][0] + 1}"
        await asyncio.to_thread(Path(self._recording.path).unlink, missing_ok=True)

    def _count(self, watch: Watch, result: Result) -> None:
        own, far = watch.own, watch.far
        result.rx_packets, result.tx_packets = int(own.get("rx_packets", 0)), int(own.get("tx_packets", 0))
        result.lost_packets = int(own.get("lost_packets", 0))
        long_enough = result.rx_packets * 0.02 >= JUDGED_S
        result.mos = float(own["mos"]) if long_enough and own.get("mos") else None
        if result.answer_s is None and not result.reason:
            result.reason = f"not answered: {own.get('sip_status', 0)} {own.get('cause') or 'no_answer'}"
        result.silent = own.get("level_dbm0") is None
        if far:
            result.far_packets = int(far.get("rx_packets", 0))
            result.far_silent = far.get("level_dbm0") is None

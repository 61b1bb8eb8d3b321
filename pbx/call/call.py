"""One call: the caller's leg, the legs that were started for it, and the application that runs it as a coroutine.

An application is `async def application(call: Call) -> None`. When the caller hangs up, the application is cancelled
where it stands: what must be done in any case belongs in `finally`. When it returns, the call is hung up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from pbx.call import bridge as bridging
from pbx.call import dialing
from pbx.call.bridge import BridgeResult
from pbx.call.dialing import DialResult
from pbx.call.digit_ways import carry, is_new
from pbx.call.errors import CallEnded, DialFailed
from pbx.call.leg import Leg
from pbx.call.life import Life
from pbx.call.outgoing import OutgoingLeg
from pbx.call.setup import Setup
from pbx.call.trunk_leg import TrunkLeg
from pbx.events import Kind

__all__ = ["Application", "Call", "Setup"]

Application = Callable[["Call"], Awaitable[None]]
# Bound here: a member of an enumeration is looked up thirty times slower than a name of the module.
_CALL_ANSWERED = Kind.CALL_ANSWERED


class Call(Life):
    """See the module. All methods belong to the event loop's thread."""

    __slots__ = ()

    # -- the caller's side ----------------------------------------------------------------------------------------

    async def ring(self) -> None:
        """Tells the caller that it rings (180); does nothing when already told or answered."""
        self._check()
        self.a.ring()

    async def answer(self) -> None:
        """Answers the caller (200); does nothing when already answered. CallEnded when the caller never
        acknowledged.
        """
        self._check()
        if not self.answered_at:
            self.a.accept()
            self.answered_at = self.a.answered_at
            self.emit(_CALL_ANSWERED)
            if not self.a.configured:
                await self.a.agreed()
                self._check()

    async def play(self, clips: Sequence[Any], *, interruptible: bool = False) -> str:
        """Plays `clips` one after the other; with `interruptible` a digit stops them and is returned, else "".

        An unanswered caller hears them as early media (183); music that runs goes on afterwards.
        """
        self._check()
        self._bridged = None
        if not self.answered and not self.a.start_early_media():
            await self.answer()
        if interruptible and len(self._digits):
            return self._digits.take()
        assert self.a.media is not None
        playing = self.a.media.play(list(clips))
        try:
            return await self._listen(playing, interruptible)
        finally:
            if not playing.done() and self.a.media is not None:
                self.a.media.stop_play()
            self._resume_music()

    async def _listen(self, playing: asyncio.Future[bool], interruptible: bool) -> str:
        if not interruptible:
            await asyncio.shield(playing)
            return ""
        digits = self._digits

        def over(_: asyncio.Future[bool]) -> None:
            digits.wake()

        playing.add_done_callback(over)
        try:
            while not playing.done():
                digit = await digits.wait()
                if digit:
                    return digit
        finally:
            playing.remove_done_callback(over)
        return ""

    async def say(self, text: str | Mapping[str, str], *, interruptible: bool = False) -> str:
        """Speaks `text` in the call's language; a mapping gives the text by language. KeyError when it has none that
        fits.
        """
        if not isinstance(text, str):
            language = self.language if self.language in text else self.services.config.server.language
            if language not in text:
                raise KeyError(f"no text for language {self.language!r} nor {language!r}: {sorted(text)}")
            words = text[language]
        else:
            language, words = self.language, text
        clip = await self.services.prompts.get(words, language)
        return await self.play([clip], interruptible=interruptible)

    async def collect(
        self,
        *,
        minimum: int = 1,
        maximum: int = 1,
        timeout_s: float = 5.0,
        between_s: float = 3.0,
        terminator: str = "#",
        prompt: Sequence[Any] | None = None,
    ) -> str:
        """Collects digits, RFC 4733, INFO and in-band alike; those pressed before count.

        The first digit is waited for `timeout_s` after `prompt` (clips, stopped by a digit), each further one
        `between_s`.
        Returns what came, without the terminator: "" or fewer than `minimum` digits when the caller did not press
        enough.
        """
        self._check()
        collected = ""
        digit = await self.play(prompt, interruptible=True) if prompt else ""
        while True:
            if not digit:
                digit = await self._digits.wait(between_s if collected else timeout_s)
            if not digit or (terminator and digit == terminator and (collected or minimum == 0 or maximum > 1)):
                return collected
            collected += digit
            if len(collected) >= maximum:
                return collected
            digit = ""

    async def digit(self, timeout_s: float | None = None) -> str:
        """The next digit, whatever is being played; "" after `timeout_s` (None: as long as it takes)."""
        self._check()
        return await self._digits.wait(timeout_s)

    def unread_digit(self, digit: str) -> None:
        """Puts back a digit that interrupted `play`, for the next `collect`."""
        self._digits.put_back(digit)

    def clear_digits(self) -> None:
        """Forgets digits that were pressed and not collected."""
        self._digits.clear()

    def ignore_digit(self, digit: str, for_s: float) -> None:
        """Drops `digit` if it is the next one and comes within `for_s`."""
        self._digits.ignore(digit, for_s)

    def hide_digits(self, on: bool, *, ahead: bool | None = None) -> None:
        """What the caller presses from now on is told nobody but the application that asks for it (or is again).

        `ahead`: so are, until it is turned off, all digits that come before they are asked for.
        """
        self._digits.hide = on
        if ahead is not None:
            self._digits.hide_ahead = ahead

    def start_music(self, name: str = "default") -> None:
        """Plays music until `stop_music` or a bridge; announcements of `play` interrupt it."""
        self._check()
        if not self.answered and not self.a.start_early_media():
            raise CallEnded("music needs an answered call: the caller's INVITE had no SDP")
        self._music = self.services.prompts.music(name)
        self._resume_music()

    def stop_music(self) -> None:
        if self._music is not None:
            self._music = None
            if self.a.media is not None:
                self.a.media.stop_play()

    def _resume_music(self) -> None:
        if self._music is not None and self.a.media is not None and self.a.peer is None:
            self.a.media.play([self._music], repeat=True)

    def taken_over(self) -> None:
        """Another far end has become the caller, with a stream of its own: it is answered, and hears what is due."""
        self.a.early = True  # nothing that is meant for a ringing caller may be sent in this dialog any more
        if not self.answered:
            self.answered_at = self.a.answered_at
            self.emit(_CALL_ANSWERED)
        if self.a.peer is None and self.a.media is not None:
            if self._music is not None:
                self._resume_music()
            elif self.dialling is not None and self.dialling.ringing:
                self.a.media.play([self.services.prompts.ringback()], repeat=True)

    # -- other legs -----------------------------------------------------------------------------------------------

    def originate(
        self, target: str, *, timeout_s: float, role: str = "callee", headers: Sequence[str] = (), account: str = ""
    ) -> OutgoingLeg:
        """Starts a leg to an extension or number, on the caller's media worker; what goes wrong `leg.answered()` tells.

        `account` is the extension that pays for an outbound leg: the calling one unless another is named.
        """
        self._check()
        services = self.services
        try:
            dialled = services.dialplan.resolve(self, target, account)
        except DialFailed as failure:
            leg = OutgoingLeg(self, self.next_leg_name(), role, target)
            self.legs.append(leg)
            leg.refuse(failure)
            return leg
        kind: type[OutgoingLeg]
        if dialled.hunt is None:
            kind, headers = OutgoingLeg, services.rings.add(self, services.dialplan.extensions[dialled.target], headers)
        else:
            kind, headers = TrunkLeg, services.rings.without(headers)
        leg = kind(self, self.next_leg_name(), role, target, dialled.trunk)
        self.legs.append(leg)
        leg.start(dialled, timeout_s=timeout_s, headers=headers, near=self.a.media)
        return leg

    def bridge(self, leg: OutgoingLeg, *, record: bool = False) -> Coroutine[Any, Any, BridgeResult]:
        """Both hear each other until one hangs up; answers the caller first. Returns when the other side hung up."""
        self._check()
        self._music = None
        return bridging.join(self, leg, record=record)

    def note_bridge(self, result: BridgeResult) -> None:
        """A bridge has ended: unless the caller hears something else before the call is over, this is how it ended."""
        self._bridged = result

    def dial(
        self,
        target: str,
        *,
        timeout_s: float,
        role: str = "callee",
        record: bool = False,
        account: str = "",
        headers: tuple[str, ...] = (),
    ) -> Coroutine[Any, Any, DialResult]:
        """Rings `target`, follows its forwarding, bridges, and waits until the end. Never raises for a target that
        fails.

        `account` is the extension that pays when it leads outside, the calling one unless another is named; `headers`
        go into the INVITEs.
        """
        self._check()
        return dialing.dial(
            self, target, timeout_s=timeout_s, role=role, record=record, account=account, headers=headers
        )

    # -- what the legs tell ---------------------------------------------------------------------------------------

    def on_leg_digit(self, leg: Leg, digit: str, method: str) -> None:
        """A digit of any leg: INFO ones are carried over a bridge, the caller's go to the application when there is
        none.
        """
        if not is_new(leg, digit, method):
            return
        asked = leg is self.a and leg.peer is None and not self.queue
        self.emit(Kind.DIGIT, leg.name, digit=self._digits.told(digit) if asked else digit, method=method)
        peer, codes = leg.peer, self.services.incall_codes
        if leg.digits is not None:
            leg.digits.press(digit)
        elif peer is not None:
            typed: str | None = digit
            if codes.enabled and codes.may_use(self, leg):
                typed = codes.press(self, leg, digit)
            if typed:
                carry(leg, typed, method)
        elif leg is self.a:
            self._digits.press(digit)

    def on_leg_ringing(self, leg: OutgoingLeg) -> None:
        """The caller hears that it rings: 180, or a tone when the call is answered already and no music runs."""
        if (leg is not self.dialling and not self.rings_all) or self.a.is_ended:
            return
        if self.transfer is not None:
            self.transfer.ringing()
        if not self.answered and not self.a.early:
            self.a.ring()
        elif self._music is None and self.a.media is not None and not self.a.media.is_playing:
            self.a.media.play([self.services.prompts.ringback()], repeat=True)

    def on_leg_early(self, leg: OutgoingLeg) -> None:
        """Early media of a dialled leg are passed to the caller."""
        if self.rings_all:
            self.on_leg_ringing(leg)
            return
        if leg is not self.dialling or self.a.is_ended:
            return
        if self.answered or self.a.start_early_media():
            self._music = None
            self.a.join(leg)
        else:
            self.a.ring()

"""What a conference should be, in a few lines: who hears whom and how loud, and how often it is encoded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.support.codec_phone import L16_48, PCMA, PCMU

LISTEN, WHISPER, BARGE = 1, 2, 3
FEWEST = 3  # members of a room in which encoders are shared


@dataclass
class Member:
    """One phone: what was asked for, nothing of what the engine made of it."""

    tone: float  # Hz
    amplitude: float
    codec: int
    open: bool = True
    joined: bool = False  # is in the conference by itself
    muted: bool = False
    deaf: bool = False
    talks: bool = False
    gain: float = 1.0  # for those who hear him
    watches: Member | None = None
    how: int = 0  # LISTEN, WHISPER, BARGE
    overlay: bool = False  # a clip for him alone
    said_tape: bool = False

    @property
    def loud(self) -> float:
        return self.amplitude * self.gain


class Conference:
    """`clip` and `overlay` are (Hz, amplitude) of what the engine plays to all and to one."""

    def __init__(
        self, members: list[Member], rate: int, clip: tuple[float, float], overlay: tuple[float, float]
    ) -> None:
        self.members, self.rate, self.clip, self.overlay = members, rate, clip, overlay
        self.announces = False

    def supervisors(self, of: Member) -> list[Member]:
        return [one for one in self.members if one.watches is of]

    def conference(self) -> list[Member]:
        found = [one for one in self.members if one.joined]
        return found + [sup for one in found for sup in self.supervisors(one)]

    def rooms(self) -> list[tuple[list[Member], int, bool]]:
        """(members, rate, whether silence is left out of the sum): the conference, and those that the engine makes for
        a supervised phone that is in none, or one whose tape wants its sound."""
        alone = [one for one in self.members if one.open and not one.joined and one.watches is None]
        own = [one for one in alone if self.supervisors(one) or (one.said_tape and one.codec not in (PCMU, PCMA))]
        return [(self.conference(), self.rate, True)] + [([one, *self.supervisors(one)], 8000, False) for one in own]

    @staticmethod
    def in_sum(room: list[Member], gate: bool) -> list[Member]:
        silent = (lambda one: not one.talks) if gate else (lambda one: False)
        muted = [one for one in room if (one.muted and one.joined) or one.how in (LISTEN, WHISPER) or silent(one)]
        return [one for one in room if one not in muted]

    def hears(self, member: Member) -> dict[float, float]:
        """Amplitude of each tone that this member is to hear; empty also for who is in no room."""
        for number, (room, _, gate) in enumerate(self.rooms()):
            if member in room:
                return self._hears(member, self.in_sum(room, gate), self.announces and number == 0)
        return {self.overlay[0]: self.overlay[1]} if member.overlay else {}

    def _hears(self, member: Member, speaking: list[Member], announced: bool) -> dict[float, float]:
        heard: Counter[float] = Counter()
        if not (member.deaf and member.joined):
            for other in speaking:
                if other is not member and other.talks:
                    heard[other.tone] += other.loud
            if announced:
                heard[self.clip[0]] += self.clip[1]
        for one in self.supervisors(member):
            if one.how == WHISPER and one.talks:
                heard[one.tone] += one.loud
        if member.overlay:
            heard[self.overlay[0]] += self.overlay[1]
        return dict(heard)

    def encodes(self) -> tuple[int, int]:
        """Packets that are encoded in a tick, when all who can share do: at least, at most.

        Two may go on as they are, shared or not, when their room has become too small to look.
        """
        each = [self._encodes(*room) for room in self.rooms()]
        return sum(least for least, _ in each), sum(most for _, most in each)

    def _encodes(self, room: list[Member], rate: int, gate: bool) -> tuple[int, int]:
        speaking = self.in_sum(room, gate)
        alone: list[int] = []
        plain: set[int] = set()  # laws of G.711 that are encoded once without ado
        groups: Counter[tuple[int, bool]] = Counter()
        for one in room:
            # Whoever whispers does so in silence too.
            whispered_to = any(supervisor.how == WHISPER for supervisor in self.supervisors(one))
            deaf = one.deaf and one.joined
            if whispered_to or one.overlay or (one in speaking and not deaf):
                alone.append(one.codec)
            elif one.codec in (PCMU, PCMA) and rate == 8000 and not deaf:
                plain.add(one.codec)
            else:
                groups[one.codec, deaf] += 1
        least = len(plain) + sum(map(packets, [*alone, *(codec for codec, _ in groups)]))
        extra = sum((count - 1) * packets(codec) for (codec, _), count in groups.items())
        return least, least + extra * (len(room) < FEWEST)


def packets(codec: int) -> int:
    """For 20 ms."""
    return 2 if codec == L16_48 else 1

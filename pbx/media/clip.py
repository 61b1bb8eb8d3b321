"""A sound that the media threads hold, and the cache of such sounds.

A clip is encoded once for each codec when it is registered and is then played by its id. The media threads keep it
until nothing plays it; we keep it until nobody in Python holds the `Clip`: its id is given back when the last
reference goes, so a clip that a call is about to play cannot be pulled away by the cache.
"""

from __future__ import annotations

from collections import OrderedDict, deque

RATE = 8000
OCTETS_PER_SAMPLE = 2  # one of A-law and one of mu-law
SLACK = 64  # octets by which a sound at two rates may differ
MAX_CLIPS = 3000  # the media threads have room for 4,096, music, tones and clips that are still played included


def as_long(wide: bytes, wanted: int) -> bytes:
    """Wide sound cut or filled up to `wanted` octets: resampling rounds; nothing when it is another sound."""
    if not wide or abs(len(wide) - wanted) > SLACK:
        return b""
    return wide[:wanted].ljust(wanted, b"\0")


class Clip:
    """Sound known to the media threads as `id`; `samples` long at 8 kHz, in `octets` of memory."""

    __slots__ = ("__weakref__", "_released", "id", "key", "octets", "samples")

    def __init__(
        self, clip_id: int, key: str, samples: int, released: deque[int] | None = None, *, octets: int = 0
    ) -> None:
        self.id = clip_id
        self.key = key
        self.samples = samples
        self.octets = octets or samples * OCTETS_PER_SAMPLE
        self._released = released

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / RATE

    def __repr__(self) -> str:
        return f"Clip({self.id}, {self.key!r}, {self.duration_s:.2f} s)"

    def __del__(self) -> None:
        # May run on any thread when the cycle collector does it; the engine is only called by the loop's thread.
        if self._released is not None:
            self._released.append(self.id)


class ClipCache:
    """The most recently used clips up to a budget of octets; pinned ones (music, tones) stay and are not counted."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._clips: OrderedDict[str, Clip] = OrderedDict()
        self._pinned: dict[str, Clip] = {}
        self.octets = 0
        self.hits = 0
        self.misses = 0
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._clips) + len(self._pinned)

    def find(self, key: str) -> Clip | None:
        """The clip of that key, now the most recently used, or None."""
        clip = self._pinned.get(key)
        if clip is None:
            clip = self._clips.get(key)
            if clip is None:
                self.misses += 1
                return None
            self._clips.move_to_end(key)
        self.hits += 1
        return clip

    def put(self, clip: Clip, *, pinned: bool = False) -> None:
        """Adds a clip and drops the least recently used ones over the budget."""
        if pinned:
            self._pinned[clip.key] = clip
            return
        self._forget(self._clips.pop(clip.key, None))
        self._clips[clip.key] = clip
        self.octets += clip.octets
        while (self.octets > self._budget or len(self._clips) > MAX_CLIPS) and len(self._clips) > 1:
            self._evict()

    def shrink(self) -> None:
        """Forgets the half that was used least recently."""
        for _ in range((len(self._clips) + 1) // 2):
            self._evict()

    def clear(self) -> None:
        """Forgets every clip."""
        self._clips.clear()
        self._pinned.clear()
        self.octets = 0

    def _evict(self) -> None:
        self._forget(self._clips.popitem(last=False)[1])
        self.evicted += 1

    def _forget(self, clip: Clip | None) -> None:
        if clip is not None:
            self.octets -= clip.octets

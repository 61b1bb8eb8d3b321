"""How many passwords somebody may guess, without locking out the one whose password it is (security.md R7).

Guesses are counted by address, by address and login, and by login over all addresses. Where he has logged in before, a
mark in the browser (see pbx.accounts.secrets.DeviceMarks) has a count of its own instead: what others do elsewhere,
and at the same address, does not touch him. Who is refused leaves no count behind, and codes have room of their own:
nobody drives out a count by asking for many names.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pbx.accounts.errors import AccountError
from pbx.sip.address import source_of

MAX_KEYS = 20_000  # counted at a time; the longest unused goes


class Window(NamedTuple):
    guesses: int
    seconds: float


BY_ADDRESS = Window(30, 900.0)
BY_ADDRESS_AND_LOGIN = Window(10, 900.0)
BY_LOGIN = Window(100, 3600.0)  # over all addresses, of browsers that he has not used
BY_DEVICE = Window(10, 900.0)
BY_CODE = Window(10, 900.0)  # of the second factor, by whoever knows the password already


class Throttle:
    """`now()` is monotonic, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._guesses: OrderedDict[str, deque[float]] = OrderedDict()
        self._codes: OrderedDict[str, deque[float]] = OrderedDict()  # by person, of whom there are fewer than MAX_KEYS
        self.refused = 0

    def take(self, login: str, address: str, device: str) -> None:
        """Counts a guess before it is looked at, so that many at once do not pass together. Raises AccountError
        "throttled" when there were too many.
        """
        now = self._now()
        keys = _keys(login, address, device)
        wait_s = max(_wait(self._guesses.get(key, ()), window, now) for key, window in keys)
        if wait_s > 0:
            self.refused += 1
            raise AccountError("throttled", f"too many wrong passwords; try again in {wait_s:.0f} s", wait_s)
        for key, window in keys:
            _count(self._guesses, key, window, now)

    def take_code(self, person: str) -> None:
        """As `take`, of a guess at the code of a person, wherever it comes from."""
        now = self._now()
        wait_s = _wait(self._codes.get(person, ()), BY_CODE, now)
        if wait_s > 0:
            self.refused += 1
            raise AccountError("throttled", f"too many wrong codes; try again in {wait_s:.0f} s", wait_s)
        _count(self._codes, person, BY_CODE, now)

    def right_code(self, person: str) -> None:
        """The last guess was none."""
        times = self._codes.get(person)
        if times:
            times.pop()

    def right(self, login: str, address: str, device: str) -> None:
        """The last guess was none: it was the password."""
        for key, _ in _keys(login, address, device):
            times = self._guesses.get(key)
            if times:
                times.pop()


def _count(counted: OrderedDict[str, deque[float]], key: str, window: Window, now: float) -> None:
    times = counted.pop(key, None)
    if times is None:
        times = deque(maxlen=window.guesses)
    counted[key] = times
    times.append(now)
    while len(counted) > MAX_KEYS:
        counted.popitem(last=False)


def _keys(login: str, address: str, device: str) -> list[tuple[str, Window]]:
    if device:
        return [(f"device {device}", BY_DEVICE)]
    name, source = login.casefold()[:128], source_of(address)
    return [
        (f"address {source}", BY_ADDRESS),
        (f"pair {source} {name}", BY_ADDRESS_AND_LOGIN),
        (f"login {name}", BY_LOGIN),
    ]


def _wait(times: Sequence[float], window: Window, now: float) -> float:
    if len(times) < window.guesses:
        return 0.0
    return max(0.0, times[0] + window.seconds - now)

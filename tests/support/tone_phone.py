"""Far ends that each say one tone in real time, and hear which tones come back."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import numpy as np

from core.signal import g711
from tests.support.rtp_phone import Bench, Packet, Phone
from tests.support.timing import Lateness

PTIME_S = 0.02
ROUNDS = 5
FRESH = 240  # packets' worth of ms that are judged: the latest


class TonePhones:
    """Phones on one engine; `talk` lets all of them say their tones for a while."""

    def __init__(self, bench: Bench, amplitude: float = 5000.0) -> None:
        self.bench = bench
        self.amplitude = amplitude
        self.phones: list[Phone] = []
        self._tones: list[tuple[float, float, int]] = []  # frequency, amplitude, codec
        self.said = 0
        self._late_s = 0.0  # how late the phones themselves were at worst, between two calls of `talk` too
        self._machine = Lateness()
        self._machine.__enter__()
        self._last_s = 0.0
        self._heard: list[list[tuple[float, Packet]]] = []
        self._since: list[int] = []
        self._quit = threading.Event()
        self._threads: list[threading.Thread] = []

    def add(self, tone: float, *, level: float | None = None, codec: int = 0, **settings: Any) -> int:
        """A stream whose phone says `tone` (Hz; 0: silence)."""
        index = len(self.phones)
        stream, phone = self.bench.call(f"127.11.1.{index + 1}", codec=codec, **settings)
        self.phones.append(phone)
        self._tones.append((tone, self.amplitude if level is None else level, codec))
        self._heard.append([])
        self._since.append(0)
        thread = threading.Thread(target=self._listen, args=(index,), daemon=True)
        self._threads.append(thread)
        thread.start()
        return stream

    def _listen(self, index: int) -> None:
        while not self._quit.is_set():
            for packet in self.phones[index].hear(1, timeout_s=0.1):
                self._heard[index].append((time.monotonic(), packet))

    def _frame(self, index: int) -> bytes:
        tone, amplitude, codec = self._tones[index]
        t = (np.arange(160) + 160 * self.said) / 8000
        pcm = (amplitude * np.sin(2 * np.pi * tone * t)).astype(np.int16).tobytes()
        return g711.alaw_encode_bytes(pcm) if codec == 8 else g711.ulaw_encode_bytes(pcm)

    def talk(self, seconds: float) -> None:
        """Everybody says his tone, 20 ms at a time, for that long; what is judged begins here."""
        self._since = [len(heard) for heard in self._heard]
        deadline = time.monotonic()
        for _ in range(round(seconds / PTIME_S)):
            now = time.monotonic()
            if self._last_s:
                self._late_s = max(self._late_s, now - self._last_s - PTIME_S)
            self._last_s = now
            for index, phone in enumerate(self.phones):
                phone.say(self._frame(index), pt=self._tones[index][2])
            self.said += 1
            deadline += PTIME_S
            self._quit.wait(max(deadline - time.monotonic(), 0))

    @property
    def late_s(self) -> float:
        """By how much a gap may be longer on this machine: the phones were late, and so may the engine have been."""
        return self._late_s + self._machine.quantile(1.0)

    def packets(self, index: int) -> list[Packet]:
        """What that phone has heard since the last `talk` began."""
        return [packet for _, packet in self._heard[index][self._since[index] :]]

    def all_packets(self, index: int) -> list[Packet]:
        return [packet for _, packet in self._heard[index]]

    def sound(self, index: int) -> np.ndarray:
        """The latest quarter of a second that the phone heard, by timestamp; empty when it heard nothing lately."""
        packets = self.packets(index)
        if not packets:
            return np.zeros(0)
        end = packets[-1].timestamp + len(packets[-1].payload)
        samples = np.zeros(FRESH * 8)
        for packet in packets:
            at = len(samples) - ((end - packet.timestamp) & 0xFFFFFFFF)
            decode = g711.alaw_decode_bytes if packet.payload_type == 8 else g711.ulaw_decode_bytes
            if at >= 0:
                samples[at : at + len(packet.payload)] = np.frombuffer(decode(packet.payload), np.int16)
        return samples

    def level(self, index: int, tone: float) -> float:
        """Peak of that tone in what the phone heard lately, in dB over one step of 16 bits."""
        samples = self.sound(index)
        if not len(samples):
            return -99.0
        t = np.arange(len(samples)) / 8000
        window = np.hanning(len(samples))
        value = np.abs(np.sum(samples * window * np.exp(-2j * np.pi * tone * t))) * 2 / np.sum(window)
        return float(20 * np.log10(max(value, 1e-5)))

    def heard(self, index: int, *also: float) -> set[float]:
        """The tones that the phone heard: of all phones, and of `also`."""
        limit = 20 * np.log10(self.amplitude) - 14
        tones = {tone for tone, _, _ in self._tones if tone} | set(also)
        return {tone for tone in tones if self.level(index, tone) > limit}

    def expect(self, seconds: float, wanted: dict[int, set[float]]) -> None:
        """Everybody talks until each of these phones hears its tones and no others, a few times `seconds` at most.

        On a busy machine the phones themselves falter, so one round says little; what is wrong is wrong in all.
        """
        also = set().union(*wanted.values())
        for _ in range(ROUNDS):
            self.talk(seconds)
            found = {index: self.heard(index, *also) for index in wanted}
            if found == wanted:
                return
        raise AssertionError(f"heard {found}, expected {wanted}")

    def no_gap(self, index: int, limit_s: float = 0.06) -> None:
        """The timestamps of what the phone heard have no hole of more than 60 ms, on a machine that keeps time."""
        packets = self.packets(index)
        for before, after in itertools.pairwise(packets):
            hole = (after.timestamp - before.timestamp & 0xFFFFFFFF) - len(before.payload)
            assert hole <= (limit_s + self.late_s) * 8000

    def close(self) -> None:
        self._quit.set()
        self._machine.__exit__()
        for thread in self._threads:
            thread.join()

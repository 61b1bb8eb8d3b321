"""Networks as data: the ten models of the corpus, and traces of a few letters. All seeded; packets of 20 ms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.core.signals import corpus_file

FRAME_MS = 20.0
Model = dict[str, Any]
Delays = Callable[[Model, np.ndarray, np.random.Generator], np.ndarray]


def _models() -> list[Model]:
    return json.loads(corpus_file("media/jitter_models.json").read_text())["models"]


def models() -> dict[str, Model]:
    """By the letter and number: J0 to J9."""
    return {m["id"].split("-")[0]: m for m in _models()}


def _gauss(m: Model, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return m["mean_ms"] + m["sd_ms"] * rng.standard_normal(len(t))


def _gamma(m: Model, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    theta = m["sd_ms"] ** 2 / m["mean_ms"]
    return rng.gamma(m["mean_ms"] / theta, theta, len(t))


def _spikes(m: Model, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    delay = m["base_ms"] + np.abs(m["sd_ms"] * rng.standard_normal(len(t)))
    at = np.cumsum(rng.exponential(1000.0 / m["spike_rate_hz"], int(t[-1] / 1000 * m["spike_rate_hz"] * 2) + 10))
    for start in at[at < t[-1]]:
        first = int(np.searchsorted(t, start))
        part = slice(first, first + int(6 * m["decay_ms"] / FRAME_MS))
        delay[part] += rng.uniform(*m["spike_ms"]) * np.exp(-(t[part] - start) / m["decay_ms"])
    return delay


def _gev(m: Model, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    k, u = m["k"], rng.uniform(1e-9, 1, len(t))
    delay = m["mu_ms"] + m["sigma_ms"] * ((-np.log(u)) ** -k - 1) / k
    hand = m["handover"]
    for start in np.arange(hand["every_s"] * 1000.0, t[-1], hand["every_s"] * 1000.0):
        gap = rng.uniform(*hand["gap_ms"])
        part = slice(int(np.searchsorted(t, start)), int(np.searchsorted(t, start + gap)))
        delay[part] = np.maximum(delay[part], start + gap - t[part] + delay[part.start])  # all come when it is over
    return delay


def _step(m: Model, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    delay = m["sd_ms"] * rng.standard_normal(len(t))
    for since, value in m["steps_ms"]:
        delay[t >= since * 1000] += value - (delay[t >= since * 1000].mean() if since else 0)
    return delay


def _batch(m: Model, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    period = m["period_ms"]
    return np.ceil((t + FRAME_MS) / period) * period - t + rng.uniform(0, 1, len(t))


def _sawtooth(m: Model, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return m["from_ms"] + (m["to_ms"] - m["from_ms"]) * (t / 1000 % m["period_s"]) / m["period_s"]


DELAYS: dict[str, Delays] = {
    "gauss": _gauss,
    "gamma": _gamma,
    "pareto-spike": _spikes,
    "GEV": _gev,
    "gilbert-elliott": _gauss,
    "step": _step,
    "skew": _gauss,
    "batch": _batch,
    "sawtooth": _sawtooth,
}


def _lost(m: Model, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(t)
    if m["model"] != "gilbert-elliott":
        lost = rng.random(n) < m.get("loss", 0)
        if m["model"] == "sawtooth":
            top = np.flatnonzero(np.diff(np.floor(t / 1000 / m["period_s"])) > 0)
            for i in range(m["drop_at_top"]):
                lost[top - i] = True
        return lost
    # Runs of good and bad states, geometric in length.
    bad = np.zeros(n, bool)
    at = 0
    while at < n:
        at += int(rng.geometric(m["p"]))
        length = int(rng.geometric(m["r"]))
        bad[at : at + length] = True
        at += length
    return rng.random(n) < np.where(bad, m["loss_bad"], m["loss_good"])


def trace(model: Model, seconds: float, seed: int = 1, ppm: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(packet numbers in order of arrival, instants of arrival in ns)."""
    rng = np.random.default_rng(seed)
    number = np.arange(int(seconds * 1000 / FRAME_MS))
    t = number * FRAME_MS
    arrived = t * (1 + ppm * 1e-6) + np.maximum(DELAYS[model["model"]](model, t, rng), 0.1)
    swap = rng.random(len(t)) < model.get("p_reorder", 0)
    arrived[swap] += FRAME_MS * 1.5
    keep = ~_lost(model, t, rng)
    double = keep & (rng.random(len(t)) < model.get("p_dup", 0))
    number = np.concatenate([number[keep], number[double]])
    arrived = np.concatenate([arrived[keep], arrived[double] + 3])
    order = np.argsort(arrived, kind="stable")
    return number[order], (arrived[order] * 1e6).astype(np.int64)


def letters(text: str) -> list[tuple[int, float]]:
    """A network in letters, one a packet: `.` in time, `x` lost, digits late by so many frames, `d` doubled, `-`
    a frame in which nothing is sent. Returns (number, arrival in ms), in order of arrival; `times` says when each
    was sent.
    """
    out: list[tuple[int, float]] = []
    at, number = 0.0, 0
    for letter in text:
        if letter != "-":
            if letter != "x":
                out.append((number, at + (int(letter) * FRAME_MS if letter.isdigit() else 0.0)))
            if letter == "d":
                out.append((number, at + 1))
            number += 1
        at += FRAME_MS
    return sorted(out, key=lambda packet: packet[1])


def times(text: str) -> list[float]:
    """When each packet of `letters` was sent, ms."""
    return [i * FRAME_MS for i, letter in enumerate(text) if letter != "-"]

"""The jitter buffer in virtual time: order, jumps, pauses; then the ten network models of the corpus."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core import networks

probe = pytest.importorskip("tests.core._probe_jitter", reason="build with CENTRALA_TEST_EXTENSIONS=1")

FRAME = 160
STORED, LATE, DUPLICATE, TOO_LONG = range(4)


def name(number: int) -> bytes:
    return b"%04d" % number


def letter(number: int) -> str:
    return chr(65 + number) if number < 26 else chr(0x400 + number)


def played(heard: str) -> list[int]:
    """The numbers of the packets that were heard."""
    return [ord(c) - (65 if c < "[" else 0x400) for c in heard if c not in "_?~"]


def run(text: str, ticks: int | None = None, *, timestamps: bool = True) -> str:
    """Sends a trace of letters through a buffer; what each tick heard: a character for each packet in order (A, B, ...,
    then beyond ASCII), `?` for what was concealed, `_` for silence."""
    buffer = probe.Buffer()
    packets = networks.letters(text)
    times = networks.times(text)
    out = ""
    for tick in range(ticks if ticks is not None else len(text) + 8):
        now = tick * 20.0
        while packets and packets[0][1] <= now:
            number, at = packets.pop(0)
            sent = times[number] if timestamps else number * 20
            buffer.put(number, int(sent * 8), at, payload=name(number))
        kind, payload, _, _, _ = buffer.get(now)
        out += {"audio": letter(int(payload or b"0")), "lost": "?", "none": "_", "noise": "~"}[kind]
    return out


@pytest.mark.parametrize(
    ("network", "heard"),
    [
        ("......", "_ABCDEF"),
        ("..x...", "_AB?DEF"),
        ("d.d.d.", "_ABCDEF"),
        (".xx...", "_A??DEF"),
        ("..--..", "_AB?_CD"),  # a pause that nobody announced: it could have been a late packet
    ],
)
def test_letters(network: str, heard: str) -> None:
    got = run(network)
    assert got.strip("_?").replace("_", "") == heard.strip("_").replace("_", "")


def test_a_reordered_packet_takes_its_place() -> None:
    learnt = "." * 20 + "1.1.1.1." * 10
    got = run(learnt + "..1.....")
    assert played(got) == list(range(len(learnt) + 8))


def test_one_packet_that_is_far_too_late_is_given_up() -> None:
    got = run("." * 30 + "4" + "." * 60)
    assert played(got) == [i for i in range(91) if i != 30]


def test_when_all_packets_get_late_it_waits_for_them() -> None:
    """A step in the delay: nothing is given up, the depth follows."""
    buffer = probe.Buffer()
    heard = []
    for i in range(120):
        late = 60 if i >= 50 else 0
        for number in [n for n in range(120) if n * 20 + (60 if n >= 50 else 0) in range(20 * i, 20 * i + 20)]:
            buffer.put(number, 160 * number, 20 * number + late, payload=name(number))
        kind, payload, *_ = buffer.get(20 * i)
        if kind == "audio":
            heard.append(int(payload))
    assert heard == list(range(len(heard)))
    assert len(heard) >= 115


def test_duplicates_and_oversized_packets_are_refused() -> None:
    buffer = probe.Buffer()
    assert buffer.put(1, 160, 0, payload=b"a") == STORED
    assert buffer.put(1, 160, 1, payload=b"a") == DUPLICATE
    assert buffer.put(2, 320, 20, payload=b"b" * 321) == TOO_LONG
    assert buffer.counters["duplicates"] == 1


def test_what_is_older_than_what_was_played_is_late() -> None:
    buffer = probe.Buffer()
    for i in range(10):
        buffer.put(100 + i, 160 * i, 20 * i)
        buffer.get(20 * i)
    assert buffer.put(101, 160, 200) == LATE
    assert buffer.counters["late"] == 1


@pytest.mark.parametrize("first", [0, 65530, 65535, 32767])
@pytest.mark.parametrize("stamp", [0, 0xFFFFFF00, 0x7FFFFF80])
def test_wrap_around(first: int, stamp: int) -> None:
    buffer = probe.Buffer()
    heard = []
    for i in range(300):
        buffer.put(first + i, stamp + 160 * i, 20 * i, payload=name(i))
        kind, payload, *_ = buffer.get(20 * i + 15)
        if kind == "audio":
            heard.append(int(payload))
    assert heard == list(range(len(heard)))
    assert len(heard) >= 298


def test_another_source_goes_on_where_the_first_one_ends() -> None:
    buffer = probe.Buffer()
    heard = []
    for i in range(40):
        if i < 20:
            buffer.put(i, 160 * i, 20 * i, payload=name(i))
        else:
            buffer.put(7000 + i, 0x80000000 + 160 * i, 20 * i, payload=name(i), restarted=i == 20)
        kind, payload, *_ = buffer.get(20 * i + 19)
        heard.append(int(payload) if kind == "audio" else None)
    assert heard[heard.index(0) :] == list(range(40 - heard.index(0)))
    assert buffer.counters["restarts"] == 1


@pytest.mark.parametrize("back", [3, 10, 40, 90])
def test_a_source_that_counts_from_the_start_again(back: int) -> None:
    """Sequence and timestamp go back by less than reordering can: heard again within a quarter of a second."""
    buffer = probe.Buffer()
    heard = []
    for i in range(200):
        number = i if i < 100 else i - back
        buffer.put(number, 160 * number, 20 * i, payload=name(i))
        kind, payload, *_ = buffer.get(20 * i + 19)
        heard.append(int(payload) if kind == "audio" else None)
    assert heard[115:] == list(range(115 - (115 - heard[115]), 115 - (115 - heard[115]) + 85))
    assert heard[115] >= 110
    assert buffer.depth_ms < 300


@pytest.mark.parametrize("jump", [80000, -80000, 16000, 3_000_000_000])
def test_a_timestamp_that_jumps_costs_nothing(jump: int) -> None:
    buffer = probe.Buffer()
    heard = []
    for i in range(60):
        buffer.put(i, 160 * i + (jump if i >= 30 else 0), 20 * i, payload=name(i))
        kind, payload, *_ = buffer.get(20 * i + 19)
        heard.append(int(payload) if kind == "audio" else None)
    assert heard[heard.index(0) :] == list(range(60 - heard.index(0)))
    assert buffer.counters["jumps"] == 1


def test_a_gap_in_the_sequence_larger_than_the_buffer() -> None:
    buffer = probe.Buffer()
    for i in range(20):
        buffer.put(i, 160 * i, 20 * i)
        buffer.get(20 * i)
    heard = 0
    for i in range(220, 260):
        buffer.put(i, 160 * i, 20 * i)
        heard += buffer.get(20 * i)[0] == "audio"
    assert heard >= 38


def test_silence_that_the_source_announces_is_no_loss() -> None:
    buffer = probe.Buffer()
    kinds = []
    for i in range(30):
        if i < 10 or i >= 25:
            number = i if i < 10 else i - 14
            buffer.put(number, 160 * i, 20 * i)
        elif i == 10:
            buffer.put(10, 160 * i, 20 * i, payload=b"\x40", kind="noise")
        kind = buffer.get(20 * i)[0]
        if kind == "noise":
            kinds.append(kind)
            kind = buffer.get(20 * i)[0]
        kinds.append(kind)
    assert "lost" not in kinds
    assert kinds.count("noise") == 1
    assert kinds[-5:].count("audio") >= 3


def test_events_keep_the_sequence_whole() -> None:
    """Ten packets of a digit between sound: nothing is concealed for them."""
    buffer = probe.Buffer()
    kinds = []
    for i in range(40):
        event = 10 <= i < 20
        buffer.put(i, 160 * (10 if event else i), 20 * i, kind="other" if event else "audio")
        kinds.append(buffer.get(20 * i)[0])
    assert "lost" not in kinds
    assert kinds.count("audio") >= 28


def test_the_packet_after_a_lost_one_is_offered() -> None:
    buffer = probe.Buffer(min_ms=60)
    lost = []
    for i in range(40):
        if i != 20:
            buffer.put(i, 160 * i, 20 * i, payload=name(i))
        kind, _, _, _, following = buffer.get(20 * i)
        if kind == "lost":
            lost.append(following)
    assert lost == [name(21)]


def test_flush_forgets_what_waits() -> None:
    buffer = probe.Buffer(min_ms=100)
    for i in range(4):
        buffer.put(i, 160 * i, 20 * i)
    assert buffer.waiting == 4
    buffer.flush()
    assert buffer.waiting == 0
    assert buffer.get(500)[0] == "none"


def simulate(
    model: dict[str, Any], seconds: float, *, seed: int = 1, ppm: float = 0, clock: int = 8000
) -> dict[str, Any]:
    """Figures of a call: shares in percent of its frames, delays in ms."""
    number, arrived = networks.trace(model, seconds, seed, ppm)
    ticks = int(seconds * 50) - 100
    log = np.zeros(ticks, np.int64)
    got = probe.simulate(number.astype(np.int64), arrived, np.array([ticks]), clock, 20_000_000, log)
    first = arrived[0] / 1e6 - number[0] * 20  # the log counts from the first packet's delay
    depth = np.where(log == -1, np.nan, log / 1e3 + first)
    own = arrived / 1e6 - number * 20 * (1 + ppm * 1e-6)
    gone = int(seconds * 50) - len(np.unique(number))
    return {
        **got,
        "late": 100 * max(got["concealed"] - gone, 0) / ticks,
        "added": float(np.nanmean(depth)) - float(own.mean()),
        "depth": depth,
        "minutes": seconds / 60,
    }


HOUR = 3600.0
HOURS = int(os.environ.get("CENTRALA_SIMULATED_HOURS", "1"))
LIMITS = {  # late loss in percent, added delay over the network's mean in ms, as the corpus expects
    "J0": (0.05, 30),
    "J1": (0.5, 70),
    "J2": (2.0, 150),
    "J3": (2.0, 160),
    "J4": (0.5, 160),
    "J5": (4.0, 240),
    "J8": (0.1, 120),
    "J9": (3.0, 400),
}


@pytest.mark.parametrize("clock", [8000, 48000])
@pytest.mark.parametrize("model", LIMITS)
def test_models(model: str, clock: int) -> None:
    """An hour of each network; at every clock the same."""
    got = simulate(networks.models()[model], HOUR, clock=clock)
    late, added = LIMITS[model]
    assert got["late"] <= late, got
    assert got["added"] <= added, got


@pytest.mark.parametrize("model", ["J0", "J1", "J4", "J5", "J8"])
def test_a_steady_network_is_not_adapted_to_again_and_again(model: str) -> None:
    got = simulate(networks.models()[model], HOUR)
    assert got["adaptations"] / got["minutes"] <= 6, got


@pytest.mark.parametrize("model", LIMITS)
def test_hours_of_each_model(model: str) -> None:
    """CENTRALA_SIMULATED_HOURS=24 for a day."""
    for seed in range(HOURS):
        got = simulate(networks.models()[model], HOUR, seed=100 + seed)
        assert got["late"] <= LIMITS[model][0], (seed, got)


def test_j6_delay_steps() -> None:
    """Three seconds up, ten down."""
    got = simulate(networks.models()["J6"], 40)
    depth = got["depth"]
    assert np.nanmax(depth[50:480]) < 30 + 40
    assert np.nanmin(depth[13 * 50 : 19 * 50]) > 110
    assert np.nanmean(depth[30 * 50 : 38 * 50]) < 30 + 60


@pytest.mark.parametrize("ppm", [200, -200])
def test_j7_a_clock_that_drifts(ppm: float) -> None:
    """12 ms a minute at 200 ppm: nothing concealed, and no more corrected than that."""
    model = networks.models()["J7"]
    got = simulate(model, model["seconds"], ppm=ppm)
    assert got["concealed"] == 0
    assert got["stretched_ms"] + got["shrunk_ms"] <= 12 * got["minutes"] + 20
    assert got["late"] == 0


def test_hours_of_drift() -> None:
    """100 ppm over eight hours are 2.9 s: all of it is made up for, and the depth stays."""
    model = {"model": "gauss", "mean_ms": 30, "sd_ms": 3}
    got = simulate(model, 8 * HOUR, ppm=100)
    assert got["late"] < 0.02
    assert got["stretched_ms"] == pytest.approx(2880, abs=100)
    assert np.nanmax(got["depth"][-3000:]) - 2880 < 100


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.integers(0, 100_000),
            st.sampled_from(["audio", "noise", "other"]),
            st.booleans(),
            st.integers(0, 400),
        ),
        max_size=200,
    )
)
def test_anything_is_survived(packets: list[tuple[int, int, int, str, bool, int]]) -> None:
    buffer = probe.Buffer()
    now = 0
    for sequence, stamp, step, kind, restarted, size in packets:
        now += step
        buffer.put(sequence, stamp, now, payload=bytes(size), kind=kind, restarted=restarted)
        got = buffer.get(now)
        assert 0 <= got[2] <= 160
        assert 0 <= buffer.waiting <= 64


def test_put_and_get_in_a_loop_play_everything() -> None:
    assert probe.cycles(10000) >= 9990

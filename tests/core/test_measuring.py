"""Level and dead air of relayed pairs whose codec only the tick could decode: measured by samples."""

from __future__ import annotations

import pytest

from tests.support.codec_phone import AMPLITUDE, G722, L16, NAMES, OPUS, CodecPhone, talk, talk_until
from tests.support.rtp_phone import Bench

E = pytest.importorskip("core.engine.engine", reason="build the core first")

LEVEL_DBM0 = -11.6  # of the phone's tone: 20 log(6000 / 22827)


@pytest.mark.parametrize("codec", [G722, OPUS, L16], ids=NAMES.get)
def test_a_relayed_leg_has_a_level(bench: Bench, codec: int) -> None:
    assert AMPLITUDE == 6000.0
    a = CodecPhone(bench, "127.11.61.1", codec, 700)
    b = CodecPhone(bench, "127.11.61.2", codec, 0)
    bench.engine.bridge(a.stream, b.stream)

    def measured() -> None:
        stats = bench.engine.stream_stats(a.stream)
        assert stats.level_dbm0 is not None
        assert stats.level_dbm0 == pytest.approx(LEVEL_DBM0, abs=2)

    talk_until([a, b], 3.0, measured)
    assert bench.engine.worker_stats(0).room_members == 0  # relayed all the time
    assert bench.engine.stream_stats(a.stream).clipped_share == 0
    quiet = bench.engine.stream_stats(b.stream)
    assert quiet.level_dbm0 in (None, 0.0)  # silence has no level


@pytest.mark.parametrize("codec", [G722, OPUS], ids=NAMES.get)
def test_dead_air_of_a_relayed_leg_is_told(bench: Bench, codec: int) -> None:
    a = CodecPhone(bench, "127.11.61.3", codec, 700)
    b = CodecPhone(bench, "127.11.61.4", codec, 0)
    bench.engine.bridge(a.stream, b.stream)
    for _ in range(24):
        talk([a, b], 1.0)
        bench.events += bench.engine.drain(0)
        told = [e for e in bench.events if e[0] == E.EV_QUALITY]
        if told:
            break
    assert [(e[1], e[2] & 4) for e in told][:1] == [(b.stream, 4)]

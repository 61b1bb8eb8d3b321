"""A configuration goes into a child process in pieces, none of which holds the loop."""

from __future__ import annotations

import io
import time

from pbx.config import Config
from pbx.reporting.pieces import ENTRIES, joined, pieces


def test_a_large_configuration_arrives_whole_and_in_small_pieces() -> None:
    extensions = [{"number": f"{10_000 + n}", "secret": f"Xy7pL-{n}-{n}-{n}"} for n in range(10_000)]
    config = Config.model_validate({"extension": extensions, "queue": [{"name": "sales"}]})
    parts, longest_s, before = [], 0.0, time.thread_time()
    for piece in pieces(config):
        now = time.thread_time()
        longest_s, before = max(longest_s, now - before), now
        parts.append(piece)
    assert len(parts) == 1 + 10_000 // ENTRIES
    assert max(map(len, parts)) < 100_000
    assert longest_s < 0.01, f"a piece took {longest_s * 1000:.1f} ms of processor time"
    assert joined(io.BytesIO(b"".join(parts))) == config

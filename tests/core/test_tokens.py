"""Tokens and ids: their form, their order, and that none comes twice."""

from __future__ import annotations

import os
import re
import uuid

import pytest

from core.tokens import new_id, token


@pytest.mark.parametrize("length", [0, 1, 16, 33, 8191, 8192, 8193, 20_000])
def test_a_token_has_the_digits_asked_for(length: int) -> None:
    for _ in range(5):
        assert re.fullmatch(f"[0-9a-f]{{{length}}}", token(length))


def test_no_token_comes_twice_over_many_blocks() -> None:
    assert len({token(16) for _ in range(20_000)}) == 20_000


def test_a_forked_process_draws_digits_of_its_own() -> None:
    token(16)
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(write, token(16).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 64).decode() != token(16)
    os.close(read)
    os.close(write)


def test_a_negative_length_is_refused() -> None:
    with pytest.raises(ValueError, match="not -1"):
        token(-1)


def test_an_id_is_a_uuid_of_version_7_with_its_time_in_front() -> None:
    seen = set()
    for step in range(2000):
        unix = 1_790_000_000.0 + step / 1000
        text = new_id(unix)
        read = uuid.UUID(text)
        assert (len(text), read.version, read.variant) == (32, 7, uuid.RFC_4122)
        assert int(text[:12], 16) == int(unix * 1000)
        seen.add(text)
    assert len(seen) == 2000
    assert len({text[16] for text in seen}) == 4  # both free bits of the variant's digit are random

"""A child process answers one question, fails with its status, or is ended when nobody waits."""

from __future__ import annotations

import pytest

from pbx.app.child_process import ChildFailed, answer_of


async def test_it_answers_or_fails() -> None:
    assert await answer_of("json.tool", b'{"a": 1}', 60.0) == b'{\n    "a": 1\n}\n'
    with pytest.raises(ChildFailed) as failed:
        await answer_of("json.tool", b"no json", 60.0)
    assert failed.value.status == 1


async def test_nobody_waits_for_ever() -> None:
    with pytest.raises(TimeoutError):
        await answer_of("json.tool", b"{}", 0.0)

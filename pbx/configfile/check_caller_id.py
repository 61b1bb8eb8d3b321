"""What customers see when they are called."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.configfile.problem import Problem


def unknown_callers(config: Config) -> Iterator[Problem]:
    """Warns of trunks by which callbacks would show an extension that nobody outside can ring back."""
    settings = config.callback
    if not settings.enabled or settings.caller_id:
        return
    if config.queue and all(queue.callback.caller_id for queue in config.queue):
        return
    for index, trunk in enumerate(config.trunk):
        if trunk.host and not trunk.caller_id and not (trunk.caller_ids and config.caller_id):
            text = f"customers who are called back by trunk {trunk.name!r} see the agent's extension"
            remedy = 'set caller_id of the trunk, or of [callback]: "+48221234567"'
            yield Problem(("trunk", index, "caller_id"), text, remedy)

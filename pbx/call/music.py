"""Which music is heard by whom somebody holds: the holder's, else the queue's that gave the call, else that of the
trunk by which the held party came, else the default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg

DEFAULT = "default"


def hold_music(call: Call, holder: Leg, held: Leg) -> Any:
    """The clip of the music."""
    services = call.services
    number = call.extension if holder is call.a else holder.target
    extension = services.dialplan.extensions.get(number) if not holder.trunk else None
    name = extension.music if extension is not None else ""
    if not name and call.queue:
        name = next((queue.music for queue in services.config.queue if queue.name == call.queue), "")
    if not name and held.trunk:
        trunk = services.trunks.get(held.trunk)
        name = trunk.config.music if trunk is not None else ""
    return services.prompts.music(name or DEFAULT)

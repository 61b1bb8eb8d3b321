"""How phones ring: words that they know, or were told in their own settings, such as "internal" or "Bellcore-dr2"."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pbx.config_base import Section

# A word of Alert-Info; empty: the phone rings as ever.
Tone = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,64}$")]


class Ring(Section):
    """Distinctive ring by where a call comes from; a number, group or queue with a `ring` of its own goes before."""

    internal: Tone = ""
    external: Tone = ""  # by a trunk
    intercom: Tone = ""  # of a phone that does not answer by itself though it was asked to

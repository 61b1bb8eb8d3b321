"""Names of sources, media and campaigns: two ways of writing one are one."""

from __future__ import annotations

import re

MAX_LABEL = 200


def label(text: str) -> str:
    """`text` as it is compared and kept: small letters, single spaces."""
    return re.sub(r"\s+", " ", text.strip().casefold())[:MAX_LABEL]

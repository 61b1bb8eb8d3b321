"""Property tests try the same examples in every run, so that a red run is somebody's change.

CENTRALA_HYPOTHESIS=explore tries new ones: what it finds is pinned with `@example` and mended.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("explore" if os.environ.get("CENTRALA_HYPOTHESIS") == "explore" else "steady")

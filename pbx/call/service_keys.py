"""Names under which `pbx.call.limits` counts."""

TOTAL = "total"  # every call of the node

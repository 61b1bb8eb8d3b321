"""The HTTP API at /api/v1: one right a route, one shape of errors, one shape of lists."""

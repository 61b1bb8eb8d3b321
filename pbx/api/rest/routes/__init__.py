"""Routes of the HTTP API, a file a topic."""

"""Requests that we make over HTTP, to hosts that the configuration lists."""

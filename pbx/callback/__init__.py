"""Calling customers back: requests, windows, limits, pacing and the dialler."""

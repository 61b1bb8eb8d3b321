"""Flows with scripted callers: the real interpreter and the real blocks, no SIP, no sound, and virtual time."""

"""Voicemail: boxes in which callers leave messages, greetings and announcements that are recorded by phone."""

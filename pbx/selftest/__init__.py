"""Scheduled test calls, and what they found."""

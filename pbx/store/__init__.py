"""The record of what happened: an append-only journey of every call, and what is derived from it."""

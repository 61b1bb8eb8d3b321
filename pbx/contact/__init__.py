"""Contacts that somebody owes an answer: one item per customer number and queue, durable, with exactly one end."""

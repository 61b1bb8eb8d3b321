"""Sums by quarter of an hour (pbx.store.schema_intervals): what they are made of, kept up to date, and read."""

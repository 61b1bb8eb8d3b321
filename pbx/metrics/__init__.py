"""Metrics for Prometheus: counters fed by events, and live figures read when they are scraped."""

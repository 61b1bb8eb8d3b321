"""Benchmarks: microbenchmarks (test_*.py) and load against the running product (run.py)."""

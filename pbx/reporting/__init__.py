"""Figures from the records of a live or stopped system: plain data, and their forms as table and CSV."""

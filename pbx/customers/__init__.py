"""Customers who are known by number: names, languages, whom they want to speak with."""

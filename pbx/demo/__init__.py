"""The demonstration: a company of three agents, a hotline, and twenty real callers made by SIPp."""

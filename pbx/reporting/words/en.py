"""Titles of reports in English."""

from __future__ import annotations

TITLES = {
    "delays": "What the delay of a callback does",
    "lost": "Agents and the callers they lost",
    "tools": "Which tool they choose",
    "automatic": "Automatic messages and repeated calls",
    "campaigns": "Campaigns",
    "queues": "Queues",
    "agents": "Agents",
    "teams": "Teams",
    "trunks": "Trunks",
    "callbacks": "Callbacks",
    "missed": "Missed customers",
    "patience": "How long callers hold",
    "promises": "Promised waits",
    "customers": "Customers and their attempts",
    "redials": "Redials within ten minutes",
    "sms": "Messages",
    "surveys": "Surveys",
    "dealers": "Dealers",
    "partners": "Overflow partners",
}

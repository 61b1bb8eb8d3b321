"""Titles of reports in English."""

from __future__ import annotations

TITLES = {
    "queues": "Queues",
    "agents": "Agents",
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

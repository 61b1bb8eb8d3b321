"""Calendars of iCalendar files (RFC 5545): when the office is shut, who is on duty."""

"""The figures of a report for each interval of its period: the words for intervals, their bounds, and their sheets."""
